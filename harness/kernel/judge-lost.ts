// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { Fault } from '../model/index.ts';
import { describeLost, type LostReason, placeOf } from './describe-lost.ts';
import { type ExplainRequest, explainConfig } from './explain-config.ts';
import type { LostOption, RequestedOption } from './fragment.ts';
import { DETECTED } from './requested-options.ts';

/** So many options are explained; of more, the first ones matter. */
const MOST_EXPLAINED = 500;

/**
 * Judges options that did not survive. Returns notes about those that may be lost: of a fragment that ktrial ships, what this
 * source does not know or keeps switched on; of the source's own fragments, and of what was detected, all. Fault `CONFIG_LOST_OPTION` (request) tells all
 * others, with what Kconfig says of each.
 */
export async function judgeLost(
  lost: readonly LostOption[],
  requested: readonly RequestedOption[],
  request: ExplainRequest,
): Promise<string[]> {
  if (lost.length === 0) return [];
  const explanation = await explainConfig(request, lost.slice(0, MOST_EXPLAINED));
  const judged = lost.map((option) => {
    const reason: LostReason =
      typeof explanation === 'string'
        ? { lines: [], known: null, remedy: [] }
        : describeLost(option, explanation, requested);
    return { option, reason, isNote: isNote(option, reason) };
  });
  // What ktrial ships is often lost by what the user asks for.
  const rankOf = ({ option }: Judged) => (option.from ? 1 : 0);
  const bad = judged.filter((one) => !one.isNote).sort((one, other) => rankOf(one) - rankOf(other));
  if (bad.length > 0) throw lostFault(bad, typeof explanation === 'string' ? explanation : null);
  return describeNotes(judged);
}

interface Judged {
  readonly option: LostOption;
  readonly reason: LostReason;
}

function isNote({ from, value }: LostOption, { known }: LostReason): boolean {
  if (!from) return false;
  return from === DETECTED || from.startsWith('tree/') || known === false || value === 'n';
}

/** One note for all that a fragment asks for and this source does not know, and one for each other option. */
function describeNotes(judged: readonly Judged[]): string[] {
  const unknown = new Map<string, string[]>();
  const notes: string[] = [];
  for (const { option, reason } of judged) {
    const { from, name, value, got } = option;
    if (reason.known === false) unknown.set(from ?? '', [...(unknown.get(from ?? '') ?? []), name]);
    else
      notes.push(
        `${from}: ${name}: got ${got}, expected ${value}${reason.lines[0] === undefined ? '' : `: ${reason.lines[0]}`}`,
      );
  }
  return [
    ...[...unknown].map(([from, names]) => `${from}: this source does not know ${names.join(', ')}`),
    ...notes,
  ];
}

function lostFault(lost: readonly Judged[], noReason: string | null): Fault {
  const [first] = lost.map(({ option }) => option);
  const others = lost.length > 1 ? ` and ${lost.length - 1} more` : '';
  const remedy = [...new Set(lost.flatMap(({ reason }) => reason.remedy))];
  const where = first && placeOf({ ...first, file: basename(first.file) });
  return new Fault({
    blame: 'request',
    code: 'CONFIG_LOST_OPTION',
    message: `${first?.name}=${first?.value} (${where})${others} did not survive olddefconfig`,
    next:
      remedy.length > 0
        ? `remove the option, or add what is missing to a fragment, to options: or with --config: ${remedy.join(' ')}`
        : 'remove the option, or change what it depends on',
    details: [
      ...lost.flatMap(({ option, reason }) => [
        `${placeOf(option)}: ${option.name}: got ${option.got}, expected ${option.value}`,
        ...reason.lines.map((line) => `  ${line}`),
      ]),
      ...(noReason === null ? [] : [`the Kconfig of this source could not be asked why: ${noReason}`]),
    ],
    ...(first && first.line !== null
      ? { span: { file: first.file, line: first.line, column: 1, length: first.name.length } }
      : {}),
  });
}
