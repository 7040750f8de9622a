// SPDX-License-Identifier: MIT
import { Fault, type Image, type Kernel, type TrialSpec } from '../model/index.ts';
import {
  listGuestModules,
  listSelftests,
  parseSettledScenario,
  type SettledScenario,
} from '../scenario/index.ts';

/** Finds kernels and images on this computer by what identifies them. Null for one that is not here. */
export interface ArtifactResolver {
  kernel(digest: string): Promise<Kernel | null>;
  image(digest: string): Promise<Image | null>;
  /** The directory of a kselftest target that was built with a kernel. Absent: there are none. */
  selftests?(kernel: string, target: string): Promise<string | null>;
  /** The file of a module of ktrial's own that was built for a kernel. Absent: there are none. */
  guestModule?(kernel: string, module: string): Promise<string | null>;
}

/** A trial with its parts on this computer. */
export interface ResolvedTrial {
  readonly spec: TrialSpec;
  readonly settled: SettledScenario;
  readonly kernel: Kernel;
  readonly image: Image;
  readonly l2: Readonly<Record<string, Kernel>>;
  /** Directories of the kselftest targets that it runs, by target. */
  readonly selftests: Readonly<Record<string, string>>;
  /** Files of the modules of ktrial's own that it needs, by module. */
  readonly guestModules: Readonly<Record<string, string>>;
}

/** Finds what a trial names by digest. Fault `TRIAL_NO_ARTIFACT` (lab) for what is not on this computer. */
export async function resolveTrial(spec: TrialSpec, artifacts: ArtifactResolver): Promise<ResolvedTrial> {
  const kernelOf = async (digest: string) => (await artifacts.kernel(digest)) ?? missing('kernel', digest);
  const l2: Record<string, Kernel> = {};
  for (const [name, kernel] of Object.entries(spec.l2)) l2[name] = await kernelOf(kernel.digest);
  const settled = parseSettledScenario(spec.settled);
  const selftests: Record<string, string> = {};
  for (const target of listSelftests(settled))
    selftests[target] =
      (await artifacts.selftests?.(spec.kernel.digest, target)) ??
      missing('selftests of', spec.kernel.digest);
  const guestModules: Record<string, string> = {};
  for (const module of listGuestModules(settled))
    guestModules[module] =
      (await artifacts.guestModule?.(spec.kernel.digest, module)) ??
      missing(`module ${module} of`, spec.kernel.digest);
  return {
    spec,
    settled,
    kernel: await kernelOf(spec.kernel.digest),
    image: (await artifacts.image(spec.image.digest)) ?? missing('image', spec.image.digest),
    l2,
    selftests,
    guestModules,
  };
}

function missing(what: string, digest: string): never {
  throw new Fault({
    blame: 'lab',
    code: 'TRIAL_NO_ARTIFACT',
    message: `the ${what} ${digest.slice(0, 12)} is not in this computer's cache`,
    next: 'run it again: what is missing is built again',
  });
}
