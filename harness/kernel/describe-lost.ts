// SPDX-License-Identifier: MIT
import { suggestName } from '../document/index.ts';
import { bare, type ConfigExplanation, type OptionExplanation } from './explain-config.ts';
import type { LostOption, RequestedOption } from './fragment.ts';

/** Why an option is lost. */
export interface LostReason {
  /** Lines for people, the first one without indentation. */
  readonly lines: readonly string[];
  /** Whether the source knows the option; null where its Kconfig could not be asked. */
  readonly known: boolean | null;
  /** Options to set so that this one survives, as `CONFIG_NAME=VALUE`; empty where that is not known. */
  readonly remedy: readonly string[];
}

type Known = Extract<OptionExplanation, { known: true }>;

const RANK: Readonly<Record<string, number>> = { n: 0, m: 1, y: 2 };
/** A chain of options that wait for one another is told so far. */
const DEPTH = 4;

/** Says of a lost option what menuconfig would: what it depends on and what of that is missing, who forces it, and so on. */
export function describeLost(
  lost: LostOption,
  explanation: ConfigExplanation,
  requested: readonly RequestedOption[],
): LostReason {
  const found = explanation.options.get(bare(lost.name));
  if (!found) return { lines: [], known: null, remedy: [] };
  if (!found.known) {
    const near = suggestName(bare(lost.name), explanation.names);
    const hint = near === null ? '' : `; did you mean CONFIG_${near}?`;
    return { lines: [`there is no such option in this source${hint}`], known: false, remedy: [] };
  }
  const reason = explain(found, lost, { explanation, requested, seen: new Set([found.name]), depth: DEPTH });
  return { ...reason, known: true };
}

interface Scope {
  readonly explanation: ConfigExplanation;
  readonly requested: readonly RequestedOption[];
  readonly seen: Set<string>;
  readonly depth: number;
}

interface Reason {
  readonly lines: readonly string[];
  readonly remedy: readonly string[];
}

function explain(option: Known, { value, got }: Pick<LostOption, 'value' | 'got'>, scope: Scope): Reason {
  const mismatch = describeType(option, value);
  if (mismatch !== null) return only(mismatch);
  const isRaised = (RANK[value] ?? 2) > (RANK[got] ?? 2) || !(value in RANK);
  if (isRaised && option.depends && option.depends.missing.length > 0)
    return waitsFor('depends on', option.depends, value, scope);
  const forcing = option.selectedBy.filter((one) => one.value !== 'n');
  if (!isRaised && forcing.length > 0)
    return only(`forced to ${got} by: ${forcing.map(({ text }) => text).join(', or by ')}`);
  if (!option.prompt) {
    const selectors = option.selectedBy.map(({ text }) => `selected by: ${text}`);
    return {
      lines: [`it has no prompt: it cannot be set, only other options set it`, ...selectors],
      remedy: [],
    };
  }
  if (option.promptIf) {
    const reason = waitsFor('can only be changed if', option.promptIf, 'y', scope);
    return option.promptIf.missing.length > 0 ? reason : only(reason.lines[0] ?? '');
  }
  if (option.chosen !== null)
    return only(`in its choice CONFIG_${option.chosen} is chosen, and only one can be`);
  if (option.ranges.length > 0) return only(`it must be in the range ${option.ranges.join(' or ')}`);
  if (got === 'y' && value === 'n')
    return only('one of its choice must be y, or another option sets it again');
  return only('its Kconfig names no reason');
}

function only(line: string): Reason {
  return { lines: [line], remedy: [] };
}

/** What is wrong with the form of a value; null when it can be one of this option. */
function describeType({ type }: Known, value: string): string | null {
  const isState = value in RANK;
  const isNumber = /^-?\d+$/.test(value);
  if (type === 'bool' && value === 'm') return 'it is a bool: it can be y or n, not m';
  if ((type === 'bool' || type === 'tristate') && !isState)
    return `it is a ${type}: got ${value}, expected y${type === 'bool' ? '' : ', m'} or n`;
  if (type === 'integer' && !isNumber && value !== 'n')
    return `it is an integer: got ${value}, expected digits`;
  if (type === 'hex' && !isNumber && !/^0x/i.test(value) && value !== 'n')
    return `it is a hex number: got ${value}, expected 0x and digits`;
  if (type === 'string' && !value.startsWith('"') && value !== 'n')
    return `it is a text: got ${value}, expected it in quotes`;
  return null;
}

/** A condition that does not hold, and what the options wait for that it waits for. */
function waitsFor(
  words: string,
  condition: NonNullable<Known['depends']>,
  value: string,
  scope: Scope,
): Reason {
  const lines = [`${words}: ${condition.text}`];
  const remedy: string[] = [];
  for (const { text, alone } of condition.missing) {
    lines.push(`  missing: ${text}${alone ? placeOfSetting(text, scope) : ''}`);
    if (!alone || scope.depth === 0) continue;
    const name = /^\w+/.exec(text)?.[0] ?? '';
    const found = scope.explanation.options.get(name);
    if (!found || scope.seen.has(name)) continue;
    scope.seen.add(name);
    if (!found.known) {
      lines.push(`    ${name}: there is no such option in this source`);
      continue;
    }
    const wanted = found.type === 'tristate' && value === 'm' ? 'm' : 'y';
    const isFree = found.prompt && !found.promptIf && !found.depends?.missing.length && found.chosen === null;
    if (!isFree) {
      const deeper = explain(
        found,
        { value: wanted, got: found.value },
        { ...scope, depth: scope.depth - 1 },
      );
      lines.push(...deeper.lines.map((line, index) => `    ${index === 0 ? `${name} ` : ''}${line}`));
      remedy.push(...deeper.remedy);
    }
    if (found.prompt) remedy.push(`CONFIG_${name}=${wanted}`);
  }
  return { lines, remedy: [...new Set(remedy)] };
}

/** Who switched off what is missing. */
function placeOfSetting(text: string, { requested }: Scope): string {
  const name = `CONFIG_${/^\w+/.exec(text)?.[0] ?? ''}`;
  const last = requested.findLast((one) => one.name === name);
  return last?.value === 'n' ? `, which ${last.from ?? placeOf(last)} sets to n` : '';
}

/** The place at which an option is asked for. */
export function placeOf({ file, line }: Pick<RequestedOption, 'file' | 'line'>): string {
  return line === null ? file : `${file}:${line}`;
}
