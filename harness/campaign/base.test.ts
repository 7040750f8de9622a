// SPDX-License-Identifier: MIT
import t from 'tap';
import type { BuildTree } from '../kernel/index.ts';
import type { Series } from '../model/index.ts';
import { aCampaignRequest } from '../testing/request.ts';
import { chooseBase } from './base.ts';

const [own, wanted] = ['1'.repeat(40), '2345678901234567890'];

/** What is chosen in a source that has these commits. */
function choose(commits: readonly string[], baseCommit: string | null, fromSeries?: string | null) {
  const tree = { baseCommit: own, hasCommit: async (one: string) => commits.includes(one) };
  const series = fromSeries === undefined ? null : ({ baseCommit: fromSeries } as Series);
  return chooseBase(aCampaignRequest({ baseCommit, series }), tree as unknown as BuildTree);
}

t.test('without a wish the base is the definition’s', async (t) => {
  for (const series of [undefined, null])
    t.strictSame(await choose([own], null, series), { commit: own, notes: [] });
});

t.test('the base of the series is used where the source has it, and the choice is noted', async (t) => {
  t.strictSame(await choose([wanted], null, wanted), {
    commit: wanted,
    notes: ["base: 234567890123, from the series' base-commit"],
  });
  t.strictSame(await choose([], null, wanted), {
    commit: own,
    notes: [
      "the series asks for base-commit 234567890123, which the source of small does not have: the definition's own base was used",
    ],
  });
});

t.test('the base of the command line wins, and must be there', async (t) => {
  t.strictSame(await choose(['v5.10', wanted], 'v5.10', wanted), { commit: 'v5.10', notes: [] });
  await t.rejects(choose([wanted], 'v5.10', wanted), {
    blame: 'request',
    code: 'CAMPAIGN_NO_BASE',
    message: 'the source of small has no commit v5.10',
    next: 'name a commit that the source has, or leave --base out',
  });
});
