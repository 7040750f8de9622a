// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import type { CampaignOutcome, CampaignRequest } from '../campaign/index.ts';
import { runCommand } from '../host/index.ts';
import { type CampaignState, identifyKernel, type RunRequest } from '../model/index.ts';
import type { Context } from './context.ts';

/** The state of a campaign that ended, from its request and outcome. */
export async function describeState(
  context: Context,
  request: CampaignRequest,
  outcome: CampaignOutcome,
  runDirectory: string,
): Promise<CampaignState> {
  const { plan, prepared } = outcome;
  const trials = plan.trials.map(({ scenario, boot, ...trial }) => ({
    ...trial,
    scenario: scenario.name,
    boot: boot === 'clone' ? ('clone' as const) : ('cold' as const),
    control: boot === 'control',
  }));
  const results = [...outcome.trials, ...outcome.controls];
  const scenarios = request.scenarios.map((scenario) => ({
    name: scenario.name,
    description: scenario.description,
    machine: { ...scenario.machine, kernelArgs: scenario.machine.kernelArgs },
    l2: scenario.l2,
    timeoutMs: 0,
    settled: scenario,
  }));
  return {
    format: 2,
    request: await describeRequest(context, request, runDirectory),
    plan: { arms: plan.arms, comparison: request.arms, l2Kernels: plan.l2Kernels, scenarios, trials },
    startedAt: outcome.startedAt,
    endedAt: new Date(Date.parse(outcome.startedAt) + outcome.durationMs).toISOString(),
    end: context.signal.aborted
      ? { kind: 'interrupted' }
      : { kind: outcome.rejection ? 'rejected' : 'finished' },
    notes: [...(request.series?.notes ?? []), ...outcome.notes],
    base: null,
    applied: prepared?.applied ?? null,
    rejection: outcome.rejection,
    image: prepared?.image ?? null,
    l2: prepared?.l2 ?? {},
    arms: plan.arms.map((arm) => {
      const build = prepared?.builds.find((one) => one.arm === arm.name) ?? null;
      const kernel = prepared?.kernels[arm.name];
      const status = !build ? 'planned' : build.built ? 'built' : 'failed';
      return { ...arm, status, build, kernel: kernel ? identifyKernel(kernel) : null };
    }),
    trials: trials.map((trial) => {
      const result = results.find((one) => one.id === trial.id) ?? null;
      return { ...trial, status: result ? 'done' : 'planned', result };
    }),
    clones: outcome.clones,
    verdict: outcome.verdict,
  };
}

async function describeRequest(
  context: Context,
  request: CampaignRequest,
  runDirectory: string,
): Promise<RunRequest> {
  const { series, seed, repeatCommand, title, kernel, scenarios, ...options } = request;
  return {
    id: basename(runDirectory),
    title,
    series: series && {
      ...series,
      patches: series.patches.map(({ mail, ...patch }) => patch),
    },
    kernel: { ...kernel },
    options,
    seed,
    repeat: repeatCommand,
    versions: await readVersions(context),
    host: {
      arch: arch(),
      kernel: release(),
      cpus: availableParallelism(),
      memoryMib: Math.round(totalmem() / 1024 / 1024),
    },
  };
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
