// SPDX-License-Identifier: MIT
import { appendFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type ArmsChoice,
  type CampaignOutcome,
  type CampaignRequest,
  describePlan,
  planCampaign,
  runCampaign,
} from '../../campaign/index.ts';
import { quoteArgv, writeFileAtomic } from '../../host/index.ts';
import { Fault, type LiveEventBody, type RunEvent, type RunEventBody } from '../../model/index.ts';
import { writeSeries } from '../../series/index.ts';
import { TemplateStore } from '../../vm/index.ts';
import { assembleRunner, imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { makeRunDirectory } from '../directory.ts';
import { type KernelOptions, readKernel, readSeriesArgument } from '../inputs.ts';
import { openProgress } from '../progress.ts';
import { describeRecord } from '../record.ts';
import { readScenarios } from '../scenarios.ts';
import { rejectionFault } from '../workbench.ts';
import { describeDiagnostic } from './build.ts';

export interface RunOptions extends KernelOptions {
  readonly scenarios?: readonly string[];
  readonly param?: readonly string[];
  readonly arms: ArmsChoice;
  readonly repeat: number;
  readonly jobs?: number;
  readonly seed: number;
  readonly cold?: boolean;
  readonly controls: number;
  readonly runDirectory?: string;
  readonly dryRun?: boolean;
}

/** Puts a series on trial; the exit code is the verdict's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: RunOptions,
): Promise<number> {
  const request = await readRequest(context, args[0], options);
  if (options.dryRun) {
    context.out.write(`${describePlan(request, planCampaign(request)).join('\n')}\n`);
    return 0;
  }
  const runDirectory = await makeRunDirectory(context, options.runDirectory, request.title);
  if (request.series) await writeFile(join(runDirectory, 'series.mbox'), writeSeries(request.series));
  const progress = await openProgress(context);
  const eventsPath = join(runDirectory, 'events.ndjson');
  const events: Promise<void>[] = [];
  let seq = 0;
  const listen = (body: RunEventBody | LiveEventBody) => {
    const event: RunEvent = { format: 1, seq: ++seq, at: new Date().toISOString(), ...body };
    progress.listen(event);
    events.push(appendFile(eventsPath, `${JSON.stringify(event)}\n`));
  };
  const place = {
    root: context.root,
    cacheDirectory: context.cacheDirectory,
    runDirectory,
    ...(options.mirror ? { mirror: options.mirror } : {}),
  };
  let outcome: CampaignOutcome;
  const templates = new TemplateStore({
    cacheDirectory: context.cacheDirectory,
    onNote: (text) => context.err.write(`ktrial: ${text}\n`),
  });
  try {
    outcome = await runCampaign(
      request,
      place,
      assembleRunner(context, runDirectory, options.mirror, templates),
      listen,
      context.signal,
    );
  } finally {
    await templates[Symbol.asyncDispose]();
    await progress.end();
    await Promise.allSettled(events);
  }
  await writeFileAtomic(
    join(runDirectory, 'record.json'),
    `${JSON.stringify(await describeRecord(context, request, outcome), null, 2)}\n`,
  );
  return printOutcome(context, request, outcome, runDirectory);
}

async function readRequest(
  context: Context,
  word: string | undefined,
  options: RunOptions,
): Promise<CampaignRequest> {
  const kernel = await readKernel(options, context);
  const scenarios = await readScenarios(options.scenarios, options.param ?? [], context);
  const series = word === undefined ? null : await readSeriesArgument(word, options, context);
  return {
    title: series ? series.title : `${kernel.name} alone`,
    series,
    kernel,
    extraFragments: (options.configFragment ?? []).map((path) => resolve(context.workingDirectory, path)),
    baseCommit: options.base ?? null,
    scenarios,
    arms: options.arms,
    image: imageRecipe(context),
    repeat: options.repeat,
    seed: options.seed,
    cold: options.cold === true,
    clonesPerControl: options.controls,
    jobs: options.jobs ?? null,
    repeatCommand: quoteArgv(['ktrial', ...repeatWords(context.words)]),
  };
}

async function printOutcome(
  context: Context,
  request: CampaignRequest,
  outcome: CampaignOutcome,
  runDirectory: string,
): Promise<number> {
  const say = (text: string) => context.err.write(`${text}\n`);
  for (const note of outcome.notes) say(`note: ${note}`);
  if (outcome.rejection) {
    const fault = rejectionFault(outcome.rejection);
    context.out.write(`TAP version 14\nBail out! ${fault.message}\n`);
    throw fault;
  }
  if (!outcome.verdict)
    throw new Fault({
      blame: 'harness',
      code: 'CLI_NO_VERDICT',
      message: 'the campaign ended without a verdict',
    });
  for (const one of outcome.prepared?.newDiagnostics ?? []) say(describeDiagnostic(one));
  const { cloneLines, printPerPatchGrid, tapReport, verdictTable } = await import('../../report/index.ts');
  const { perPatch } = outcome.verdict;
  const draw = (color: boolean) =>
    perPatch ? `${printPerPatchGrid(perPatch, outcome.prepared?.builds ?? [], { color })}\n\n` : '';
  context.out.write(
    tapReport(outcome.verdict, outcome.trials, {
      runDirectory,
      repeat: request.repeatCommand,
      grid: draw(false),
      clones: outcome.clones,
    }),
  );
  const table = verdictTable(outcome.verdict, outcome.trials, { color: context.color });
  await writeFile(
    join(runDirectory, 'verdict.txt'),
    draw(false) + verdictTable(outcome.verdict, outcome.trials, { color: false }),
  );
  say(`\n${draw(context.color)}${table}`);
  for (const line of cloneLines(outcome.clones)) say(line);
  say(`record  ${join(runDirectory, 'record.json')}`);
  say(`repeat  ${request.repeatCommand}`);
  return context.signal.aborted ? 130 : outcome.verdict.exitCode;
}

/** The words that repeat a run: without those that only say where its files go, or that nothing shall be started. */
function repeatWords(words: readonly string[]): string[] {
  return words.filter(
    (word, index) =>
      word !== '--dry-run' && !word.startsWith('--run-directory') && words[index - 1] !== '--run-directory',
  );
}
