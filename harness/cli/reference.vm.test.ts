// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { CampaignVerdict, TrialResult } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(90 * 60_000);

const CORE = 'drivers/vfio/mdev/mdev_core.c';

/**
 * The reference job in small: one scenario tells three trees apart. What is expected here was known before ktrial:
 * the tenth patch of version 2 unlocks a mutex twice, the merged form does not.
 */
async function putOnTrial(
  directory: string,
  series: string,
): Promise<{
  readonly exitCode: number;
  readonly verdict: CampaignVerdict;
  readonly words: string;
  /** Changed functions that ran in a trial of the patched kernel. */
  readonly ran: readonly string[];
}> {
  const run = join(directory, 'run');
  const result = await runCommand(
    process.execPath,
    [
      join(import.meta.dirname, 'main.js'),
      'run',
      join(PROJECT_ROOT, 'kernels/mdev/series', series),
      '--kernel',
      'mdev-5.10',
      '--scenarios',
      join(PROJECT_ROOT, 'scenarios/mdev/quick/unregister-blocked.yaml'),
      '--run-directory',
      run,
    ],
    { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  const record = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
    readonly verdict: CampaignVerdict;
    readonly trials: readonly { readonly arm: string; readonly result: TrialResult | null }[];
  };
  const ran = record.trials.flatMap(({ arm, result: trial }) =>
    arm === 'patched' ? (trial?.coverage?.functions.filter((one) => (one.hits ?? 0) > 0) ?? []) : [],
  );
  return {
    exitCode: result.exitCode,
    verdict: record.verdict,
    words: `${result.stdout}\n${result.stderr}`,
    ran: [...new Set(ran.map((one) => one.function))].sort(),
  };
}

t.test('version 2 of the series is a regression: it unlocks a mutex twice', async (t) => {
  const { exitCode, verdict, words } = await putOnTrial(t.testdir(), 'v2.mbox');
  t.equal(exitCode, 1, words);
  t.equal(verdict.comparison, 'regressed');
  const broken = verdict.scenarios[0]?.signatures.filter((one) => one.comparison === 'regressed') ?? [];
  t.strictSame(
    broken.map((one) => one.title),
    ['WARNING: bad unlock balance in mdev_device_remove'],
  );
  t.match(words, /drivers\/vfio\/mdev\/mdev_core\.c:\d+/, 'the trace names its source lines');
  t.match(verdict.coverage, { changed: 10, ran: 10, reason: null });
  t.match(words, 'changed code: 10 of 10 changed functions ran');
});

t.test('the merged form has no regression, and fixes what the base has', async (t) => {
  const { exitCode, verdict, words, ran } = await putOnTrial(t.testdir(), 'merged.mbox');
  t.equal(exitCode, 0, words);
  t.equal(verdict.comparison, 'fixed');
  // A sibling is removed and a device made while the parent waits: one is refused, the other freed. Then all are removed.
  t.strictSame(ran, [
    'mdev_device_create',
    'mdev_device_free',
    'mdev_device_release',
    'mdev_device_remove',
    'mdev_device_remove_cb',
    'mdev_device_remove_common',
    'mdev_put_parent',
    'mdev_register_device',
    'mdev_remove_sysfs_files',
    'mdev_unregister_device',
    'remove_store',
  ]);
  t.match(verdict.coverage, { changed: 12, ran: 11, neverExecuted: [], reason: null });
  t.strictSame(
    verdict.coverage?.notMeasured,
    [{ function: `mdev_get_parent (${CORE})`, reason: 'inlined' }],
    'the compiler left no code of it',
  );
});
