// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { TrialResult } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(60 * 60_000);

/** Delays in a booted kernel that has kprobes, and one that has none. */

const MAIN = join(import.meta.dirname, 'main.js');

function ktrial(args: readonly string[]) {
  return runCommand(process.execPath, [MAIN, ...args], {
    accept: 'any',
    cwd: PROJECT_ROOT,
    env: { XDG_CACHE_HOME: CACHE_HOME },
  });
}

const SCENARIOS: Readonly<Record<string, string>> = {
  // A directory is removed without a spin lock: the task sleeps.
  sleeps: `
  - widen:
      function: vfs_rmdir
      comm: rmdir
      delay: 500ms
      jitter: 100ms
      times: 2
      skip: 1
      steps:
        - loop: {count: 4, steps: [{run: mkdir /tmp/wide && exec rmdir /tmp/wide}]}
        - run: {command: mkdir /tmp/other && exec busybox rmdir /tmp/other}
`,
  // Whether an inode is dropped is asked under its spin lock: the task spins.
  spins: `
  - widen:
      function: generic_delete_inode
      comm: rm
      delay: 500ms
      steps: [{run: touch /tmp/gone && exec rm /tmp/gone}]
`,
  // What waits for every CPU, and for every reader of RCU, does not wait for who is delayed.
  'holds-no-cpu': `
  - widen:
      function: vfs_rmdir
      comm: rmdir
      delay: 8s
      steps:
        - background: {name: remover, command: mkdir /tmp/slow && exec rmdir /tmp/slow}
        - sleep: 1s
        - run: {command: 'rmmod mtty', timeout: 5s}
        - label: the removal is still held
          run: test -d /tmp/slow
        - wait: remover
`,
  never: `
  - widen: {function: vfs_rmdir, comm: nobody, delay: 500ms, steps: [{run: mkdir /tmp/a && rmdir /tmp/a}]}
`,
  unknown: `
  - widen: {function: vfs_rmdir_nowhere, delay: 500ms, steps: [{run: "true"}]}
`,
  forbidden: `
  - widen: {function: do_int3, delay: 500ms, steps: [{run: "true"}]}
`,
};

function writeScenarios(directory: string, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const file = join(directory, `${name}.yaml`);
    const modules = name === 'holds-no-cpu' ? 'modules: [vfio, mdev, mtty]\n' : '';
    writeFileSync(file, `name: ${name}\ndescription: d\n${modules}steps:${SCENARIOS[name]}`);
    return ['--scenarios', file];
  });
}

interface Run {
  readonly words: string;
  readonly exitCode: number | null;
  result(name: string, widened?: boolean): TrialResult;
}

async function run(directory: string, kernel: string, names: readonly string[]): Promise<Run> {
  const place = join(directory, 'run');
  const paths = writeScenarios(directory, names);
  const options = [
    '--kernel',
    kernel,
    '--repeat',
    '1',
    '--controls',
    '0',
    '--jobs',
    '1',
    '--run-directory',
    place,
  ];
  const { stdout, stderr, exitCode } = await ktrial(['run', ...options, ...paths]);
  return {
    words: `${stdout}\n${stderr}`,
    exitCode,
    result(name, widened = true) {
      const record = JSON.parse(readFileSync(join(place, 'record.json'), 'utf8')) as {
        readonly trials: readonly { readonly id: string; readonly result: TrialResult }[];
      };
      const found = record.trials.find(
        (one) => one.result.scenario === name && one.result.widened === widened,
      );
      if (!found) throw new Error(`no such trial of ${name}`);
      return found.result;
    },
  };
}

t.test('tasks are delayed as often and as long as asked, and the rest is told plainly', async (t) => {
  const done = await run(t.testdir(), 'mdev-5.10', Object.keys(SCENARIOS));
  const numbersOf = (name: string) =>
    done.result(name).steps.find((one) => one.kind === 'widen')?.numbers ?? {};

  t.equal(done.result('sleeps').outcome, 'passed', done.words);
  const slept = numbersOf('sleeps');
  t.match(slept, { entries: 4, hits: 2, passed: 2, refused: 0, missed: 0, spun: 0 });
  const between = (got: number | undefined, least: number, most: number) =>
    t.ok(got !== undefined && got >= least && got <= most, `${got} is between ${least} and ${most}`);
  between(slept.spentMinUs, 500_000, 5_000_000);
  between(slept.askedUs, 1_000_000, 1_200_000);
  t.ok((slept.spentUs ?? 0) >= (slept.askedUs ?? 1));

  const control = done.result('sleeps', false);
  t.equal(control.outcome, 'passed', done.words);
  t.match(control.steps, [{ kind: 'loop' }, {}, { kind: 'widen', details: ['control: not widened'] }]);

  t.equal(done.result('spins').outcome, 'passed', done.words);
  const spun = numbersOf('spins');
  t.match(spun, { hits: 1, spun: 1 });
  between(spun.spentMinUs, 500_000, 5_000_000);

  t.equal(done.result('holds-no-cpu').outcome, 'passed', done.words);
  t.match(numbersOf('holds-no-cpu'), { hits: 1, spun: 0 });

  for (const [name, reason] of [
    [
      'never',
      /^no task named nobody was delayed at vfs_rmdir: the trial did not test what the scenario says/,
    ],
    ['unknown', /the kernel under test has no such function/],
    ['forbidden', /at do_int3: do_int3 cannot be probed: error -22$/],
  ] as const)
    t.match(done.result(name), { outcome: 'failed', blame: 'scenario', reason, splats: [] }, name);
});

t.test('a kernel without kprobes is refused before anything is compiled or booted', async (t) => {
  const done = await run(t.testdir(), 'smoke-5.10', ['sleeps']);
  t.equal(done.exitCode, 2, done.words);
  t.match(done.words, /smoke-5\.10 cannot have: expected CONFIG_KPROBES=y/);
  t.match(done.words, /add --config CONFIG_KPROBES=y/);
});
