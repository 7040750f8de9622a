// SPDX-License-Identifier: MIT
import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const SCENARIO = 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n';

/** A repository with settings, and a directory below it. */
function makeProject(
  t: { testdir(tree: Record<string, string | Record<string, string>>): string },
  settings: string,
  own?: string,
): { readonly top: string; readonly below: string } {
  const top = t.testdir({ '.git': {}, below: {}, 'mine.yaml': SCENARIO, 'ktrial.yaml': settings });
  const below = join(top, 'below');
  if (own !== undefined) {
    mkdirSync(join(below, 'home/.config/ktrial'), { recursive: true });
    writeFileSync(join(below, 'home/.config/ktrial/config.yaml'), own);
  }
  return { top, below };
}

t.test('flags win over the environment, that over ktrial.yaml, and that over the own file', async (t) => {
  const project = 'kernel: smoke-5.10\nscenarios: [mine.yaml]\nrepeat: 2\n';
  const { below: cwd } = makeProject(
    t,
    project,
    'kernel: mdev-5.10\nrepeat: 3\njobs: 2\nlimits: {trials: 9}\n',
  );
  const plan = async (line: string, env = {}) =>
    (await runShell(`ktrial run --dry-run ${line}`, { cwd, env })).stdout;
  t.match(await plan(''), /^kernel +smoke-5\.10.*^trials +3$/ms);
  t.match(await plan('', { KTRIAL_REPEAT: '4' }), /^trials +5$/m);
  t.match(await plan('-n 1', { KTRIAL_REPEAT: '4' }), /^trials +2$/m);
  t.match(await plan('-k mdev-5.10'), /^kernel +mdev-5\.10/m);
  const many = await runShell('ktrial run --dry-run -n 20', { cwd });
  t.match(many, { exitCode: 2, stderr: /LIMIT_EXCEEDED/ }, 'bounds of the own file count');
  t.match(await runShell('ktrial run --dry-run -n 20 --limit trials=99', { cwd }), { exitCode: 0 });
  t.match(
    await plan(''),
    /^repeat +ktrial run .*--kernel smoke-5\.10 .*--repeat 2/m,
    'the line that repeats it has them',
  );

  const { stdout } = await runShell('ktrial config origin', {
    cwd,
    env: { KTRIAL_KERNEL: 'x', KTRIAL_JBOS: '1' },
  });
  t.match(stdout, /^kernel +x +KTRIAL_KERNEL$/m);
  t.match(stdout, /^ +smoke-5\.10 +\S+ktrial\.yaml:1 \(does not count\)$/m);
  t.match(stdout, /^jobs +2 +\S+config\.yaml:3$/m);
  t.match(stdout, /^color +auto +not set$/m);
  const { stderr } = await runShell('ktrial config origin', { cwd, env: { KTRIAL_JBOS: '1' } });
  t.match(stderr, /KTRIAL_JBOS is set and is no setting/);
});

/** What a file may not say, with the place of the caret. */
const WRONG: readonly (readonly [settings: string, answer: RegExp])[] = [
  ['kernle: x\n', /ktrial\.yaml:1:1: error: unknown key "kernle" \(did you mean "kernel"\?\)/],
  ['repeat: many\n', /ktrial\.yaml:1:9: error/],
  ['kernel: a\nkernel: b\n', /YAML_DUPLICATE_KEY/],
  ['mirror: http://evil.example/debian\n', /mirror is for your own settings file/],
  ['jobs: 1000\n', /jobs is for your own settings file/],
  ['limits: {build-processes: 999999}\n', /limits is for your own settings file/],
  ['color: always\n', /color is for your own settings file/],
  ['output: ["tap:/etc/profile"]\n', /names no file to write/],
  ['kernel: /etc/passwd\n', /expected a path inside of/],
  ['scenarios: [below/../../x.yaml]\n', /expected a path inside of/],
  ['scenarios: [out]\n', /expected a path inside of/],
  ['config: [../x.config]\n', /expected a path inside of/],
  ['run-directory: /tmp/x\n', /unknown key "run-directory"/],
  ['allow-unsandboxed: true\n', /unknown key "allow-unsandboxed"/],
];

t.test(
  'a ktrial.yaml that came with a repository cannot do harm, and says with a caret what is wrong',
  async (t) => {
    for (const [settings, answer] of WRONG) {
      const { top, below } = makeProject(t, settings);
      symlinkSync('/etc', join(top, 'out'));
      const { exitCode, stdout, stderr } = await runShell('ktrial run --dry-run', { cwd: below });
      t.equal(exitCode, 2, `${settings}${stderr}`);
      t.match(stderr, answer);
      t.match(stderr, /\^/);
      t.equal(stdout, '');
    }
  },
);

t.test('a ktrial.yaml above the git tree, or of another user, is not read', async (t) => {
  const top = t.testdir({ 'ktrial.yaml': 'nonsense: 1\n' });
  mkdirSync(join(top, 'repo/.git'), { recursive: true });
  t.match(await runShell('ktrial config origin', { cwd: join(top, 'repo') }), { exitCode: 0 });
  t.match(await runShell('ktrial config origin', { cwd: top }), { exitCode: 2, stderr: /nonsense/ });
  if (process.getuid?.() !== 0) return;
  chownSync(join(top, 'ktrial.yaml'), 12_345, 12_345);
  const read = await runShell('ktrial config origin', { cwd: top });
  t.match(read, { exitCode: 0, stderr: /belongs to another user and is not read/ });
});

t.test('a bad value says which variable or line has it', async (t) => {
  const { below: cwd } = makeProject(t, 'kernel: smoke-5.10\nscenarios: [mine.yaml]\n', 'mirror: nowhere\n');
  const run = (env: Record<string, string>) => runShell('ktrial run --dry-run', { cwd, env });
  t.match(await run({ KTRIAL_MIRROR: 'http://a.example/debian', KTRIAL_JOBS: '0' }), {
    exitCode: 2,
    stderr: /KTRIAL_JOBS: got 0 for jobs: .*CLI_BAD_SETTING/,
  });
  t.match(await run({}), { exitCode: 2, stderr: /config\.yaml:1: got nowhere for mirror/ });
  t.match(await run({ KTRIAL_VERBOSE: 'maybe' }), { exitCode: 2, stderr: /KTRIAL_VERBOSE: got maybe/ });
});
