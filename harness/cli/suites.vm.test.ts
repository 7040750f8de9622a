// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { CampaignVerdict, Subtest } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(60 * 60_000);

/** KUnit suites and a kselftest target of the lean kernel, and a series that breaks one test of each. */

const MAIN = join(import.meta.dirname, 'main.js');

function aPatch(number: number, subject: string, diff: string): string {
  return `From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001
From: A Tester <tester@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH ${number}/2] ${subject}

---
${diff}-- 
2.39.5

`;
}

/** The selectors of a range no longer begin where the range does. */
const BREAK_RANGES = aPatch(
  1,
  'lib: linear_ranges: forget where a range begins',
  `diff --git a/lib/linear_ranges.c b/lib/linear_ranges.c
--- a/lib/linear_ranges.c
+++ b/lib/linear_ranges.c
@@ -156,3 +156,3 @@
 	else
-		*selector = (val - r->min) / r->step + r->min_sel;
+		*selector = (val - r->min) / r->step;
 
`,
);

/** Flags that nobody knows are accepted. */
const BREAK_FLAGS = aPatch(
  2,
  'file: accept every flag',
  `diff --git a/fs/file.c b/fs/file.c
--- a/fs/file.c
+++ b/fs/file.c
@@ -689,3 +689,3 @@
 
-	if (flags & ~CLOSE_RANGE_UNSHARE)
+	if (0)
 		return -EINVAL;
`,
);

function ktrial(args: readonly string[]) {
  return runCommand(process.execPath, [MAIN, ...args], {
    accept: 'any',
    cwd: PROJECT_ROOT,
    env: { XDG_CACHE_HOME: CACHE_HOME },
  });
}

t.test('a series that breaks one KUnit test and one selftest is told exactly these', async (t) => {
  const directory = t.testdir();
  const run = join(directory, 'run');
  const series = join(directory, 'series.mbox');
  writeFileSync(series, BREAK_RANGES + BREAK_FLAGS);
  const result = await ktrial([
    ...['run', series, '--kernel', 'smoke-5.10', '--run-directory', run],
    ...['--kunit', 'example', '--kunit', 'linear-ranges-test', '--kselftest', 'core', '--kselftest', 'size'],
  ]);
  const words = `${result.stdout}\n${result.stderr}`;
  t.equal(result.exitCode, 1, words);
  const { verdict } = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
    readonly verdict: CampaignVerdict;
  };
  const changed = verdict.scenarios.flatMap(({ scenario, comparison, subtests }) => [
    `${scenario} ${comparison}`,
    ...(subtests?.tests ?? [])
      .filter((one) => one.change !== 'passing')
      .map((one) => `  ${one.name} ${one.change}`),
  ]);
  t.strictSame(changed.sort(), [
    '  core:close_range_test.global.core_close_range newlyFailing',
    '  linear-ranges-test.range_test_get_selector_low newlyFailing',
    'kselftest-core regressed',
    'kselftest-size clean',
    'kunit-example clean',
    'kunit-linear-ranges-test regressed',
  ]);
  t.match(result.stdout, /- name: "linear-ranges-test\.range_test_get_selector_low"\n +change: newlyFailing/);
  t.match(result.stderr, /newly failing: core:close_range_test\.global\.core_close_range/);

  const file = join(run, 'kunit-linear-ranges-test.patched.1', 'subtests.ndjson');
  const tests = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Subtest);
  const broken = tests.find((one) => one.outcome === 'notOk');
  t.match(broken?.details.join('\n'), /EXPECTATION FAILED at \S*lib\/test_linear_ranges\.c/);

  const junit = (await ktrial(['report', run, '-o', 'junit'])).stdout;
  const cases = [...junit.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*>\s*<failure/g)];
  t.strictSame(cases.map(([, where, name]) => `${where} ${name}`).sort(), [
    'ktrial.smoke-5_10 kselftest-core',
    'ktrial.smoke-5_10 kunit-linear-ranges-test',
    'ktrial.smoke-5_10.kselftest-core core:close_range_test.global.core_close_range',
    'ktrial.smoke-5_10.kunit-linear-ranges-test linear-ranges-test.range_test_get_selector_low',
  ]);
});
