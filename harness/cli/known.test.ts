// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { forEachRow, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const scenario = (rest: string, steps = '  - run: "true"\n') =>
  `name: ok\ndescription: a test\n${rest}steps:\n${steps}`;
const START_L2 = '  - startL2: {l2: tiny, memoryMib: 96}\n';

const FILES = {
  'ok.yaml': scenario(''),
  'warned.yaml': scenario('parameters: {unused: 1}\n'),
  'large.yaml': scenario('machine: {memoryMib: 65536}\n'),
  'no-kernel.yaml': scenario('l2:\n  tiny: {kernel: nope, image: l2}\n', START_L2),
  'no-image.yaml': scenario('l2:\n  tiny: {kernel: l2-tiny, image: nope}\n', START_L2),
  'far-image.yaml': scenario('l2:\n  tiny: {kernel: l2-tiny, image: ../../../etc}\n', START_L2),
  'good-l2.yaml': scenario('l2:\n  tiny: {kernel: l2-tiny, image: l2}\n', START_L2),
  'arm-l2.yaml': scenario('l2:\n  tiny: {kernel: smoke-arm64-5.10, image: l2}\n', START_L2),
  'static.yaml':
    'name: static\nkind: static\ndescription: a test\nchecks:\n  - compile: {paths: [init/], sparse: true}\n',
  'broken.yaml': 'name: ok\nsteps: [\n',
  'empty.config': '',
  'bad.config': 'CONFIG_A=y\nCONFIG_B\n',
  'word.config': 'please\n',
  'long.config': 'CONFIG_A=y\n'.repeat(2000),
  'kernel.yaml':
    'name: tiny\ndescription: a test\nsource: {directory: /nowhere}\nconfig: {fragments: [bad.config]}\n',
};
const RUN = 'ktrial run --kernel smoke-5.10';

/** What a plan or lint says before anything starts: the line, the exit code, and words of the answer. */
const ROWS: readonly (readonly [line: string, exitCode: number, answer: RegExp])[] = [
  [`${RUN} -s ok.yaml --config none.config --dry-run`, 2, /none\.config.*INPUT_NOT_FOUND/],
  [`${RUN} -s ok.yaml --config bad.config --dry-run`, 2, /bad\.config:2: .*CONFIG_BAD_LINE/],
  [`${RUN} -s ok.yaml --config word.config`, 2, /CONFIG_BAD_LINE/],
  [`${RUN} -s ok.yaml --config long.config --limit fragment-lines=1000 --dry-run`, 2, /got 2000 lines/],
  [`${RUN} -s no-kernel.yaml --dry-run`, 2, /kernel nope.*CAMPAIGN_NO_L2_KERNEL/],
  [`${RUN} -s no-kernel.yaml`, 2, /CAMPAIGN_NO_L2_KERNEL/],
  [`${RUN} -s no-image.yaml --dry-run`, 2, /there is no image "nope".*IMAGE_NO_L2/],
  [`${RUN} -s far-image.yaml --dry-run`, 2, /there is no image "\.\..*IMAGE_NO_L2|small letters/],
  [`${RUN} -s good-l2.yaml --dry-run`, 0, /^l2 kernel +l2-tiny$/m],
  [
    'ktrial run --kernel smoke-arm64-5.10 -s good-l2.yaml --dry-run',
    2,
    /starts a VM inside the guest: got a kernel of arm64 \(smoke-arm64-5\.10\), expected one of x86_64.*CAMPAIGN_NO_L2/,
  ],
  [`${RUN} -s arm-l2.yaml --dry-run`, 2, /got a kernel of arm64.*CAMPAIGN_NO_L2_KERNEL/],
  ['ktrial run --kernel smoke-arm64-5.10 -s ok.yaml --dry-run', 0, /^kernel +smoke-arm64-5\.10/m],
  [`${RUN} -s ok.yaml --llvm nope`, 2, /--llvm=16/],
  [`${RUN} -s ok.yaml --llvm=97 --dry-run`, 2, /clang-97 lld-97 llvm-97/],
  [`${RUN} -s warned.yaml --dry-run`, 0, /warning: .*unused.*UNUSED_NAME/],
  [`${RUN} -s broken.yaml --dry-run`, 2, /broken\.yaml:/],
  [`${RUN} -s ok.yaml -s ok.yaml --dry-run`, 2, /SCENARIO_TWICE/],
  [`${RUN} -s ok.yaml --param nope=1 --dry-run`, 2, /SCENARIO_UNKNOWN_PARAMETER/],
  [`${RUN} -s ok.yaml -o tap:ok.yaml/x --dry-run`, 2, /HOST_NOT_A_DIRECTORY/],
  [`${RUN} -s ok.yaml -o nope --dry-run`, 2, /CLI_BAD_FORMAT/],
  ['ktrial run --kernel kernel.yaml -s ok.yaml --dry-run', 2, /bad\.config:2: .*CONFIG_BAD_LINE/],
  ['ktrial build --kernel kernel.yaml', 2, /CONFIG_BAD_LINE/],
  ['ktrial build --kernel smoke-5.10 --config none.config', 2, /INPUT_NOT_FOUND/],
  ['ktrial boot --kernel smoke-5.10 --config bad.config -- true', 2, /CONFIG_BAD_LINE/],
  ['ktrial lint no-kernel.yaml', 2, /CAMPAIGN_NO_L2_KERNEL/],
  ['ktrial lint no-image.yaml', 2, /IMAGE_NO_L2/],
  ['ktrial lint far-image.yaml ok.yaml', 2, /small letters/],
  ['ktrial lint kernel.yaml', 2, /CONFIG_BAD_LINE/],
  ['ktrial lint good-l2.yaml', 0, /^ok /m],
  ...(totalmem() < 65_536 * 1024 * 1024
    ? ([
        [`${RUN} -s large.yaml --dry-run`, 69, /expected 65536 MiB.*CAMPAIGN_TOO_LITTLE_MEMORY/],
        [`${RUN} -s large.yaml`, 69, /CAMPAIGN_TOO_LITTLE_MEMORY/],
        ['ktrial lint large.yaml', 0, /warning: .*expected 65536 MiB/],
      ] as const)
    : []),
];

t.test('what can be known before the start is told before it', async (t) => {
  const cwd = t.testdir(FILES);
  await forEachRow(ROWS, async ([line, code, answer]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd });
    t.equal(exitCode, code, `${line}: ${stdout}${stderr}`);
    t.match(`${stdout}${stderr}`, answer, line);
  });
  t.strictSame(readdirSync(cwd).sort(), Object.keys(FILES).sort(), 'nothing was made');
});

/** A directory with links to all programs of this computer but one. */
function makePathWithout(program: string, directory: string): string {
  mkdirSync(directory);
  const there = new Set([program]);
  for (const from of (process.env.PATH ?? '').split(':'))
    for (const name of listNames(from)) {
      if (there.has(name)) continue;
      there.add(name);
      symlinkSync(join(from, name), join(directory, name));
    }
  return directory;
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

t.test('a run that needs a checker which is not installed is refused before it starts', async (t) => {
  const cwd = t.testdir(FILES);
  const without = makePathWithout('sparse', join(t.testdirName, 'bin'));
  for (const line of [`${RUN} -s ok.yaml -s static.yaml`, `${RUN} -s static.yaml --dry-run`]) {
    const { exitCode, stderr } = await runShell(line, { cwd, env: { PATH: without } });
    t.equal(exitCode, 2, stderr);
    t.match(stderr, /static: the checker sparse is not installed.*KERNEL_NO_COMPILER/);
    t.match(stderr, /apt-get install .* sparse, or leave static out/);
  }
  t.notOk(readdirSync(cwd).includes('home'), 'nothing was made');
  const { exitCode, stderr } = await runShell(`${RUN} -s ok.yaml --dry-run`, { cwd, env: { PATH: without } });
  t.equal(exitCode, 0, `nobody else needs it: ${stderr}`);
});
