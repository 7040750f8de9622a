// SPDX-License-Identifier: MIT
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { lookAtInput, readInput } from '../host/index.ts';
import { type KernelDefinition, knowsCommit, parseFragment, readKernelDefinition } from '../kernel/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Limits, requireWithin } from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';
import { countTrials } from './plan.ts';
import type { ArmsRequest, CampaignRequest, Place } from './request.ts';

/** Where what a request names is looked up. */
export interface ForesightPlace extends Place {
  readonly signal: AbortSignal;
  readonly limits?: Limits;
}

/** A line of a fragment is shorter than this on average, in bytes: the bound on lines bounds the file. */
const FRAGMENT_LINE_BYTES = 256;

/**
 * Requires what building the arms of a request will need, before anything starts: fragments that can be read and parsed, a
 * base that the source has where that is known. Faults (request): those of `readInput`, `CONFIG_BAD_LINE`, `LIMIT_EXCEEDED`,
 * `CAMPAIGN_NO_BASE`.
 */
export async function requireBuildable(request: ArmsRequest, place: ForesightPlace): Promise<void> {
  const { kernel, extraFragments, baseCommit } = request;
  for (const file of extraFragments) await requireFragment(file, place);
  await requireFragments(kernel, place);
  if (baseCommit === null) return;
  if ((await knowsCommit(kernel, baseCommit, place)) === false)
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_BASE',
      message: `the source of ${kernel.name} has no commit ${baseCommit}`,
      next: 'name a commit that the source has, or leave --base out',
    });
}

/**
 * Requires what running a request will need, before anything starts: `requireBuildable`, a number of trials within bounds,
 * kernels and images of VMs inside the guest, and memory for each machine. Faults: those of `requireBuildable`;
 * `LIMIT_EXCEEDED` (request), `CAMPAIGN_NO_L2_KERNEL`, `CAMPAIGN_NO_L2_IMAGE` (scenario), `CAMPAIGN_TOO_LITTLE_MEMORY` (lab).
 */
export async function requireRunnable(request: CampaignRequest, place: ForesightPlace): Promise<void> {
  requireWithin(place.limits ?? DEFAULT_LIMITS, 'trials', countTrials(request), 'the run');
  await requireBuildable(request, place);
  for (const scenario of request.scenarios) {
    requireMemory(scenario);
    await requireL2s(scenario, place);
  }
}

/**
 * Requires the kernels and images of a scenario's VMs inside the guest, where their names are settled. Faults (scenario):
 * `CAMPAIGN_NO_L2_KERNEL`, `CAMPAIGN_NO_L2_IMAGE`.
 */
export async function requireL2s(
  { name, l2 }: Pick<SettledScenario, 'name' | 'l2'>,
  place: ForesightPlace,
): Promise<void> {
  for (const { kernel, image } of Object.values(l2)) {
    if (!kernel.includes('${{')) await requireL2Kernel(name, kernel, place);
    if (!image.includes('${{')) await requireL2Image(name, image, place.root);
  }
}

/** Requires that a definition's own fragments can be read and parsed. Faults (request) as `requireBuildable`. */
export async function requireFragments(kernel: KernelDefinition, place: ForesightPlace): Promise<void> {
  for (const file of kernel.config.fragments) await requireFragment(file, place);
}

async function requireFragment(file: string, place: ForesightPlace): Promise<void> {
  const { signal, limits = DEFAULT_LIMITS } = place;
  const most = limits['fragment-lines'];
  const bytes = await readInput(file, {
    what: 'config fragment',
    limitBytes: most * FRAGMENT_LINE_BYTES,
    raise: `--limit fragment-lines=${2 * most}`,
    signal,
  });
  const text = bytes.toString('utf8');
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  requireWithin(limits, 'fragment-lines', lines, file);
  parseFragment(text, file);
}

/** Requires that this computer has the memory of a scenario's machine. Fault `CAMPAIGN_TOO_LITTLE_MEMORY` (lab). */
export function requireMemory({
  name,
  machine,
}: {
  readonly name: string;
  readonly machine: { readonly memoryMib: number };
}): void {
  const hasMib = Math.floor(totalmem() / 1024 / 1024);
  if (machine.memoryMib <= hasMib) return;
  throw new Fault({
    blame: 'lab',
    code: 'CAMPAIGN_TOO_LITTLE_MEMORY',
    message: `got ${hasMib} MiB of memory on this computer, expected ${machine.memoryMib} MiB for a machine of ${name}`,
    next: 'run it on a computer with more memory, or give the machine less: machine.memoryMib in the scenario',
  });
}

async function requireL2Kernel(scenario: string, name: string, place: ForesightPlace): Promise<void> {
  try {
    await requireFragments(await readKernelDefinition(name, join(place.root, 'kernels')), place);
  } catch (error) {
    if (!isFault(error) || error.code === 'HOST_INTERRUPTED') throw error;
    throw new Fault({
      blame: 'scenario',
      code: 'CAMPAIGN_NO_L2_KERNEL',
      message: `${scenario}: the kernel ${name} of a VM inside the guest cannot be built: ${error.message}`,
      details: error.details,
      ...(error.next === undefined ? {} : { next: error.next }),
      cause: error,
    });
  }
}

/** Requires the recipe of an image for VMs inside the guest. Fault `CAMPAIGN_NO_L2_IMAGE` (scenario). */
export async function requireL2Image(scenario: string, name: string, root: string): Promise<string> {
  const init = join(root, 'images', name, 'init');
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
  if (isName && (await lookAtInput(init, 'image').catch(() => null)) === 'file') return init;
  throw new Fault({
    blame: 'scenario',
    code: 'CAMPAIGN_NO_L2_IMAGE',
    message: isName
      ? `${scenario} asks for the image ${name} for a VM inside the guest, and there is no ${init}`
      : `${scenario} asks for the image ${name} for a VM inside the guest, expected a name in ${join(root, 'images')}`,
    next: 'name a directory of images/ that has an init',
  });
}
