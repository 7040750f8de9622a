// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { expandScenario, parseScenario } from '../../scenario/index.ts';
import { aCampaignRequest, aSeries } from '../../testing/request.ts';
import { openSmallKernelLab, SMALL_TREE } from '../../testing/small-kernel.ts';
import { runCampaign } from '../run.ts';

t.setTimeout(5 * 60_000);

const QUIET = SMALL_TREE['quiet.c'] ?? '';
const INLINE = 'inline int helper(void) { return 1; }\nint core(void) { return 1; }\n';
const PLAIN = INLINE.replace('inline ', '');
const WORSE = PLAIN.replace('core(void)', 'core(int unused)');

const SCENARIOS = [
  `name: word
description: the word is gone
kind: static
checks: [{label: no word, grep: {pattern: '^inline', files: [core.c], lines: 0}}]
`,
  `name: warnings
description: no new warning
kind: static
checks: [{label: 'W=1', compile: {paths: [core.o], extraWarnings: '1'}}]
`,
];

function settle(text: string) {
  const parsed = parseScenario(text, 'x');
  if (!parsed.ok) throw new Error('the scenario is wrong');
  return expandScenario(parsed.scenario);
}

t.test(
  'a per-patch run names the patch that passes a static check, and the one that fails one',
  async (t) => {
    const lab = openSmallKernelLab(t);
    writeFileSync(join(lab.tree, 'core.c'), INLINE);
    const series = await aSeries([
      { subject: 'quiet: three', file: 'quiet.c', before: QUIET, after: QUIET.replace('2', '3') },
      { subject: 'core: drop a word', file: 'core.c', before: INLINE, after: PLAIN },
      { subject: 'core: another argument', file: 'core.c', before: PLAIN, after: WORSE },
    ]);
    const state = await runCampaign(
      aCampaignRequest({
        kernel: lab.definition,
        series,
        arms: 'per-patch',
        scenarios: SCENARIOS.flatMap(settle),
      }),
      {
        place: { root: join(lab.tree, '..'), cacheDirectory: lab.cache },
        runDirectory: join(lab.tree, '../run'),
        ktrialVersion: '1',
        listen: () => {},
        signal: new AbortController().signal,
        runTrial: () => Promise.reject(new Error('got a machine, expected none')),
      },
    );
    t.equal(state.image, null, 'no root file system was made');
    t.match(state.verdict?.perPatch?.rows, [
      { scenario: 'word', states: ['bad', 'bad', 'good', 'good'], fixedBy: 2, brokenBy: null },
      { scenario: 'warnings', states: ['good', 'good', 'good', 'bad'], fixedBy: null, brokenBy: 3 },
    ]);
    t.match(state.verdict, {
      comparison: 'regressed',
      scenarios: [{ comparison: 'fixed' }, { comparison: 'regressed' }],
    });
    const last = state.trials.find((one) => one.id === 'warnings.1..3.1')?.result;
    t.match(last, {
      bootMethod: null,
      steps: [{ numbers: { newWarnings: 1, errors: 0, diagnostics: 1 } }],
      findings: [{ details: [/^core\.c:2: warning: unused parameter/] }],
    });
  },
);
