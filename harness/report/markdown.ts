// SPDX-License-Identifier: MIT
import {
  type ArmCount,
  type CampaignState,
  comparisonWords,
  describeInterval,
  describeP,
  printable,
  type ScenarioVerdict,
  type SignatureVerdict,
} from '../model/index.ts';
import { findUncompiled } from './changed-code.ts';
import { cloneLines } from './clones.ts';
import { coverageLines } from './coverage.ts';
import { createPrintedOnce, findEvidence } from './evidence.ts';
import { gridLines } from './grid.ts';
import { heatLines } from './heat.ts';
import type { ReportOptions } from './options.ts';
import { endedTrials, inconclusiveTrials, judgedScenarios, trialsOf } from './select.ts';
import { printSplat } from './splat.ts';
import { describeStanding } from './standing.ts';
import { oneLine } from './text.ts';
import { warningLines } from './warnings.ts';
import { describeOutcome, formatDuration, nameTrial } from './words.ts';

/** A complaint's trace stands in a code block, which nobody folds. */
const TRACE_COLUMNS = 110;

/**
 * Prints a campaign as a document in GitHub's Markdown, to be read, sent and kept: the verdict, what was compared and where, the
 * numbers of each scenario, the per-patch grid, what each scenario tries, complaints with their traces, and which changed code ran.
 */
export function markdownReport(state: CampaignState, options: ReportOptions): string {
  const sections = [
    [`# ${plain(state.request.title)}`],
    verdictLines(state),
    factsTable(state),
    titled('Notes', noteLines(state)),
    titled('Scenarios', scenarioTable(state)),
    titled('Patch by patch', code(gridLines(state, false))),
    titled('What the scenarios try', descriptionLines(state)),
    titled('Complaints', complaintLines(state, options)),
    titled('Not decided', undecidedLines(state)),
    titled('Changed code', list(coverageLines(state))),
    titled('Races', code(heatLines(state, TRACE_COLUMNS))),
    titled('Clones', list(cloneLines(state.clones))),
    standingLines(state, options),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Text from outside on one line, with nothing in it that Markdown would act on. */
function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\`*<>[\]|~&]/g, (mark) => `\\${mark}`)
    .replace(/(?<!\w)_|_(?!\w)/g, '\\_')
    .replace(/^(#+|[-+]|\d+[.)])(?= |$)/, '\\$1');
}

/** The same as code, in or out of a table. */
function literal(text: string): string {
  const shown = oneLine(text).replaceAll('`', "'").replaceAll('|', '\\|');
  return shown === '' ? '' : `\`${shown}\``;
}

/** Lines that keep their form. Four blanks before each: no line can end the block. */
function code(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${printable(line)}`.trimEnd());
}

function list(lines: readonly string[]): string[] {
  return lines.map((line) => `- ${plain(line)}`);
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)];
}

function wordOf(state: CampaignState, { comparison }: Pick<SignatureVerdict, 'comparison'>): string {
  return comparisonWords(state.plan.arms.length)[comparison];
}

function verdictLines(state: CampaignState): string[] {
  const { verdict } = state;
  return verdict ? [`**Verdict: ${wordOf(state, verdict)}.** ${plain(verdict.reason)}`] : [];
}

function factsTable(state: CampaignState): string[] {
  const { request, plan, arms, base, config, startedAt, endedAt } = state;
  const { series, kernel, host, versions } = request;
  const trials = endedTrials(state);
  const accelerators = new Set(trials.flatMap(({ accelerator }) => (accelerator ? [accelerator.kind] : [])));
  const commit = base === null ? '' : `, commit ${literal(base.slice(0, 12))}`;
  const digests = arms.flatMap((arm) =>
    arm.kernel ? [`${plain(arm.name)} ${literal(arm.kernel.digest.slice(0, 12))}`] : [],
  );
  const programs = Object.entries(versions).flatMap(([name, version]) =>
    version === null ? [] : [`${plain(name)} ${plain(version)}`],
  );
  const rows = [
    ...(series
      ? [
          [
            'series',
            `${series.patches.length} patches, version ${series.version}, SHA-256 ${literal(series.digest.slice(0, 12))}`,
          ],
        ]
      : []),
    ['applied to', `${plain(kernel.name)}${commit}`],
    ...(config === null ? [] : [['configuration', `SHA-256 ${literal(config.slice(0, 12))}`]]),
    ...(digests.length > 0 && digests.length <= 2 ? [['kernels', digests.join(', ')]] : []),
    ['trials', `${trials.length} of ${plan.scenarios.length} scenarios on ${arms.length} kernels`],
    ['machines', [...accelerators].sort().join(' and ') || 'none'],
    [
      'computer',
      `${plain(host.arch)}, ${host.cpus} CPUs, ${host.memoryMib} MiB, Linux ${plain(host.kernel)}`,
    ],
    ...(programs.length > 0 ? [['with', programs.join(', ')]] : []),
    [
      'begun',
      `${plain(startedAt)}${endedAt === null ? '' : `, ${formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}`}`,
    ],
    ['repeat', literal(request.repeat)],
  ];
  return table(['', ''], rows);
}

function noteLines(state: CampaignState): string[] {
  return list([
    ...state.notes,
    ...warningLines(state).map((warning) => `new warning: ${warning}`),
    ...(findUncompiled(state)?.notCompiled ?? []).map((file) => `not compiled: ${file}`),
  ]);
}

/** A row for each signature; one for a scenario that has none. */
function scenarioTable(state: CampaignState): string[] {
  const alone = state.plan.arms.length === 1;
  const rows = judgedScenarios(state).flatMap((scenario) => scenarioRows(state, scenario, alone));
  const head = ['scenario', 'verdict', 'fault', ...(alone ? ['trials'] : ['base', 'patched', 'p'])];
  return rows.length === 0 ? [] : table(head, rows);
}

function scenarioRows(state: CampaignState, scenario: ScenarioVerdict, alone: boolean): string[][] {
  const { power } = scenario;
  const name = plain(scenario.scenario);
  if (scenario.signatures.length === 0) {
    const numbers = alone
      ? [countTrials(power?.base)]
      : [countTrials(power?.base), countTrials(power?.patched), ''];
    return [[name, wordOf(state, scenario), plain(scenario.reason), ...numbers]];
  }
  return scenario.signatures.map((one, index) => [
    index === 0 ? name : '',
    one.known ? 'known issue' : wordOf(state, one),
    `${literal(one.title)}${one.widened ? ', reachable when widened' : ''}`,
    describeCount(one.base),
    ...(alone ? [] : [describeCount(one.patched), one.test ? describeP(one.test) : '']),
  ]);
}

function descriptionLines({ plan }: CampaignState): string[] {
  return plan.scenarios.map(({ name, description }) => `- ${literal(name)}: ${plain(description)}`);
}

function countTrials(arm: { readonly trials: number } | null | undefined): string {
  return arm ? `0/${arm.trials}` : '';
}

function describeCount(count: ArmCount | null): string {
  if (!count) return '';
  const rate = count.interval ? ` (${describeInterval(count.interval)})` : '';
  return `${count.seen}/${count.trials}${rate}`;
}

/** Each complaint that decides something, once, from the trial that shows it best. */
function complaintLines(state: CampaignState, options: ReportOptions): string[] {
  const printed = createPrintedOnce();
  const blocks = judgedScenarios(state).flatMap((scenario) =>
    scenario.signatures.flatMap((one) => {
      const evidence = findEvidence(one, trialsOf(scenario.scenario, state));
      if (!evidence || printed.claim(evidence.splat.signature, scenario.scenario) !== null) return [];
      const { trial, splat } = evidence;
      return [
        `### ${plain(splat.title)}`,
        '',
        `${wordOf(state, one)}, in ${plain(nameTrial(trial))}`,
        '',
        ...code(printSplat(splat, { color: false, columns: TRACE_COLUMNS, verbose: options.verbose })),
        '',
      ];
    }),
  );
  return blocks.slice(0, -1);
}

function undecidedLines(state: CampaignState): string[] {
  return list(
    judgedScenarios(state)
      .flatMap(({ scenario }) => inconclusiveTrials(scenario, state))
      .map((trial) => `${nameTrial(trial)} ${describeOutcome(trial)}: ${trial.reason}`),
  );
}

function standingLines(state: CampaignState, options: ReportOptions): string[] {
  const standing = describeStanding(state, options.runDirectory);
  if (!standing) return [];
  return titled('Where it stands', [
    plain(standing.message),
    ...(standing.details.length > 0 ? ['', ...code(standing.details)] : []),
    '',
    plain(standing.next),
  ]);
}
