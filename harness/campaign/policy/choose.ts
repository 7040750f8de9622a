// SPDX-License-Identifier: MIT
import type { CampaignPlan } from '../../model/index.ts';
import { fixedPolicy } from './fixed.ts';
import type { Policy } from './policy.ts';
import { sequentialPolicy } from './sequential.ts';

/** The policy that a plan was made for. Plans of older runs name none: all of their trials are run. */
export function policyOf({ policy }: Pick<CampaignPlan, 'policy'>): Policy {
  return policy?.kind === 'sequential' ? sequentialPolicy : fixedPolicy;
}
