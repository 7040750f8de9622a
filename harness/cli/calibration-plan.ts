// SPDX-License-Identifier: MIT
import { basename, dirname, join, resolve } from 'node:path';
import { parseManifest, type Seed } from '../calibrate/index.ts';
import { type CampaignRequest, findRejected, requireRunnable, seedOf } from '../campaign/index.ts';
import { faultOf, type Source, suggestName } from '../document/index.ts';
import { readInput } from '../host/index.ts';
import { DEFAULT_TRIALS, Fault, isFault, quoteArgs } from '../model/index.ts';
import { describeRejection } from '../report/index.ts';
import { type RunOptions, readRequest } from './commands/run.ts';
import type { Context } from './context.ts';

/** What a calibration runs for one seed, again and again. */
export interface SeedPlan {
  readonly seed: Seed;
  readonly request: CampaignRequest;
}

/** The options that campaigns of a calibration have in common. */
export type CampaignOptions = Omit<RunOptions, 'kernel' | 'scenarios'>;

/** What `ktrial run` does without `--controls`. */
const DEFAULT_CONTROLS = 20;

/** The seeds that ktrial brings. */
const SHIPPED = 'kernels/mdev/seeds/seeds.yaml';

/**
 * Reads a manifest, the patches and the scenarios of its seeds, and requires that all can be run, before anything is. `only` are
 * names of seeds; all when empty. Faults of `run` with the manifest's line before them, `CLI_UNKNOWN_SEED`, and `SERIES_REJECTED`
 * for a patch that does not apply, all of the request.
 */
export async function planCalibration(
  context: Context,
  manifestArg: string | undefined,
  only: readonly string[],
  options: CampaignOptions,
): Promise<readonly SeedPlan[]> {
  const path =
    manifestArg === undefined ? join(context.root, SHIPPED) : resolve(context.workingDirectory, manifestArg);
  const { manifest, source } = await readManifest(path, context);
  const locate = (file: string) => resolve(dirname(path), file);
  const chosen = chooseSeeds(manifest.seeds, only);
  const scenarios = [
    ...new Set(manifest.seeds.flatMap(({ scenario }) => (scenario === null ? [] : [scenario]))),
  ];
  const kernel = /[/]|\.ya?ml$/.test(manifest.kernel) ? locate(manifest.kernel) : manifest.kernel;
  const plans: SeedPlan[] = [];
  for (const seed of chosen) {
    const at = (key: string) =>
      source.span(key === 'kernel' ? [key] : ['seeds', manifest.seeds.indexOf(seed), key]);
    const own = (seed.scenario === null ? scenarios : [seed.scenario]).map(locate);
    const patch = locate(seed.patch);
    const { request } = await placed(at, () =>
      readRequest(context, patch, { ...options, kernel, scenarios: own }),
    );
    await placed(at, () => requireRunnable(request, context));
    const repeat = [
      ...['ktrial', 'run', patch, '--kernel', kernel],
      ...own.flatMap((one) => ['--scenarios', one]),
      ...listChanged(options),
    ];
    plans.push({
      seed,
      request: { ...request, title: `${seed.name}: ${request.title}`, repeatCommand: quoteArgs(repeat) },
    });
  }
  const rejected = await findRejected(
    plans.map((one) => one.request),
    context,
    sayOnce(context),
  );
  if (rejected === null) return plans;
  const { line } = source.span(['seeds', manifest.seeds.indexOf(chosen[rejected.index] as Seed), 'patch']);
  const { message, details, next } = describeRejection(rejected.rejection);
  throw new Fault({
    blame: 'request',
    code: 'SERIES_REJECTED',
    message: `${path}:${line}: ${message}`,
    details,
    next,
  });
}

/** Says what is done, once, and not how far it is: each patch has the source checked out again. */
function sayOnce(context: Context): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    const what = text.replace(/: [^:]*\d+ %$/, '');
    if (!said.has(what)) context.say(what);
    said.add(what);
  };
}

/** Options that decide how many trials there are, as far as they are not the usual ones. */
function listChanged({ trials, detect, budget, controls, coverage }: CampaignOptions): string[] {
  return [
    ...(trials === DEFAULT_TRIALS.trials ? [] : ['--trials', `${trials}`]),
    ...(detect === DEFAULT_TRIALS.detect ? [] : ['--detect', `${detect}`]),
    ...(budget === undefined ? [] : ['--budget', `${budget / 1000}s`]),
    ...(controls === DEFAULT_CONTROLS ? [] : ['--controls', `${controls}`]),
    ...(coverage === false ? ['--no-coverage'] : []),
  ];
}

/** The request of one campaign: with its own dice, so that no two campaigns of a seed throw the same. */
export function requestCampaign({ seed, request }: SeedPlan, number: number): CampaignRequest {
  const own = seedOf(request.seed, seed.name, number);
  return { ...request, seed: own, repeatCommand: `${request.repeatCommand} --seed ${own}` };
}

async function readManifest(path: string, { signal, limits }: Context) {
  const bytes = await readInput(path, {
    what: 'manifest of seeds',
    limitBytes: limits['document-kib'] * 1024,
    raise: `--limit document-kib=${2 * limits['document-kib']}`,
    signal,
  });
  const parsed = parseManifest(bytes, path, { limits });
  if (!parsed.ok) throw faultOf(parsed.diagnostics, path, 'request');
  return parsed;
}

function chooseSeeds(seeds: readonly Seed[], only: readonly string[]): readonly Seed[] {
  const names = seeds.map((one) => one.name);
  for (const name of only) {
    if (names.includes(name)) continue;
    const meant = suggestName(name, names);
    throw new Fault({
      blame: 'request',
      code: 'CLI_UNKNOWN_SEED',
      message: `got --only ${name}, expected the name of a seed${meant === null ? '' : `: is ${meant} meant?`}`,
      next: `the seeds are ${names.join(', ')}`,
    });
  }
  return only.length === 0 ? seeds : seeds.filter((one) => only.includes(one.name));
}

/** Puts the place in the manifest before what is wrong with what it names. */
async function placed<Result>(
  at: (key: string) => ReturnType<Source['span']>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!isFault(cause) || !['request', 'scenario'].includes(cause.blame)) throw cause;
    const { blame, code, message, details } = cause;
    const span = at(keyOf(cause));
    const next = cause.next ?? `look at ${basename(span.file)}`;
    throw new Fault({
      blame,
      code,
      message: `${span.file}:${span.line}: ${message}`,
      details,
      next,
      span: cause.span ?? span,
      cause,
    });
  }
}

/** The key of a seed that names what a Fault is about. */
function keyOf({ blame, code }: Fault): 'kernel' | 'scenario' | 'patch' {
  if (/^(?:KERNEL|CONFIG)_/.test(code)) return 'kernel';
  return blame === 'scenario' || code === 'CAMPAIGN_NO_SCENARIOS' ? 'scenario' : 'patch';
}
