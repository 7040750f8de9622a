// SPDX-License-Identifier: MIT
import { quoteArg, quoteArgs } from '../model/index.ts';
import { kernelNameOf, MODULE_DIRECTORY } from './modules.ts';
import type { Race, RaceAction } from './race-language.ts';

/** Exit code of the command line: a module was not built. Its name is on standard error. */
export const NO_MODULE_EXIT = 66;
/** Exit code of the guest's program: there can be no race in this machine. Standard error says why. */
export const IMPOSSIBLE_EXIT = 64;

/** The command line of race, the guest's program that performs a whole race. `scale` makes real time of written time. */
export function raceCommand(race: Race, scale: (ms: number) => number): string {
  const { rounds, timeMs, fromUs, stepUs, points, jitterUs, untilHit } = race;
  const options = [
    ...(rounds === null ? [] : ['-n', String(rounds)]),
    ...(timeMs === null ? [] : ['-t', String(Math.ceil(timeMs))]),
    ...['-T', String(Math.ceil(scale(race.timeoutMs)))],
    ...['-o', `${fromUs}:${stepUs}:${points}`],
    ...['-j', String(jitterUs)],
    ...(untilHit ? ['-1'] : []),
  ];
  const parts = [
    ...race.before.flatMap((one) => ['before', ...describeListed(one)]),
    ...race.after.flatMap((one) => ['after', ...describeListed(one)]),
    ...race.actors.flatMap((actor) => [
      ...['actor', actor.name, describeCpu(actor.cpu), actor.priority?.replace(' ', ':') ?? '-'],
      ...[describeHit(race, actor), ...describeAction(actor)],
    ]),
  ];
  return `${requireModules(race)}exec ${quoteArgs(['race', ...options, ...parts])}`;
}

function describeListed(action: RaceAction): readonly string[] {
  return [action.expect?.join() ?? '!', ...describeAction(action)];
}

function describeCpu(cpu: Race['actors'][number]['cpu']): string {
  return cpu === null ? '+' : cpu === 'any' ? '-' : String(cpu);
}

/** The actor's results that count as a hit: those that are named, else those that it does not expect. */
function describeHit({ hit }: Race, { name, expect }: Race['actors'][number]): string {
  if (hit) return hit.actor === null || hit.actor === name ? hit.results.join() : '';
  return expect === null ? '' : `!${expect.join()}`;
}

function describeAction({ does }: RaceAction): readonly string[] {
  const args = listArguments(does);
  return [does.kind, String(args.length), ...args];
}

function listArguments(does: RaceAction['does']): readonly string[] {
  switch (does.kind) {
    case 'command':
      return [does.command];
    case 'write':
      return [does.early ? '1' : '0', does.to, String(does.uuids ?? 0), ...does.values];
    case 'insmod':
      return [pathOf(does.module), does.args];
    case 'rmmod':
      return [kernelNameOf(does.module)];
  }
}

function pathOf(module: string): string {
  return `${MODULE_DIRECTORY}/${module}.ko`;
}

/** The kernel says ENOENT for a symbol that nothing exports as well as for a file that is not there. */
function requireModules({ before, after, actors }: Race): string {
  const modules = [...before, ...after, ...actors].flatMap(({ does }) =>
    does.kind === 'insmod' ? [does.module] : [],
  );
  return [...new Set(modules)]
    .map(
      (one) => `[ -f ${quoteArg(pathOf(one))} ] || { echo ${quoteArg(one)} >&2; exit ${NO_MODULE_EXIT}; }; `,
    )
    .join('');
}
