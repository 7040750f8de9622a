// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { CampaignOutcome, CampaignRequest } from '../campaign/index.ts';
import { runCommand } from '../host/index.ts';
import { campaignRecord } from '../report/index.ts';
import type { Context } from './context.ts';

/** The stored account of a run: everything that is needed to repeat it, and what came of it. */
export async function describeRecord(
  context: Context,
  request: CampaignRequest,
  outcome: CampaignOutcome,
): Promise<object> {
  const { series, seed, repeatCommand, title, ...asked } = request;
  return campaignRecord({
    title,
    request: asked,
    seed,
    repeatCommand,
    startedAt: outcome.startedAt,
    durationMs: outcome.durationMs,
    versions: await readVersions(context),
    host: {
      arch: arch(),
      kernel: release(),
      cpus: availableParallelism(),
      memoryMib: Math.round(totalmem() / 1024 / 1024),
    },
    series,
    kernels: outcome.prepared?.kernels ?? {},
    l2: outcome.prepared?.l2 ?? {},
    image: outcome.prepared?.image ?? null,
    builds: outcome.prepared?.builds ?? [],
    applied: outcome.prepared?.applied ?? [],
    newDiagnostics: outcome.prepared?.newDiagnostics ?? [],
    notes: [...(series?.notes ?? []), ...outcome.notes],
    rejection: outcome.rejection,
    trials: outcome.trials,
    controls: outcome.controls,
    clones: outcome.clones,
    verdict: outcome.verdict,
  });
}

async function readVersions(context: Context): Promise<Record<string, string | null>> {
  const own = JSON.parse(await readFile(join(context.root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const firstLine = async (program: string) =>
    runCommand(program, ['--version'], { accept: 'any' }).then(
      ({ stdout }) => stdout.split('\n')[0] ?? null,
      () => null,
    );
  return {
    ktrial: own.version,
    node: process.version,
    qemu: await firstLine('qemu-system-x86_64'),
    gcc: await firstLine('gcc'),
    git: await firstLine('git'),
  };
}
