// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../testing/root.ts';

/** Runs the compiled tests under `node --test` and closes with `N passed, N failed`. Usage: run.js fast|vm|all */

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const compiled = join(PROJECT_ROOT, 'dist');
const tests = readdirSync(compiled, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.js'))
  .sort()
  .map((path) => join(compiled, path));
const vmTests = tests.filter((path) => path.endsWith('.vm.test.js'));
const fastTests = tests.filter((path) => !path.endsWith('.vm.test.js'));

function runTests(files: readonly string[], concurrency: number): Count {
  if (files.length === 0) return { passed: 0, failed: 1, skipped: 0 };
  const scratch = mkdtempSync(join(tmpdir(), 'ktrial-tests-'));
  const report = join(scratch, 'tap');
  const outcome = spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${report}`,
      ...files,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], cwd: PROJECT_ROOT },
  );
  const text = readFileSync(report, 'utf8');
  rmSync(scratch, { recursive: true });
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  return {
    passed: count('pass'),
    failed: outcome.status === 0 ? failed : Math.max(1, failed),
    skipped: count('skipped') + count('todo'),
  };
}

const which = process.argv[2] ?? 'all';
const counts: Count[] = [];
if (which !== 'vm') counts.push(runTests(fastTests, 2));
if (which !== 'fast') counts.push(runTests(vmTests, 1));
const sum = (pick: (one: Count) => number) => counts.map(pick).reduce((a, b) => a + b, 0);
const failed = sum((one) => one.failed);
const skipped = sum((one) => one.skipped);
process.stdout.write(
  `${sum((one) => one.passed)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed > 0 ? 1 : 0;
