// SPDX-License-Identifier: MIT
import type { BuildTree } from '../kernel/index.ts';
import { Fault } from '../model/index.ts';
import type { ArmsRequest } from './arms.ts';

/** The command line's base wins, then the series' own `base-commit:` where the source has it, then the definition's. */
export async function chooseBase(
  request: ArmsRequest,
  buildTree: BuildTree,
  notes: string[],
): Promise<string> {
  if (request.baseCommit !== null) {
    if (await buildTree.hasCommit(request.baseCommit)) return request.baseCommit;
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_BASE',
      message: `the source of ${request.kernel.name} has no commit ${request.baseCommit}`,
      next: 'name a commit that the source has, or leave --base out',
    });
  }
  const wanted = request.series?.baseCommit;
  if (wanted) {
    if (await buildTree.hasCommit(wanted)) {
      notes.push(`base: ${wanted.slice(0, 12)}, from the series' base-commit`);
      return wanted;
    }
    notes.push(
      `the series asks for base-commit ${wanted.slice(0, 12)}, which the source of ${request.kernel.name} does not have: the definition's own base was used`,
    );
  }
  return buildTree.baseCommit;
}
