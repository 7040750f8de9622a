// SPDX-License-Identifier: MIT
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { listFiles, runCommand } from './host/index.ts';
import { quoteArgs } from './model/index.ts';
import { PROJECT_ROOT } from './testing/index.ts';
import { forEachRow, runShell } from './testing/program.ts';

t.setTimeout(240_000);

/** Packs a directory's project into another directory, and returns the tarball. */
async function pack(project: string, directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory];
  await runCommand('npm', words, { cwd: project });
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error('npm packed nothing');
  return join(directory, archive);
}

async function unpack(archive: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await runCommand('tar', ['-xzf', archive, '--strip-components=1', '-C', directory]);
}

/** Packs the project and installs it into a directory, with the modules that it depends on. */
async function installModule(directory: string): Promise<void> {
  const modules = join(directory, 'node_modules');
  await unpack(await pack(PROJECT_ROOT, directory), join(modules, 'ktrial'));
  for (const name of readdirSync(join(PROJECT_ROOT, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(modules, name));
}

/** Directories of the packages that an installation has, relative to the project. */
function listProductionPackages(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && !one.dev && existsSync(join(PROJECT_ROOT, path)))
    .map(([path]) => path);
}

/**
 * The packed project once more, with its dependencies inside: npm installs such a tarball without a network, and treats its
 * files, programs and pages as it does those of the plain one.
 */
async function packWithDependencies(directory: string): Promise<string> {
  const whole = join(directory, 'whole');
  await unpack(await pack(PROJECT_ROOT, join(directory, 'plain')), whole);
  for (const path of listProductionPackages())
    cpSync(join(PROJECT_ROOT, path), join(whole, path), { recursive: true, dereference: true });
  const manifest = JSON.parse(readFileSync(join(whole, 'package.json'), 'utf8'));
  const bundleDependencies = Object.keys(manifest.dependencies);
  writeFileSync(join(whole, 'package.json'), JSON.stringify({ ...manifest, bundleDependencies }));
  return pack(whole, join(directory, 'bundled'));
}

/** Everything of a directory with its size and time. */
async function fingerprint(directory: string): Promise<readonly string[]> {
  const paths = await listFiles(directory);
  return paths.map((path) => {
    const { size, mtimeMs } = statSync(join(directory, path));
    return `${path} ${size} ${mtimeMs}`;
  });
}

const LOG = '[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n';

t.test('the packed package can be imported and run, with what it promises', async (t) => {
  const directory = t.testdir();
  await installModule(directory);
  const program = join(directory, 'program.mjs');
  writeFileSync(
    program,
    `import { scanLog, Fault, REPORTERS, readSeries } from 'ktrial';
     const log = ${JSON.stringify(LOG)};
     console.log(scanLog(log).length, typeof Fault, Object.keys(REPORTERS).join(), typeof readSeries);\n`,
  );
  const { stdout } = await runCommand(process.execPath, [program]);
  t.equal(stdout.trim(), '1 function tap,junit,table,json,markdown function');

  writeFileSync(join(directory, 'console.log'), `${LOG}${LOG.replace('f+', 'g+').replace('1.0', '99.0')}`);
  const page = readFileSync(join(PROJECT_ROOT, 'docs/scan.md'), 'utf8');
  const [, example = '', printed = ''] =
    /^```js\n([\s\S]*?)^```\n[\s\S]*?^```\n([\s\S]*?)^```$/m.exec(page) ?? [];
  t.match(example, /import .* from 'ktrial';/);
  writeFileSync(join(directory, 'example.mjs'), example);
  const ran = await runCommand(process.execPath, ['example.mjs'], { cwd: directory });
  t.equal(ran.stdout, printed, 'the example of the documentation prints what it says');

  const scan = readBins(directory)['ktrial-scan'];
  const words = [join(directory, 'node_modules/ktrial', scan ?? ''), '--json', 'console.log'];
  const scanned = await runCommand(process.execPath, words, { cwd: directory });
  t.equal(JSON.parse(scanned.stdout).splats.length, 2);
});

function readBins(directory: string): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(join(directory, 'node_modules/ktrial/package.json'), 'utf8')).bin;
}

t.test('the tarball holds the product and its documents, and no tests', async (t) => {
  const { stdout } = await runCommand('npm', ['pack', '--ignore-scripts', '--dry-run', '--json'], {
    cwd: PROJECT_ROOT,
  });
  const [{ files, unpackedSize }] = JSON.parse(stdout) as readonly [
    { readonly files: readonly { readonly path: string }[]; readonly unpackedSize: number },
  ];
  const paths = files.map((one) => one.path);
  for (const path of [
    'dist/harness/cli/main.js',
    'dist/harness/index.d.ts',
    'docs/scenarios.md',
    'images/guest.yaml',
    'kernels/mdev-5.10.yaml',
    'scenarios/scenario.schema.json',
  ])
    t.ok(paths.includes(path), path);
  t.strictSame(
    paths.filter((path) =>
      /\.test\.|\.bench\.|\.fuzz\.|testdata|harness\/(?:testing|make)\/|\.map$/.test(path),
    ),
    [],
  );
  t.ok(unpackedSize < 8_000_000, `${unpackedSize} bytes`);
});

/** Command lines of an installed ktrial far from any checkout, with the exit code and words of the answer. */
const LINES: readonly (readonly [line: string, exitCode: number, answer: RegExp])[] = [
  ['--help', 0, /Usage: ktrial /],
  ['lint', 0, /^ok .*vm-remove-in-use/m],
  ['lint mine.yaml', 0, /^ok /m],
  ['scan console.log', 1, /WARNING in f/],
  ['config origin', 0, /^kernel +smoke-5\.10 +\S+\/ktrial\.yaml:1$/m],
  ['complete bash', 0, /complete -F/],
  ['complete -- run --kernel m', 0, /^mdev-5\.10\t/m],
  ['run --scenarios mine.yaml --dry-run', 0, /^trials /m],
  ['run $PACKAGE/kernels/mdev/series/v2.mbox -k mdev-5.10 -s scenarios/mdev --dry-run', 0, /^series /m],
  ['run --scenarios nothing.yaml --dry-run', 2, /CAMPAIGN_NO_SCENARIOS/],
];

t.test('installed by npm, it works anywhere, and writes nothing to its own directory', async (t) => {
  const directory = realpathSync(t.testdir());
  const prefix = join(directory, 'prefix');
  const cache = join(directory, 'npm-cache');
  const tarball = await packWithDependencies(directory);
  const offline = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', cache];
  await runCommand('npm', ['install', '--global', '--prefix', prefix, ...offline, tarball]);
  const own = join(prefix, 'lib/node_modules/ktrial');
  const before = await fingerprint(own);
  for (const path of await listFiles(own)) chmodSync(join(own, path), statSync(join(own, path)).mode & 0o555);

  const cwd = join(directory, 'elsewhere');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'console.log'), LOG);
  writeFileSync(join(cwd, 'mine.yaml'), 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n');
  writeFileSync(join(cwd, 'ktrial.yaml'), 'kernel: smoke-5.10\n');
  const installed = quoteArgs([join(prefix, 'bin/ktrial')]);
  await forEachRow(LINES, async ([line, code, answer]) => {
    const { exitCode, stdout, stderr } = await runShell(`PACKAGE=${own}; ${installed} ${line}`, { cwd });
    t.equal(exitCode, code, `${line}: ${stdout}${stderr}`);
    t.match(`${stdout}${stderr}`, answer, line);
  });
  const executed = await runShell(
    quoteArgs([
      'npm',
      'exec',
      '--yes',
      ...offline,
      `--package=${tarball}`,
      '--',
      'ktrial',
      'scan',
      'console.log',
    ]),
    { cwd, env: { npm_config_update_notifier: 'false' } },
  );
  t.match(executed, { exitCode: 1, stdout: /WARNING in f/ }, executed.stderr);
  t.match(readFileSync(join(prefix, 'bin/ktrial-scan'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  t.strictSame(await fingerprint(own), before);
  t.strictSame(
    readdirSync(cwd)
      .map((name) => relative(cwd, join(cwd, name)))
      .filter((name) => name !== 'home')
      .sort(),
    ['console.log', 'ktrial.yaml', 'mine.yaml'],
  );
});
