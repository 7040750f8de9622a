// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';
import { openTestLab } from '../testing/lab.ts';

t.setTimeout(60 * 60_000);

/** The command line as users have it, on the lean kernel: what each kind of bad input and bad luck comes to. */

const lab = await openTestLab();
const MAIN = join(import.meta.dirname, 'main.js');
const PASSING =
  'name: passes\ndescription: nothing is wrong\nmachine: { memoryMib: 512 }\nsteps:\n  - run: "true"\n';
const FAILING =
  'name: fails\ndescription: something is wrong\nmachine: { memoryMib: 512 }\nsteps:\n  - run: test -e /sys/module/no_such_module\n';

function ktrial(args: readonly string[], input?: string) {
  return runCommand(process.execPath, [MAIN, ...args], {
    accept: 'any',
    cwd: PROJECT_ROOT,
    env: { XDG_CACHE_HOME: CACHE_HOME },
    ...(input === undefined ? {} : { input }),
  });
}

function writeScenario(directory: string, text: string): string {
  const path = join(directory, 'scenario.yaml');
  writeFileSync(path, text);
  return path;
}

/** A patch as git format-patch writes it, that changes the first line of lib/bcd.c's code or whatever is asked for. */
function aPatch(before: string, after: string): string {
  return `From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001
From: A Tester <tester@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] lib/bcd: a change for a test

---
 lib/bcd.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/lib/bcd.c b/lib/bcd.c
--- a/lib/bcd.c
+++ b/lib/bcd.c
@@ -4,6 +4,6 @@
 
 unsigned _bcd2bin(unsigned char val)
 {
-${before}
+${after}
 }
 EXPORT_SYMBOL(_bcd2bin);
-- 
2.39.5

`;
}

const RIGHT_LINE = '\treturn (val & 0x0f) + (val >> 4) * 10;';

t.test('boot runs a command in the guest and ends with its exit code', async (t) => {
  const good = await ktrial([
    'boot',
    '--kernel',
    'smoke-5.10',
    '--memory',
    '512',
    '--',
    'uname -r; echo to stderr >&2; exit 7',
  ]);
  t.equal(good.exitCode, 7, good.stderr);
  t.match(good.stdout, /^5\.10\.223/);
  t.match(good.stderr, /to stderr/);
});

t.test('run on the base alone passes with TAP on standard output, a record and a log', async (t) => {
  const directory = t.testdir();
  const run = join(directory, 'run');
  const result = await ktrial([
    'run',
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    writeScenario(directory, PASSING),
    '--run-directory',
    run,
  ]);
  t.equal(result.exitCode, 0, result.stderr);
  t.match(result.stdout, /^TAP version 14\n1\.\.1\nok 1 - passes/);
  for (const format of ['tap', 'table', 'json', 'junit']) {
    const again = await ktrial(['report', run, '-o', format]);
    t.equal(again.exitCode, 0, again.stderr);
    if (format === 'tap') t.equal(again.stdout, result.stdout, 'the same bytes as the live run');
    if (format === 'json') t.equal(again.stdout, readFileSync(join(run, 'record.json'), 'utf8'));
  }
  t.match((await ktrial(['show', run])).stdout, /^trial +passes\.base\.1: passed/m);
  t.match((await ktrial(['show', run, 'passes.base.1'])).stdout, /^file .*console\.log$/m);
  const record = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
    readonly trials: readonly { readonly result: { readonly outcome: string } }[];
  };
  t.equal(record.trials[0]?.result.outcome, 'passed');
  t.match(readFileSync(join(run, 'passes.base.1/console.log'), 'latin1'), /Linux version 5\.10\.223/);
  const again = await ktrial([
    'run',
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    join(directory, 'scenario.yaml'),
    '--run-directory',
    run,
  ]);
  t.equal(again.exitCode, 2, 'a used run directory is not overwritten');
});

t.test('a failing expectation on the base alone is a negative verdict', async (t) => {
  const directory = t.testdir();
  const result = await ktrial([
    'run',
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    writeScenario(directory, FAILING),
    '--run-directory',
    join(directory, 'run'),
  ]);
  t.equal(result.exitCode, 1, result.stderr);
  t.match(result.stdout, /^not ok 1 - fails/m);
});

t.test('a misspelt key is told with line, column and caret, and nothing is started', async (t) => {
  const directory = t.testdir();
  const run = join(directory, 'run');
  const scenario = writeScenario(directory, PASSING.replace('steps:', 'stepz:'));
  const result = await ktrial([
    'run',
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    scenario,
    '--run-directory',
    run,
  ]);
  t.equal(result.exitCode, 2);
  t.match(result.stderr, /scenario\.yaml:4:1: .*stepz/);
  t.match(result.stderr, /\^/);
  t.notOk(existsSync(run));
});

t.test("a patch that does not apply is told with patch, file, hunk and git's words", async (t) => {
  const directory = t.testdir();
  const series = join(directory, 'series.mbox');
  writeFileSync(series, aPatch('\treturn nothing_like_it;', '\treturn 0;'));
  const result = await ktrial([
    'run',
    series,
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    writeScenario(directory, PASSING),
    '--run-directory',
    join(directory, 'run'),
  ]);
  t.equal(result.exitCode, 2, result.stderr);
  t.match(result.stderr, /patch 1 \(lib\/bcd: a change for a test\) does not apply at lib\/bcd\.c/);
  t.match(result.stderr, /error: patch failed: lib\/bcd\.c:4/);
});

t.test('a kernel that does not compile is a negative verdict on the patch that broke it', async (t) => {
  const directory = t.testdir();
  const series = join(directory, 'series.mbox');
  writeFileSync(series, aPatch(RIGHT_LINE, '\treturn no_such_name;'));
  const result = await ktrial([
    'run',
    series,
    '--kernel',
    'smoke-5.10',
    '--scenarios',
    writeScenario(directory, PASSING),
    '--run-directory',
    join(directory, 'run'),
  ]);
  t.equal(result.exitCode, 1, result.stderr);
  t.match(result.stderr, /lib\/bcd\.c:7: .*no_such_name.*\(patch 1 was the last to touch the file\)/s);
});

t.test('a warning that the series brings is attributed to its patch', async (t) => {
  const directory = t.testdir();
  const series = join(directory, 'series.mbox');
  writeFileSync(series, aPatch(RIGHT_LINE, `\tint unused_by_test;${RIGHT_LINE.trim()}`));
  const result = await ktrial(['build', series, '--kernel', 'smoke-5.10']);
  t.equal(result.exitCode, 0, result.stderr);
  t.match(result.stdout, /new warning: lib\/bcd\.c:7: unused variable .*\[-Wunused-variable\] \(patch 1\)/);
});

t.test(
  'all options that do not survive are told with their lines, and with what Kconfig says of each',
  async (t) => {
    const directory = t.testdir();
    const fragment = join(directory, 'mine.config');
    writeFileSync(fragment, '# a heading\nCONFIG_VFIO_MDEV=y # without VFIO it cannot be\nCONFIG_TTY=n\n');
    const options = ['CONFIG_PROVE_LOKING=y', 'CONFIG_NR_CPUS=9999', 'CONFIG_HZ_300=y', 'CONFIG_HZ_1000=y'];
    const more = ['CONFIG_CRYPTO_LIB_AES=y', 'CONFIG_SMP=m', 'CONFIG_ACPI_TABLE_LIB=y'];
    const result = await ktrial([
      ...['build', '--kernel', 'smoke-5.10', '--config', fragment],
      ...[...options, ...more, 'ktrial/kfence'].flatMap((one) => ['--config', one]),
    ]);
    t.equal(result.exitCode, 2, result.stderr);
    for (const words of [
      /mine\.config:2: CONFIG_VFIO_MDEV: got n, expected y\n\s+depends on: .*VFIO \[=n\]/,
      /missing: VFIO \[=n\]/,
      /CONFIG_PROVE_LOKING: got n, expected y\n\s+there is no such option in this source; did you mean CONFIG_PROVE_LOCKING\?/,
      /CONFIG_NR_CPUS: got \d+, expected 9999\n\s+it must be in the range \[NR_CPUS_RANGE_BEGIN \[=2\] NR_CPUS_RANGE_END/,
      /CONFIG_HZ_300: got n, expected y\n\s+in its choice CONFIG_HZ_1000 is chosen/,
      /CONFIG_SMP: got y, expected m\n\s+it is a bool/,
      /CONFIG_CRYPTO_LIB_AES: got n, expected y\n\s+it has no prompt: .*\n\s+selected by: /,
      /next: .*CONFIG_VFIO=y/,
    ])
      t.match(result.stderr, words);
    t.notMatch(result.stderr, /CONFIG_KFENCE/, 'that 5.10 does not know what ktrial ships is no error');
    const noted = await ktrial(['build', '--kernel', 'smoke-5.10', '--config', 'ktrial/kfence']);
    t.equal(noted.exitCode, 0, noted.stderr);
    t.match(
      noted.stdout,
      /^note: ktrial\/kfence: this source does not know CONFIG_KFENCE, CONFIG_KFENCE_SAMPLE_INTERVAL$/m,
      'it is a note',
    );
  },
);

t.test('a full disk is the fault of the lab, before the start and in the middle', async (t) => {
  const directory = t.testdir();
  const scenario = writeScenario(
    directory,
    'name: writes\ndescription: takes a while\nmachine: { memoryMib: 512 }\nsteps:\n  - run: sleep 20\n',
  );
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  const onSmallDisk = (sizeMib: number, meanwhile: string) => {
    const argv = [
      process.execPath,
      MAIN,
      'run',
      '--kernel',
      'smoke-5.10',
      '--scenarios',
      scenario,
      '--run-directory',
      join(disk, 'run'),
    ];
    const script = `mount -t tmpfs -o size=${sizeMib}m tmpfs ${disk} && { { ${meanwhile}; } >/dev/null 2>&1 & exec "$@"; }`;
    return runCommand('unshare', ['-rm', 'sh', '-c', script, 'sh', ...argv], {
      accept: 'any',
      cwd: PROJECT_ROOT,
      env: { XDG_CACHE_HOME: CACHE_HOME },
    });
  };
  const before = await onSmallDisk(8, 'true');
  t.equal(before.exitCode, 69, before.stderr);
  t.match(before.stderr, /8 MiB free/);
  const middle = await onSmallDisk(
    300,
    `timeout 300 sh -c 'until [ -s ${disk}/run/writes.base.1/console.log ]; do sleep 0.2; done'; dd if=/dev/zero of=${disk}/fill bs=1M 2>/dev/null`,
  );
  t.equal(middle.exitCode, 69, middle.stderr);
  t.match(middle.stderr, /disk .*full/i);
});

t.test('a run that is interrupted says how to go on, and is finished by resume', async (t) => {
  const directory = t.testdir();
  const scenario = writeScenario(
    directory,
    'name: naps\ndescription: takes a while\nmachine: { memoryMib: 512 }\nsteps:\n  - run: sleep 3\n',
  );
  const run = join(directory, 'run');
  const args = ['run', '--kernel', 'smoke-5.10', '--scenarios', scenario, '--repeat', '6', '--jobs', '1'];
  const journal = join(run, 'journal.ndjson');
  const interrupt = `until grep -q '"type":"trialEnded"' ${journal}; do sleep 0.2; done; kill -INT $pid; wait $pid`;
  const script = `"$@" & pid=$!; ${interrupt}`;
  const stopped = await runCommand(
    'timeout',
    ['300', 'bash', '-c', script, 'sh', process.execPath, MAIN, ...args, '--run-directory', run],
    { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  t.equal(stopped.exitCode, 130, stopped.stderr);
  t.match(stopped.stderr, /ktrial resume/);
  const ended = () =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"type":"trialEnded"') && !line.includes('TRIAL_INTERRUPTED')).length;
  const before = ended();
  t.ok(before >= 1 && before < 7, `${before} trials were done`);
  const resumed = await ktrial(['resume', run]);
  t.equal(resumed.exitCode, 0, resumed.stderr);
  t.equal(ended(), 7, 'six trials and a control, each once');
  const again = await ktrial(['resume', run]);
  t.equal(again.stdout, resumed.stdout, 'a finished run is printed again');
});

t.test('a series from standard input can be repeated by the command that is printed', async (t) => {
  const directory = t.testdir();
  const scenario = writeScenario(directory, PASSING);
  const series = aPatch(RIGHT_LINE, `${RIGHT_LINE} /* the same */`);
  const run = join(directory, 'run');
  const options = ['--kernel', 'smoke-5.10', '--scenarios', scenario, '--run-directory', run];
  const first = await ktrial(['run', '-', ...options], series);
  t.equal(first.exitCode, 0, first.stderr);
  const command = /^# repeat: ktrial (.*)$/m.exec(first.stdout)?.[1] ?? '';
  t.match(command, /series\.mbox/);
  const repeated = await runCommand(
    'sh',
    ['-c', `${process.execPath} ${MAIN} ${command} --run-directory ${join(directory, 'again')}`],
    { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  t.equal(repeated.exitCode, 0, repeated.stderr);
  const digestOf = (name: string) =>
    JSON.parse(readFileSync(join(directory, name, 'record.json'), 'utf8')).request.series.digest;
  t.equal(digestOf('again'), digestOf('run'), 'the stored series is the one that came in');
});

t.test('lab: the tests ran on the accelerator that the probe chose', async (t) => {
  t.match(lab.accelerator.kind, /^(kvm|tcg)$/);
  t.not(lab.accelerator.reason, '');
});
