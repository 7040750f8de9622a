// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { type BuildResult, isFault, type Limits } from '../model/index.ts';
import { openSmallKernelLab, SMALL_MAKEFILE } from '../testing/small-kernel.ts';

t.setTimeout(600_000);

/** What a build does without end, the bound that it meets, and what is said. */
const ENDLESS: readonly {
  readonly name: string;
  readonly line: string;
  readonly limits: Partial<Limits>;
  readonly message: RegExp;
}[] = [
  {
    name: 'forks without end',
    line: "sh -c 'f() { f & f & wait; }; f'",
    limits: { 'build-processes': 150 },
    message: /^the build exceeded 150 processes \(--limit build-processes=NUMBER allows more\)$/,
  },
  {
    name: 'forks processes that leave it',
    line: "sh -c 'while :; do setsid sleep 302 & done'",
    limits: { 'build-processes': 150 },
    message: /exceeded 150 processes/,
  },
  {
    name: 'takes all memory',
    line: `perl -e '$$x = "a" x (500 << 20); sleep 302'`,
    limits: { 'build-memory-mib': 300 },
    message: /exceeded 300 MiB of memory/,
  },
  {
    name: 'takes all memory in temporary files',
    line: 'head -c 500M /dev/zero >/tmp/big; sleep 302',
    limits: { 'build-memory-mib': 300 },
    message: /exceeded 300 MiB of memory/,
  },
  {
    name: 'never ends, whatever signal it gets',
    line: `sh -c 'trap "" TERM INT HUP; while :; do sleep 302; done'`,
    limits: { 'build-minutes': 0.1 },
    message: /exceeded 0\.1 minutes/,
  },
  {
    name: 'fills the disk',
    line: 'for i in 1 2 3; do head -c 400M /dev/zero >$(O)/big$$i; done; sleep 302',
    limits: { 'build-output-gib': 1 },
    message: /exceeded 1 GiB on the disk/,
  },
  {
    name: 'prints without end',
    line: 'yes',
    limits: { 'build-log-mib': 1 },
    message: /exceeded 1 MiB of messages/,
  },
];

function describeError(result: BuildResult): string {
  return result.diagnostics.find((one) => one.severity === 'error')?.message ?? 'no error';
}

t.test('a series whose build takes too much does not compile, and leaves nothing behind', async (t) => {
  const lab = openSmallKernelLab(t);
  t.ok((await lab.build()).ok);
  for (const { name, line, limits, message } of ENDLESS) {
    writeFileSync(join(lab.tree, 'Makefile'), `${SMALL_MAKEFILE}\t${line}\n`);
    const result = await lab.build({ ofSeries: true, limits });
    t.notOk(result.ok, name);
    t.match(describeError(result), message, name);
    t.notMatch(lab.said.join('\n'), /tried once more/, 'a bound is believed at once');
    const { stdout } = await runCommand('ps', ['-eo', 'user,stat,args']);
    const left = stdout
      .split('\n')
      .filter((one) => / (?:perl -e|sleep 302|yes$)/.test(one) && !/ Z/.test(one));
    t.strictSame(left, [], `${name}: no process is left`);
    writeFileSync(join(lab.tree, 'Makefile'), SMALL_MAKEFILE);
    t.ok((await lab.build({ ofSeries: true })).ok, `${name}: what comes next is built`);
  }
});

t.test('a base whose build takes too much is what the user asked for', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'Makefile'), `${SMALL_MAKEFILE}\tyes\n`);
  const result = await lab.build({ limits: { 'build-log-mib': 1 } });
  t.match(describeError(result), /exceeded 1 MiB/);
  writeFileSync(join(lab.tree, 'Makefile'), SMALL_MAKEFILE.replace('allnoconfig: ;', 'allnoconfig: ; yes;'));
  const fault = await lab.build({ limits: { 'build-log-mib': 1 } }).catch((error: unknown) => error);
  t.ok(isFault(fault, 'KERNEL_BUILD_EXCEEDED'));
  t.match(fault, { blame: 'request', message: /the configuration of the base exceeded 1 MiB of messages/ });
});

t.test('an interruption ends a build that ignores signals', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(
    join(lab.tree, 'Makefile'),
    `${SMALL_MAKEFILE}\tsh -c 'trap "" TERM INT; while :; do sleep 303; done'\n`,
  );
  const stop = new AbortController();
  const build = lab.build({ signal: stop.signal });
  setTimeout(() => stop.abort(), 5000);
  await t.rejects(build, { code: 'HOST_INTERRUPTED' });
  t.notMatch((await runCommand('ps', ['-eo', 'args'])).stdout, /sleep 303/);
});
