// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import {
  type ArmState,
  type CampaignState,
  groupFindings,
  isConclusive,
  type PatchRow,
  type PatchState,
  type PerPatchGrid,
} from '../model/index.ts';
import { endedTrials } from './select.ts';
import { oneLine, padText, widthOf } from './text.ts';
import { formatDuration } from './words.ts';

const MARKS: Readonly<Record<PatchState | 'new', string>> = {
  good: '.',
  bad: 'X',
  new: 'N',
  undecided: '?',
  notBuilt: '-',
  notRun: ' ',
  skipped: 's',
};

const LEGEND = '. as expected   N new fault   X fault of the base   ? inconclusive   - not built';

/** Prints a per-patch run: a line for each patch, then the grid of scenarios and patches with a reason for each row. */
export function gridLines(state: CampaignState, color: boolean): string[] {
  const perPatch = state.verdict?.perPatch;
  if (!perPatch) return [];
  const paint = pc.createColors(color);
  const arms = perPatch.arms.flatMap((name) => state.arms.filter((arm) => arm.name === name));
  const last = arms.length - 1;
  const names = perPatch.rows.map((row) => oneLine(row.scenario));
  const width = Math.max('scenario'.length, ...names.map(widthOf));
  const row = (head: string, cells: readonly string[], reason = '') =>
    `${padText(head, width)}  ${cells.map((cell, index) => cell.padStart(index === 0 ? 4 : 3)).join('')}  ${oneLine(reason)}`.trimEnd();
  return [
    ...arms.slice(1).map((arm) => `${String(arm.patches).padStart(3)}/${last}  ${describeArm(arm)}`),
    '',
    paint.bold(
      row(
        'scenario',
        arms.map((arm) => (arm.patches === 0 ? 'base' : String(arm.patches))),
      ),
    ),
    row('builds', buildMarks(arms)),
    row('boots', bootMarks(perPatch, arms)),
    ...perPatch.rows.map((one, index) => {
      const tint = one.brokenBy !== null || one.states.at(-1) === 'bad' ? paint.red : paint.green;
      const marks = one.states.map((cell, arm) =>
        cell === 'bad' && isNew(one.scenario, perPatch.arms[arm] ?? '', state) ? MARKS.new : MARKS[cell],
      );
      return tint(row(names[index] ?? '', marks, `${one.reason}${describeCounts(one)}`));
    }),
    '',
    perPatch.rows.some((one) => one.states.includes('skipped')) ? `${LEGEND}   s skipped` : LEGEND,
    ...perPatch.notBisectableAt.map((patch) => paint.red(`not bisectable at ${patch}/${last}`)),
  ];
}

/** How many trials stand behind the patches that a row names: ` (7: 1 of 1, 8: 0 of 2)`, where trials showed a fault. */
function describeCounts({ counts, fixedBy, brokenBy }: PatchRow): string {
  const patches = [fixedBy, brokenBy].flatMap((patch) => (patch === null ? [] : [patch - 1, patch]));
  const parts = [...new Set(patches)].flatMap((patch) => {
    const count = counts?.[patch];
    return count ? [`${patch === 0 ? 'base' : patch}: ${count.seen} of ${count.trials}`] : [];
  });
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

/** Whether an arm shows a fault in a scenario that the base does not show. False if the base was not judged in it. */
function isNew(scenario: string, arm: string, state: CampaignState): boolean {
  const own = endedTrials(state).filter((trial) => trial.scenario === scenario && isConclusive(trial));
  const onBase = own.filter((trial) => trial.arm === state.arms[0]?.name);
  const groups = groupFindings([...onBase, ...own].flatMap((trial) => trial.findings));
  const seen = new Set(onBase.flatMap((trial) => trial.findings.map((one) => groups.get(one.signature))));
  return (
    onBase.length > 0 &&
    own.some(
      (trial) => trial.arm === arm && trial.findings.some((one) => !seen.has(groups.get(one.signature))),
    )
  );
}

function buildMarks(arms: readonly ArmState[]): string[] {
  const fault = arms[0]?.build?.built ? MARKS.new : MARKS.bad;
  return arms.map(({ build }) => (!build ? MARKS.notRun : build.built ? MARKS.good : fault));
}

function bootMarks({ boots }: PerPatchGrid, arms: readonly ArmState[]): string[] {
  const fault = boots[0] === true ? MARKS.new : MARKS.bad;
  return arms.map(({ build }, index) => {
    if (!build?.built) return MARKS.notBuilt;
    const boot = boots[index] ?? null;
    return boot === null ? MARKS.undecided : boot ? MARKS.good : fault;
  });
}

function describeArm({ build }: ArmState): string {
  if (!build) return '(not built)';
  return `${oneLine(build.subject ?? 'base')} (${oneLine(describeBuild(build))})`;
}

function describeBuild(build: NonNullable<ArmState['build']>): string {
  if (!build.built) return `does not compile: ${build.newDiagnostics[0]?.message ?? 'see the build log'}`;
  const warnings = build.newDiagnostics.filter((one) => one.severity === 'warning').length;
  return [
    build.cached ? 'cached' : `built in ${formatDuration(build.durationMs)}`,
    ...(build.sameBoot ? ['only modules differ'] : []),
    ...(warnings > 0 ? [`${warnings} new warning${warnings > 1 ? 's' : ''}`] : []),
  ].join(', ');
}
