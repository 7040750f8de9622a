// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Fault, type FaultBlame } from '../model/index.ts';
import { runShell } from '../testing/program.ts';
import { chooseExitCodes } from './exit-code.ts';

t.setTimeout(240_000);

const fault = (code: string, blame: FaultBlame = 'request') => new Fault({ blame, code, message: 'x' });

t.test(
  'for git bisect a commit is bad by a verdict alone, and what the next commit would meet too stops it',
  async (t) => {
    const bisect = chooseExitCodes(['run', '--exit-code=bisect']);
    t.equal(bisect(0), 0);
    t.equal(bisect(1), 1);
    t.equal(bisect(69), 125, 'undecided, or a fault of the lab');
    t.equal(bisect(2, fault('KERNEL_DOES_NOT_COMPILE')), 125);
    t.equal(bisect(2, fault('CONFIG_LOST_OPTION')), 125);
    t.equal(bisect(2, fault('SERIES_REJECTED')), 125);
    t.equal(bisect(125), 125);
    t.equal(bisect(2), 128, 'a bad request is bad for every commit');
    t.equal(bisect(2, fault('SCENARIO_TWICE')), 128);
    t.equal(bisect(69, fault('HOST_PROGRAM_MISSING', 'lab')), 128);
    t.equal(bisect(69, fault('HOST_DISK_FULL', 'lab')), 128);
    t.equal(bisect(69, fault('MACHINE_NOT_STARTED', 'lab')), 125);
    t.equal(bisect(70), 128, 'a bug in ktrial says nothing about a commit');
    t.equal(bisect(130), 130);
  },
);

t.test('without the option every exit code stays, and a misspelt one counts as the option', async (t) => {
  for (const args of [['run'], ['boot', '--', 'x', '--exit-code=bisect'], ['run', 'bisect']])
    t.equal(chooseExitCodes(args)(2), 2, args.join(' '));
  for (const args of [
    ['run', '--exit-code', 'bisect'],
    ['run', '--exit-cod=bisect'],
    ['run', '--exitcode=x'],
  ])
    t.equal(chooseExitCodes(args)(2), 128, args.join(' '));
});

const RUN = 'ktrial run --exit-code=bisect --kernel kernel.yaml --scenarios ok.yaml --dry-run';

/** Lines of `git bisect run`, with exit codes that git stops at: none of them may count as a bad commit. */
const ROWS: readonly (readonly [line: string, exitCode: number, answer: RegExp])[] = [
  [`${RUN} --jbos 2`, 128, /unknown option/],
  [`${RUN}`, 128, /CLI_NO_CHECKOUT/],
  [`${RUN} --base v1 --scenarios none.yaml`, 128, /CAMPAIGN_NO_SCENARIOS/],
  [`${RUN} --base v1`, 0, /^base +v1$|^trials/m],
  ['ktrial run --exit-code=bisekt', 128, /Allowed choices/],
  [
    `git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && ${RUN}`,
    0,
    /^trials/m,
  ],
];

t.test('what is wrong with the line itself stops a bisection at its first step', async (t) => {
  // Outside of any git tree.
  const cwd = mkdtempSync(join(tmpdir(), 'ktrial-test-'));
  t.teardown(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'ok.yaml'), 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n');
  writeFileSync(join(cwd, 'a.config'), 'CONFIG_A=y\n');
  const definition =
    'name: own\ndescription: a tree\nsource: {git: {repository: /nowhere, ref: main}}\nconfig: {base: allnoconfig, fragments: [a.config]}\n';
  writeFileSync(join(cwd, 'kernel.yaml'), definition);
  for (const [line, code, answer] of ROWS) {
    const { exitCode, stdout, stderr } = await runShell(line, {
      cwd,
    });
    t.equal(exitCode, code, `${line}: ${stdout}${stderr}`);
    t.match(`${stdout}${stderr}`, answer, line);
  }
});
