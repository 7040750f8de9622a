// SPDX-License-Identifier: MIT
import { arch, availableParallelism, release } from 'node:os';
import type { CampaignOutcome, CampaignRequest } from '../campaign/index.ts';
import { runCommand } from '../host/index.ts';

/** The stored account of a run: everything that is needed to repeat it, and what came of it. Format 1. */
export async function describeRecord(request: CampaignRequest, outcome: CampaignOutcome): Promise<unknown> {
  const qemu = await runCommand('qemu-system-x86_64', ['--version'], { accept: 'any' }).catch(() => null);
  const { series, kernel } = request;
  return {
    format: 1,
    title: request.title,
    repeat: request.repeatCommand,
    startedAt: outcome.startedAt,
    durationMs: outcome.durationMs,
    seed: request.seed,
    host: {
      node: process.version,
      arch: arch(),
      kernel: release(),
      cpus: availableParallelism(),
      qemu: qemu?.stdout.split('\n')[0] ?? null,
    },
    series: series && {
      title: series.title,
      version: series.version,
      digest: series.digest,
      origin: series.origin,
      baseCommit: series.baseCommit,
      patches: series.patches.map(({ number, subject, author, messageId }) => ({
        number,
        subject,
        author,
        messageId,
      })),
    },
    kernel: { name: kernel.name, source: kernel.source, config: kernel.config, patches: kernel.patches },
    kernels: outcome.prepared?.kernels ?? {},
    image: outcome.prepared?.image ?? null,
    l2: outcome.prepared?.l2 ?? {},
    applied: outcome.prepared?.applied ?? [],
    newDiagnostics: outcome.prepared?.newDiagnostics ?? [],
    notes: [...(series?.notes ?? []), ...outcome.notes],
    unfit: outcome.unfit,
    verdict: outcome.verdict,
    trials: outcome.trials,
  };
}
