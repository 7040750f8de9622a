// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import {
  type CampaignState,
  comparisonWords,
  describeNumbers,
  groupFindings,
  type ScenarioVerdict,
} from '../model/index.ts';
import { changedTests, countTests, describeTest } from './compared-tests.ts';
import { createPrintedOnce, type Evidence, findEvidence, type PrintedOnce } from './evidence.ts';
import { endedTrials, inconclusiveTrials, trialsOf } from './select.ts';
import { type PrintOptions, printSplat } from './splat.ts';
import { foldWords, oneLine } from './text.ts';
import { describeOutcome, nameTrial } from './words.ts';

/** Prints why a scenario has its verdict: signatures with counts, inconclusive trials, and what trials noted. */
export function reasonLines(
  scenario: ScenarioVerdict,
  state: CampaignState,
  options: PrintOptions,
): string[] {
  const isSkipped = scenario.comparison === 'skipped';
  // The reason of a skipped scenario is that of each of its trials.
  const inconclusive = isSkipped ? [] : inconclusiveTrials(scenario.scenario, state);
  const notes = trialsOf(scenario.scenario, state).flatMap((trial) =>
    trial.notes.map((note) => `note: ${trial.id}: ${note}`),
  );
  const tests = testLines(scenario);
  const isQuiet = inconclusive.length === 0 && notes.length === 0 && tests.length === 0;
  if (scenario.comparison === 'clean' && isQuiet) return [];
  const paint = pc.createColors(options.color);
  const words = comparisonWords(state.plan.arms.length);
  const fold = (text: string, indent: string) => foldWords(oneLine(text), indent, options.columns);
  const name = oneLine(scenario.scenario);
  const [first = '', ...rest] = fold(`${name}: ${words[scenario.comparison]}: ${scenario.reason}`, '');
  const lines = ['', first.replace(name, () => paint.bold(name)), ...rest];
  for (const test of tests) lines.push(...fold(test, '  '));
  for (const one of scenario.signatures.filter(({ kind }) => kind !== 'subtest'))
    lines.push(
      ...fold(`${words[one.comparison]}: ${one.title}: ${describeNumbers(one, { intervals: true })}`, '  '),
      paint.dim(`    signature ${oneLine(one.signature)}`),
    );
  for (const trial of inconclusive)
    if (!scenario.reason.includes(`${trial.id}:`))
      lines.push(
        ...fold(`inconclusive: ${nameTrial(trial)} ${describeOutcome(trial)}: ${trial.reason}`, '  '),
      );
  for (const note of notes) lines.push(...fold(note, '  '));
  return lines;
}

/** Tests of suites that a table names. */
const TESTS_SHOWN = 50;

/** The tests of a scenario's suites that did not simply pass, and the count of all; nothing where it ran none. */
function testLines(scenario: ScenarioVerdict): string[] {
  const counts = countTests(scenario);
  if (counts === null) return [];
  const { shown, more } = changedTests(scenario, TESTS_SHOWN);
  return [
    ...shown.map(describeTest),
    ...(more > 0 ? [`${more} more: ktrial report -o json has them all`] : []),
    `tests: ${counts}`,
  ];
}

/**
 * Prints the complaints behind the verdicts with their traces: those that decide a scenario, all of an inconclusive one,
 * then those that make the series not bisectable. Prints a complaint once; later places refer to it.
 */
export function evidenceLines(
  state: CampaignState,
  scenarios: readonly ScenarioVerdict[],
  options: PrintOptions,
): string[] {
  const printed = createPrintedOnce();
  const lines = scenarios.flatMap((scenario) => decisiveLines(scenario, state, printed, options));
  return [...lines, ...passingLines(state, printed, options)];
}

function decisiveLines(
  scenario: ScenarioVerdict,
  state: CampaignState,
  printed: PrintedOnce,
  options: PrintOptions,
): string[] {
  const { comparison } = scenario;
  return scenario.signatures
    .filter((one) => one.comparison === comparison || comparison === 'inconclusive')
    .flatMap((one) => {
      const evidence = findEvidence(one, trialsOf(scenario.scenario, state));
      return evidence ? showOnce(evidence, printed, options) : [];
    });
}

/** Prints what arms in the middle of the series show and neither end shows. */
function passingLines(state: CampaignState, printed: PrintedOnce, options: PrintOptions): string[] {
  const perPatch = state.verdict?.perPatch;
  if (!perPatch) return [];
  const trials = endedTrials(state);
  const groups = groupFindings(trials.flatMap((trial) => trial.findings));
  const bugsOn = (arms: readonly (string | undefined)[]) =>
    trials
      .filter((trial) => arms.includes(trial.arm))
      .flatMap((trial) => trial.findings.map((one) => groups.get(one.signature)));
  const atEnds = new Set(bugsOn([perPatch.arms[0], perPatch.arms.at(-1)]));
  const between = perPatch.notBisectableAt.map((patch) => perPatch.arms[patch]);
  return trials.flatMap((trial) => {
    if (!between.includes(trial.arm)) return [];
    const passing = trial.findings.map((one) => one.signature).filter((one) => !atEnds.has(groups.get(one)));
    const splat = trial.splats.find((one) => passing.includes(one.signature));
    return splat ? showOnce({ trial, splat }, printed, options) : [];
  });
}

function showOnce({ trial, splat }: Evidence, printed: PrintedOnce, options: PrintOptions): string[] {
  const paint = pc.createColors(options.color);
  const place = `${oneLine(trial.scenario)}, from ${oneLine(nameTrial(trial))}`;
  const before = printed.claim(splat.signature, place);
  return before === null
    ? ['', paint.dim(`${place}:`), ...printSplat(splat, options)]
    : ['', paint.dim(`${place}: ${oneLine(splat.title)}: see ${before} above`)];
}
