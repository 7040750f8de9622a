// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeImage } from '../image/index.ts';
import { openBuildTree, readKernelDefinition } from '../kernel/index.ts';
import type { Image, Kernel } from '../model/index.ts';
import { type Arms, type BuildOptions, prepareArms, type Rejection, requireBuild } from './arms.ts';
import type { CampaignPlan } from './plan.ts';
import type { CampaignPlace, CampaignRequest } from './request.ts';
import type { Stages } from './stages.ts';

/** Everything that trials need, and what was learnt of the series on the way. */
export interface Prepared extends Arms {
  readonly image: Image;
  readonly l2: Readonly<Record<string, Kernel>>;
}

export type Preparation =
  | { readonly ok: true; readonly prepared: Prepared }
  | { readonly ok: false; readonly rejection: Rejection; readonly notes: readonly string[] };

/** Makes trees, kernels and the image of a plan; what may fail soonest comes first. */
export async function prepareCampaign(
  request: CampaignRequest,
  plan: CampaignPlan,
  place: CampaignPlace,
  stages: Stages,
  signal: AbortSignal,
): Promise<Preparation> {
  const buildOptions: BuildOptions = {
    cacheDirectory: place.cacheDirectory,
    signal,
    ...(place.mirror ? { mirror: place.mirror } : {}),
  };
  const arms = await prepareArms(request, plan.arms, buildOptions, stages);
  if (!arms.ok) return arms;
  await writeFile(join(place.runDirectory, 'kernel.config'), arms.arms.config);
  const l2: Record<string, Kernel> = {};
  for (const name of plan.l2Kernels) {
    l2[name] = await stages.run(
      `l2-${name}`,
      `build the kernel ${name} for VMs inside the guest`,
      async (progress) => {
        const definition = await readKernelDefinition(name, join(place.root, 'kernels'));
        await using buildTree = await openBuildTree(definition, { ...buildOptions, onProgress: progress });
        return requireBuild(
          await buildTree.build({ commit: buildTree.baseCommit, onProgress: progress }),
          name,
        ).kernel;
      },
    );
  }
  const image = await stages.run('image', 'bake the image', (progress) =>
    bakeImage(request.image, { ...buildOptions, onProgress: progress }),
  );
  return { ok: true, prepared: { ...arms.arms, image, l2 } };
}
