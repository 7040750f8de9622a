// SPDX-License-Identifier: MIT
import type { CampaignState, Frame, Kernel, TrialResult, TrialSplat } from '../model/index.ts';
import { openSymbolisers, quoteSource, quoteTouched, type SourceText } from '../symbol/index.ts';
import { openSourceText } from './quote.ts';

/** Names source lines for one campaign; closing it ends the programs that it started. */
export interface LineNamer extends AsyncDisposable {
  /** The trial with file, line and source text for each complaint, where the kernel's debug information has them. */
  name(result: TrialResult, state: CampaignState): Promise<TrialResult>;
}

/** Opens one; `findKernel` finds a kernel on this computer by digest. */
export function openLineNamer(findKernel: (digest: string) => Promise<Kernel | null>): LineNamer {
  const symbolisers = openSymbolisers();
  const texts = new Map<string, SourceText>();
  const textOf = (kernel: Kernel, state: CampaignState): SourceText => {
    const text = texts.get(kernel.commit) ?? openSourceText(kernel.source, kernel.commit, state);
    texts.set(kernel.commit, text);
    return text;
  };
  const nameSplat = async (splat: TrialSplat, kernel: Kernel, state: CampaignState) => {
    const cover = (frame: Frame) => symbolisers.coveredLines(frame, kernel);
    const named = await symbolisers.symboliseSplat(splat, kernel);
    const text = textOf(kernel, state);
    const files = new Set((state.applied ?? []).flatMap((patch) => patch.files));
    return quoteSource(named, text, cover)
      .then((quoted) => quoteTouched(quoted, files, text, cover))
      .catch(() => named);
  };
  return {
    async name(result, state) {
      const arm = state.arms.find((one) => one.kernel?.digest === result.kernel && one.name === result.arm);
      const found = arm?.kernel && (await findKernel(arm.kernel.digest));
      if (!arm?.kernel || !found || result.splats.length === 0) return result;
      // The same tree may have been built from another commit first; this campaign's is the one that it knows.
      const kernel = { ...found, commit: arm.kernel.commit };
      const splats: TrialSplat[] = [];
      for (const splat of result.splats) splats.push(await nameSplat(splat, kernel, state));
      return { ...result, splats };
    },
    [Symbol.asyncDispose]: () => symbolisers[Symbol.asyncDispose](),
  };
}
