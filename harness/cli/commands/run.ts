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
import {
  type CampaignState,
  Fault,
  type LiveEventBody,
  type RunEvent,
  type RunEventBody,
} from '../../model/index.ts';
import { TemplateStore } from '../../vm/index.ts';
import { assembleRunner, imageRecipe } from '../assemble.ts';
import type { Context } from '../context.ts';
import { makeRunDirectory } from '../directory.ts';
import { type KernelOptions, readKernel, readSeriesArgument } from '../inputs.ts';
import { openProgress } from '../progress.ts';
import { describeState } from '../record.ts';
import { readScenarios } from '../scenarios.ts';
import { rejectionFault } from '../workbench.ts';

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
  if (request.series)
    await writeFile(
      join(runDirectory, 'series.mbox'),
      Buffer.from(request.series.patches.map((patch) => patch.mail).join('\n'), 'latin1'),
    );
  const progress = await openProgress(context);
  const eventsPath = join(runDirectory, 'journal.ndjson');
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
  return printOutcome(context, await describeState(context, request, outcome, runDirectory), runDirectory);
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

async function printOutcome(context: Context, state: CampaignState, runDirectory: string): Promise<number> {
  const { REPORT_COLUMNS, REPORTERS } = await import('../../report/index.ts');
  const options = { runDirectory, color: false, columns: REPORT_COLUMNS, verbose: false };
  await writeFileAtomic(join(runDirectory, 'record.json'), REPORTERS.json(state, options));
  await writeFile(join(runDirectory, 'verdict.txt'), REPORTERS.table(state, options));
  context.out.write(REPORTERS.tap(state, options));
  if (state.rejection) throw rejectionFault(state.rejection);
  const columns = context.err.columns ?? REPORT_COLUMNS;
  context.err.write(`\n${REPORTERS.table(state, { ...options, color: context.color, columns })}`);
  if (!state.verdict)
    throw new Fault({
      blame: 'harness',
      code: 'CLI_NO_VERDICT',
      message: 'the campaign ended without a verdict',
    });
  return context.signal.aborted ? 130 : state.verdict.exitCode;
}

/** The words that repeat a run: without those that only say where its files go, or that nothing shall be started. */
function repeatWords(words: readonly string[]): string[] {
  return words.filter(
    (word, index) =>
      word !== '--dry-run' && !word.startsWith('--run-directory') && words[index - 1] !== '--run-directory',
  );
}
