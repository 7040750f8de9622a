// SPDX-License-Identifier: MIT
import type { CampaignState, ChangedCode } from '../model/index.ts';

/** The code that the whole series changes, where its configuration does not compile all of it; else null. */
export function findUncompiled({ arms }: CampaignState): ChangedCode | null {
  const code = arms.at(-1)?.build?.code;
  return code && code.notCompiled.length > 0 ? code : null;
}

/** The name of the test point, the same in every report and whatever its result. */
export const COMPILED_NAME = 'the changed code is compiled';
