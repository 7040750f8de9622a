// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { CampaignVerdict } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(90 * 60_000);

/**
 * The reference job in small: one scenario tells three trees apart. What is expected here was known before ktrial:
 * the tenth patch of version 2 unlocks a mutex twice, the merged form does not.
 */
async function putOnTrial(
  directory: string,
  series: string,
): Promise<{ readonly exitCode: number; readonly verdict: CampaignVerdict; readonly words: string }> {
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
      join(PROJECT_ROOT, 'scenarios/mdev/unregister-blocked.yaml'),
      '--run-directory',
      run,
    ],
    { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  const record = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
    readonly verdict: CampaignVerdict;
  };
  return { exitCode: result.exitCode, verdict: record.verdict, words: `${result.stdout}\n${result.stderr}` };
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
});

t.test('the merged form has no regression, and fixes what the base has', async (t) => {
  const { exitCode, verdict, words } = await putOnTrial(t.testdir(), 'merged.mbox');
  t.equal(exitCode, 0, words);
  t.equal(verdict.comparison, 'fixed');
});
