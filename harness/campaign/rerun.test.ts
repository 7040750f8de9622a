// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CampaignState, TrialResult, TrialSpec } from '../model/index.ts';
import { aScenario } from '../testing/fake-lab.ts';
import { aPerformer } from '../testing/index.ts';
import { aCampaignRequest, aSeries } from '../testing/request.ts';
import { listFailed, readRerun } from './rerun.ts';
import { runCampaign } from './run.ts';

const series = await aSeries([{ subject: 'core: two', file: 'core.c', before: 'one\n', after: 'two\n' }]);
const scenarios = ['good', 'bad'].map((name) => aScenario('steps: [{run: work}]\n', name));
const request = aCampaignRequest({ series, scenarios, repeat: 2, seed: 7, cold: true });

/** A run in which trials of `bad` come to something, and what a new run of it asks for. */
async function runAndRead(t: Test, result: (spec: TrialSpec) => Partial<TrialResult>, failedOnly: boolean) {
  const root = t.testdir({ run: {}, cache: {} });
  const runDirectory = join(root, 'run');
  const performer = aPerformer({ result });
  await runCampaign(request, {
    place: { root, cacheDirectory: join(root, 'cache') },
    runDirectory,
    ktrialVersion: '1',
    runTrial: performer.runTrial,
    listen: () => {},
    signal: new AbortController().signal,
    openPerformer: () => performer,
  });
  return readRerun(runDirectory, {
    failedOnly,
    image: '/images/guest.yaml',
    repeatCommand: 'ktrial rerun x',
  });
}

const lost = (spec: TrialSpec): Partial<TrialResult> =>
  spec.scenario === 'bad' ? { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed' } : {};

t.test(
  'a new run of what failed has the scenarios without a good verdict, and else the same request',
  async (t) => {
    const again = await runAndRead(t, lost, true);
    t.strictSame(
      again.scenarios.map((one) => one.name),
      ['bad'],
    );
    t.strictSame(again.scenarios[0], scenarios[1], 'as it was settled');
    t.match(again, { repeat: 2, seed: 7, cold: true, title: request.title, repeatCommand: 'ktrial rerun x' });
    t.equal(again.series?.digest, series.digest);
    t.strictSame(again.kernel, request.kernel);
  },
);

t.test(
  'without the option all scenarios run again, and with it a run without a failure is refused',
  async (t) => {
    const again = await runAndRead(t, lost, false);
    t.equal(again.scenarios.length, 2);
    await t.rejects(
      runAndRead(t, () => ({}), true),
      { code: 'RUN_NOTHING_FAILED', blame: 'request', next: /ktrial rerun / },
    );
  },
);

t.test('a run without a verdict has failed as a whole', async (t) => {
  const plan = { scenarios: [{ name: 'a' }, { name: 'b' }] } as unknown as CampaignState['plan'];
  t.strictSame(listFailed({ plan, verdict: null }), ['a', 'b']);
});
