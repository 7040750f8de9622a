// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { ArmBuild, PatchState, PerPatchGrid } from '../model/index.ts';
import type { PrintOptions } from './splat.ts';
import { formatDuration, oneLine } from './words.ts';

const MARK: Readonly<Record<PatchState, string>> = {
  good: '.',
  bad: 'X',
  undecided: '?',
  notBuilt: '-',
  notRun: ' ',
};

/** The per-patch run for people: what each patch is, then scenarios × patches, one mark an arm and one reason a line. */
export function printPerPatchGrid(
  perPatch: PerPatchGrid,
  builds: readonly ArmBuild[],
  options: Pick<PrintOptions, 'color'>,
): string {
  const paint = pc.createColors(options.color);
  const last = builds.length - 1;
  const names = builds.map((build) => (build.patches === 0 ? 'base' : String(build.patches)));
  const wide = Math.max('scenario'.length, ...perPatch.rows.map((row) => row.scenario.length));
  const line = (
    head: string,
    cells: readonly string[],
    reason: string,
    tint: (text: string) => string = (text) => text,
  ) =>
    tint(
      `${head.padEnd(wide)}  ${cells.map((cell, index) => cell.padStart(index === 0 ? 4 : 3)).join('')}  ${reason}`.trimEnd(),
    );
  const lines = builds
    .slice(1)
    .map((build) => `${String(build.patches).padStart(3)}/${last}  ${describeBuild(build)}`);
  lines.push('', paint.bold(line('scenario', names, '')));
  lines.push(
    line(
      'builds',
      builds.map((build) => (build.built ? '.' : 'X')),
      '',
    ),
  );
  const bootMark = (boots: boolean | null) =>
    boots === null ? MARK.undecided : boots ? MARK.good : MARK.bad;
  lines.push(
    line(
      'boots',
      perPatch.boots.map((boots, index) => (builds[index]?.built ? bootMark(boots) : MARK.notBuilt)),
      '',
    ),
  );
  for (const row of perPatch.rows)
    lines.push(
      line(
        row.scenario,
        row.states.map((state) => MARK[state]),
        oneLine(row.reason),
        row.brokenBy !== null || row.states.at(-1) === 'bad' ? paint.red : paint.green,
      ),
    );
  lines.push('', '. as expected   X fault   ? undecided   - not built');
  for (const patch of perPatch.notBisectableAt) lines.push(paint.red(`not bisectable at ${patch}/${last}`));
  return lines.join('\n');
}

function describeBuild(build: ArmBuild): string {
  const warnings = build.newDiagnostics.filter((one) => one.severity === 'warning').length;
  const how = !build.built
    ? `does not compile: ${build.newDiagnostics[0]?.message ?? 'see the build log'}`
    : `${build.cached ? 'cached' : `built in ${formatDuration(build.durationMs)}`}${build.sameBoot ? ', only modules differ' : ''}${warnings > 0 ? `, ${warnings} new warning${warnings > 1 ? 's' : ''}` : ''}`;
  return `${oneLine(build.subject ?? 'base')} (${oneLine(how)})`;
}
