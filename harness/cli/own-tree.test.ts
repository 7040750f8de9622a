// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeOwnTree } from '../testing/own-tree.ts';
import { runShell } from '../testing/program.ts';

t.setTimeout(300_000);

function aTree(t: Test) {
  const root = t.testdir({ linux: {}, elsewhere: {} });
  const tree = makeOwnTree(join(root, 'linux'));
  tree.commit('core: two', { 'core.c': 'int core(void) { return 2; }\n' });
  tree.commit('lost: five', { 'lost.c': 'int lost(void) { return 5; }\n' });
  const ktrial = (line: string, cwd = tree.directory) =>
    runShell(line, { cwd, env: { HOME: join(root, 'home') }, timeoutMs: 200_000 });
  return { root, ...tree, ktrial };
}

t.test('in a kernel tree the plan needs no definition, and says of each file what compiles it', async (t) => {
  const { directory, ktrial } = aTree(t);
  writeFileSync(join(directory, 'Documentation/toy.rst'), 'Changed.\n');
  const { exitCode, stdout, stderr } = await ktrial(
    'ktrial run --dry-run --arms per-patch',
    join(directory, 'drivers'),
  );
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /^code +core\.c: compiled, in every kernel$/m);
  t.match(stdout, /^ +lost\.c: compiled with CONFIG_LOST=m$/m);
  t.match(stdout, /^ +Documentation\/toy\.rst: documentation, which needs no build$/m);
  t.match(stdout, /^arm +1\.\.3: 3 patches of the series$/m);
  t.match(stdout, /^ +30 of load-and-unload\.base /m);
  t.match(stderr, /changes that are not committed are one further patch: Documentation\/toy\.rst/);
  t.match(stderr, /no scenario is named: load-and-unload is run: lost can be loaded/);
  const switchedOff = await ktrial('ktrial run --dry-run --config CONFIG_LOST=n');
  t.match(
    switchedOff.stdout,
    /lost\.c: NOT COMPILED unless something else selects it: not set is CONFIG_LOST$/m,
  );
});

t.test('build compiles the branch, and names what it did not compile', async (t) => {
  const { ktrial } = aTree(t);
  const { exitCode, stdout, stderr } = await ktrial('ktrial build');
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /^base: Linux 5\.10\.0$/m);
  t.match(stdout, /^patched: Linux 5\.10\.0\n[\s\S]*^ {2}not compiled: lost\.c$/m);
  t.match(stdout, /^note: the base is [0-9a-f]{12}, the merge base with main$/m);
});

t.test('with a definition the plan says the same of a series', async (t) => {
  const { root, directory, ktrial } = aTree(t);
  const kernel = (repository: string) => `name: own
description: a test
source: {git: {repository: ${repository}, ref: main}}
config: {fragments: [ktrial/machine]}
`;
  writeFileSync(join(root, 'own.yaml'), kernel(directory));
  writeFileSync(join(root, 'far.yaml'), kernel('https://nowhere.invalid/linux.git'));
  const { stdout } = await ktrial('ktrial run main..fix --kernel ../own.yaml --dry-run');
  t.match(stdout, /^code +core\.c: compiled, in every kernel$/m);
  t.match(stdout, /^ +lost\.c: NOT COMPILED unless something else selects it: not set is CONFIG_LOST$/m);
  const far = await ktrial('ktrial run main..fix --kernel ../far.yaml --dry-run');
  t.match(far.stdout, /^code +not known before the source is fetched$/m);
});

t.test('init writes a definition and a scenario that can be used, once', async (t) => {
  const { root, directory, ktrial } = aTree(t);
  const trials = join(root, 'trials');
  const { exitCode, stdout, stderr } = await ktrial('ktrial init ../trials');
  t.equal(exitCode, 0, stderr);
  t.match(readFileSync(join(trials, 'my-kernel.yaml'), 'utf8'), /^ {4}CONFIG_LOST: m$/m);
  t.match(readFileSync(join(trials, 'my-scenario.yaml'), 'utf8'), /^modules: \[lost\]$/m);
  const next = /^next {2}(.+)$/m.exec(stdout)?.[1] ?? 'false';
  const plan = await ktrial(`${next} --dry-run`);
  t.equal(plan.exitCode, 0, plan.stderr);
  t.match(plan.stdout, /^ +lost\.c: compiled with CONFIG_LOST=m$/m);
  t.equal((await ktrial('ktrial lint ../trials')).exitCode, 0);
  writeFileSync(join(trials, 'my-kernel.yaml'), 'mine\n');
  const again = await ktrial('ktrial init ../trials');
  t.equal(again.exitCode, 2);
  t.match(again.stderr, /my-kernel\.yaml is there already, and nothing is overwritten/);
  t.equal(readFileSync(join(trials, 'my-kernel.yaml'), 'utf8'), 'mine\n');
  t.notOk(existsSync(join(directory, 'my-kernel.yaml')));
});

t.test('outside of a kernel tree each command says what to do', async (t) => {
  const { root, ktrial } = aTree(t);
  for (const line of ['run --dry-run', 'build', 'boot -- true', 'shell', 'init']) {
    const { exitCode, stderr } = await ktrial(`ktrial ${line}`, join(root, 'elsewhere'));
    t.equal(exitCode, 2, line);
    t.match(stderr, /no kernel is named, and .*CAMPAIGN_NO_KERNEL/, line);
    t.match(stderr, /next: add --kernel NAME .* kernel tree in git/, line);
  }
});
