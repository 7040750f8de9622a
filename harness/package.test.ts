// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from './host/index.ts';
import { PROJECT_ROOT } from './testing/index.ts';

/** Packs the project and installs it into a directory, with the modules that it depends on. */
async function installPackage(directory: string): Promise<void> {
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, 'ktrial'), { recursive: true });
  await runCommand('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], {
    cwd: PROJECT_ROOT,
  });
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error('npm packed nothing');
  await runCommand('tar', [
    '-xzf',
    join(directory, archive),
    '--strip-components=1',
    '-C',
    join(modules, 'ktrial'),
  ]);
  for (const name of readdirSync(join(PROJECT_ROOT, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(modules, name));
}

const LOG = '[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n';

t.test('the packed package can be imported and run, with what it promises', async (t) => {
  const directory = t.testdir();
  await installPackage(directory);
  const program = join(directory, 'program.mjs');
  writeFileSync(
    program,
    `import { scanLog, Fault, REPORTERS, readSeries } from 'ktrial';
     const log = ${JSON.stringify(LOG)};
     console.log(scanLog(log).length, typeof Fault, Object.keys(REPORTERS).join(), typeof readSeries);\n`,
  );
  const { stdout } = await runCommand(process.execPath, [program]);
  t.equal(stdout.trim(), '1 function tap,junit,table,json function');

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
