// SPDX-License-Identifier: MIT
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { findL2Init } from '../image/index.ts';
import { type KernelDefinition, knowsCommit, readKernelDefinition } from '../kernel/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Limits, requireWithin } from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';
import { requireArchitecture, requireToolchain } from './installed.ts';
import { countTrials } from './plan.ts';
import type { ArmsRequest, CampaignRequest, Place } from './request.ts';

/** Where what a request names is looked up. */
export interface ForesightPlace extends Place {
  readonly signal: AbortSignal;
  readonly limits?: Limits;
}

/**
 * Requires what building the arms of a request will need, before anything starts: the compiler, and a base
 * that the source has where that is known. Faults: those of `requireToolchain`, `CAMPAIGN_NO_BASE` (request).
 */
export async function requireBuildable(request: ArmsRequest, place: ForesightPlace): Promise<void> {
  const { kernel, baseCommit } = request;
  await requireToolchain(request, place.signal);
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
 * checkers of static scenarios, kernels and images of VMs inside the guest, and memory for each machine. Faults: those of
 * `requireBuildable` and `requireArchitecture`; `KERNEL_NO_COMPILER`, `LIMIT_EXCEEDED`, `CAMPAIGN_NO_L2` (request), `CAMPAIGN_NO_L2_KERNEL`, `IMAGE_NO_L2` (scenario), `CAMPAIGN_TOO_LITTLE_MEMORY` (lab).
 */
export async function requireRunnable(request: CampaignRequest, place: ForesightPlace): Promise<void> {
  requireWithin(place.limits ?? DEFAULT_LIMITS, 'trials', countTrials(request), 'the run');
  await requireBuildable(request, place);
  await requireArchitecture(request.kernel.arch, place.signal);
  for (const scenario of request.scenarios) {
    await requireChecker(scenario, request, place.signal);
    requireMemory(scenario);
    requireNesting(scenario, request.kernel);
    await requireL2s(scenario, place);
  }
}

/** Requires sparse where a static scenario asks for it. Fault `KERNEL_NO_COMPILER` (request). */
async function requireChecker(
  { name, static: checks = [] }: Pick<SettledScenario, 'name' | 'static'>,
  { kernel }: Pick<CampaignRequest, 'kernel'>,
  signal: AbortSignal,
): Promise<void> {
  if (!checks.some((check) => check.kind === 'compile' && check.body.sparse)) return;
  const checked = { kernel, checks: { extraWarnings: null, sparse: true } };
  await requireToolchain(checked, signal).catch((error: unknown) => {
    if (!isFault(error, 'KERNEL_NO_COMPILER')) throw error;
    const { blame, code, message, next = '' } = error;
    throw new Fault({
      blame,
      code,
      message: `${name}: ${message}`,
      next: `${next}, or leave ${name} out`,
      cause: error,
    });
  });
}

/**
 * Requires the kernels and images of a scenario's VMs inside the guest, where their names are settled. Faults (scenario):
 * `CAMPAIGN_NO_L2_KERNEL`, `IMAGE_NO_L2`.
 */
export async function requireL2s(
  { name, l2 }: Pick<SettledScenario, 'name' | 'l2'>,
  place: ForesightPlace,
): Promise<void> {
  for (const { kernel, image } of Object.values(l2)) {
    if (!kernel.includes('${{')) await requireL2Kernel(name, kernel, place);
    if (!image.includes('${{')) await requireL2Image(name, image, place);
  }
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

/** The one architecture whose image has an emulator, and for which there are kernels and roots of VMs. */
const L2_ARCHITECTURE = 'x86_64';

/** Requires that the machines of a kernel can have VMs inside, if a scenario starts any. Fault `CAMPAIGN_NO_L2` (request). */
function requireNesting(
  { name, l2 }: Pick<SettledScenario, 'name' | 'l2'>,
  kernel: Pick<KernelDefinition, 'name' | 'arch'>,
): void {
  if (Object.keys(l2).length === 0 || kernel.arch === L2_ARCHITECTURE) return;
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_L2',
    message: `${name} starts a VM inside the guest: got a kernel of ${kernel.arch} (${kernel.name}), expected one of ${L2_ARCHITECTURE}`,
    next: `leave ${name} out, or name a kernel of ${L2_ARCHITECTURE}`,
  });
}

async function requireL2Kernel(scenario: string, name: string, place: ForesightPlace): Promise<void> {
  try {
    const { signal, limits } = place;
    const { arch } = await readKernelDefinition(name, join(place.root, 'kernels'), {
      signal,
      ...(limits ? { limits } : {}),
    });
    if (arch !== L2_ARCHITECTURE) throw wrongArchitecture(name, arch);
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

function wrongArchitecture(name: string, arch: string): Fault {
  return new Fault({
    blame: 'scenario',
    code: 'CAMPAIGN_NO_L2_KERNEL',
    message: `got a kernel of ${arch} (${name}), expected one of ${L2_ARCHITECTURE}`,
    next: `name a kernel of ${L2_ARCHITECTURE} under l2`,
  });
}

async function requireL2Image(scenario: string, name: string, { root }: ForesightPlace): Promise<void> {
  await findL2Init(join(root, 'images'), name).catch((error: unknown) => {
    if (!isFault(error)) throw error;
    const { blame, code, message, next = '' } = error;
    throw new Fault({ blame, code, message: `${scenario}: ${message}`, next, cause: error });
  });
}
