// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import { forEachRow, runShell } from '../testing/program.ts';

/** The kernel definition that the README shows. */
function readmeDefinition(): string {
  const readme = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8');
  const found = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].find(([, text]) =>
    text?.includes('source:'),
  );
  if (!found?.[1]) throw new Error('the README has no kernel definition');
  return found[1];
}

t.test("the README's own kernel definition works as it stands, outside the checkout", async (t) => {
  const cwd = t.testdir({ 'my-kernel.yaml': readmeDefinition(), 'my-driver.config': 'CONFIG_MINE=m\n' });
  const lint = await runShell('ktrial lint my-kernel.yaml', { cwd });
  t.equal(lint.exitCode, 0, lint.stdout + lint.stderr);
  const show = await runShell('ktrial config show my-kernel.yaml', { cwd });
  t.equal(show.exitCode, 0, show.stderr);
  t.match(show.stdout, /^CONFIG_VIRTIO_BLK=y +ktrial\/machine \(machine\.config:\d+\)$/m);
  t.match(show.stdout, /^CONFIG_MINE=m +\S*my-driver\.config:1$/m);
});

t.test('fragments are listed with what they are for, and shown', async (t) => {
  const cwd = t.testdir();
  const list = await runShell('ktrial config list', { cwd });
  t.equal(list.exitCode, 0, list.stderr);
  for (const name of [
    'machine',
    'debug',
    'kasan',
    'lockdep',
    'kcsan',
    'kmemleak',
    'kfence',
    'ubsan',
    'hung-task',
    'kunit',
    'reduced',
  ])
    t.match(list.stdout, new RegExp(`^ktrial/${name} +[A-Z].{10,}\\.$`, 'm'), name);
  t.notMatch(list.stdout, /x86_64/);
  const show = await runShell('ktrial config show ktrial/machine', { cwd });
  t.match(show.stdout, /machine\.config\n.*CONFIG_PRINTK=y.*machine-x86_64\.config\n.*CONFIG_ACPI=y/s);
});

t.test('a definition is shown whole: which file says which, and over what', async (t) => {
  const cwd = t.testdir({
    'mine.yaml':
      'name: mine\nextends: smoke-5.10\nconfig:\n  fragments: [a.config, tree/xen.config]\n  options: {CONFIG_A: n}\n',
    'a.config': 'CONFIG_A=y\nCONFIG_PANIC_TIMEOUT=5\n',
  });
  const { stdout, exitCode, stderr } = await runShell('ktrial config show mine.yaml', { cwd });
  t.equal(exitCode, 0, stderr);
  for (const line of [
    /^source +\{"debian":\{"package":"linux-source-5\.10"/m,
    /^base +make allnoconfig$/m,
    /^fragment +ktrial\/lkdtm: \S+lkdtm\.config$/m,
    /^CONFIG_A=n +\S*mine\.yaml:5, over y of \S*a\.config:1$/m,
    /^CONFIG_PANIC_TIMEOUT=5 +\S*a\.config:2, over 0 of ktrial\/machine \(machine\.config:\d+\)$/m,
    /^and those of tree\/xen\.config, which is in the source$/m,
  ])
    t.match(stdout, line);
});

t.test('what config cannot do is refused, and lint reads definitions that extend others', async (t) => {
  const cwd = t.testdir({
    'ring.yaml': 'name: ring\nextends: ./ring.yaml\n',
    'bad.yaml':
      'name: bad\nextends: smoke-5.10\nconfig: {options: {CONFIG_A: maybe}, fragments: [ktrial/kasn]}\n',
    'good.yaml': 'name: good\nextends: smoke-5.10\n',
  });
  mkdirSync(join(cwd, 'd.config'));
  writeFileSync(join(cwd, 'note.txt'), 'x\n');
  const rows: [string, number, RegExp][] = [
    ['ktrial config', 2, /action/],
    ['ktrial config make', 2, /list, show/],
    ['ktrial config show', 2, /CLI_CONFIG_OPERANDS/],
    ['ktrial config list ktrial/kasan', 2, /got ktrial\/kasan, which says nothing here/],
    ['ktrial config show smoke-5.10 --arch arm64', 2, /got --arch/],
    ['ktrial config show ktrial/kasn', 2, /write ktrial\/kasan; /],
    ['ktrial config show nope', 2, /KERNEL_UNKNOWN/],
    ['ktrial config show d.config', 2, /INPUT_NOT_A_FILE|KERNEL_UNKNOWN/],
    ['ktrial lint ring.yaml', 2, /ring\.yaml:2: .*extends itself: \S+ring\.yaml → \S+ring\.yaml/],
    ['ktrial lint bad.yaml', 2, /bad\.yaml:3: .*(?:kasn|maybe).*\(and 1 more\)/],
    ['ktrial lint good.yaml', 0, /^ok /],
    ['ktrial build -k good.yaml --config none.config', 2, /tree\/NAME\.config/],
    ['ktrial build -k good.yaml --config CONFIG_A', 2, /CONFIG_NAME=VALUE/],
    ['ktrial build -k good.yaml --config d.config', 2, /INPUT_NOT_A_FILE/],
  ];
  await forEachRow(rows, async ([line, code, words]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd });
    t.equal(exitCode, code, `${line}: ${stdout}${stderr}`);
    t.match(stdout + stderr, words, line);
  });
});
