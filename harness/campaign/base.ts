// SPDX-License-Identifier: MIT
import type { BuildTree } from '../kernel/index.ts';
import { Fault } from '../model/index.ts';
import type { ArmsRequest } from './request.ts';

/** The commit that a series is applied to, and what a reader should know about the choice. */
export interface ChosenBase {
  readonly commit: string;
  readonly notes: readonly string[];
}

/** The command line's base wins, then the series' own `base-commit:` where the source has it, then the definition's. */
export async function chooseBase(request: ArmsRequest, tree: BuildTree): Promise<ChosenBase> {
  const { baseCommit, kernel, series } = request;
  if (baseCommit !== null) {
    if (await tree.hasCommit(baseCommit)) return { commit: baseCommit, notes: [] };
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_BASE',
      message: `the source of ${kernel.name} has no commit ${baseCommit}`,
      next: 'name a commit that the source has, or leave --base out',
    });
  }
  const wanted = series?.baseCommit;
  if (!wanted) return { commit: tree.baseCommit, notes: [] };
  const short = wanted.slice(0, 12);
  if (await tree.hasCommit(wanted))
    return { commit: wanted, notes: [`base: ${short}, from the series' base-commit`] };
  return {
    commit: tree.baseCommit,
    notes: [
      `the series asks for base-commit ${short}, which the source of ${kernel.name} does not have: the definition's own base was used`,
    ],
  };
}
