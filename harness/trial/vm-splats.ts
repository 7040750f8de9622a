// SPDX-License-Identifier: MIT
import type { Performance } from '../scenario/index.ts';
import { scanLog } from '../splat/index.ts';

/** Complaints of one VM that are named. */
const MOST_NAMED = 5;

/**
 * Says what the kernels of VMs inside the guest complained of, a sentence for each VM. They are not the kernel under test: such a
 * complaint is worth knowing, and is no finding.
 */
export function describeVmSplats({
  evidence,
  vms,
}: Pick<Performance, 'evidence' | 'vms'>): readonly string[] {
  return Object.entries(vms).flatMap(([file, name]) => {
    const titles = [...new Set(scanLog(Buffer.from(evidence[file] ?? '')).map((one) => one.title))];
    if (titles.length === 0) return [];
    const more = titles.length > MOST_NAMED ? ` and ${titles.length - MOST_NAMED} more` : '';
    const named = titles.slice(0, MOST_NAMED).join(', ');
    return [
      `the kernel of the VM ${name} inside the guest complains, which is not the kernel under test: ${named}${more} (${file})`,
    ];
  });
}
