// SPDX-License-Identifier: MIT
import { both, type Conditions, conditionsOfSuffix, negate, parseConditional } from './condition.ts';

/** One assignment of a makefile that names objects, directories or other variables. */
export interface Assignment {
  /** The variable without its suffix: `obj`, `zram`, `vobjs`. */
  readonly name: string;
  readonly conditions: Conditions;
  /** Objects and directories as they are written, and `@NAME` for the value of a variable. */
  readonly tokens: readonly string[];
}

/** A makefile as far as it says what is built. */
export interface Makefile {
  readonly assignments: readonly Assignment[];
  /** Other makefiles that it includes, relative to the top of the tree. */
  readonly includes: readonly string[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?((?:[\w./-]|\$[({][^=:]*?[)}])+)\s*(?:\+|:{1,3}|\?)?=\s*(.*)$/;

/** Parses a makefile of Kbuild. `directory` is where it stands; `constants` are variables whose values are known. */
export function parseMakefile(
  text: string,
  directory: string,
  constants: ReadonlyMap<string, string>,
): Makefile {
  const assignments: Assignment[] = [];
  const includes: string[] = [];
  const stack: { taken: Conditions; others: Conditions }[] = [];
  const here = (): Conditions => stack.reduce<Conditions>((all, { taken }) => both(all, taken), []);
  for (const line of logicalLines(text)) {
    const bare = line.trim();
    if (/^ifn?(?:eq|def)\b/.test(bare)) {
      const taken = parseConditional(bare, constants);
      stack.push({ taken, others: negate(taken) });
      continue;
    }
    if (/^else\b/.test(bare)) {
      const top = stack.pop();
      const further = bare.slice(4).trim();
      const asked = further === '' ? [] : parseConditional(further, constants);
      const others = top?.others ?? [];
      stack.push({ taken: both(others, asked), others: both(others, negate(asked)) });
      continue;
    }
    if (/^endif\b/.test(bare)) {
      stack.pop();
      continue;
    }
    const included = /^-?s?include\s+(.*)$/.exec(bare)?.[1];
    if (included !== undefined) {
      includes.push(...included.split(/\s+/).map((one) => expandPath(one, directory, constants)));
      continue;
    }
    const [, variable, value] = ASSIGNMENT.exec(line) ?? [];
    if (variable === undefined || value === undefined) continue;
    const { name, suffix } = splitVariable(variable);
    if (suffix === null) continue;
    const conditions = both(here(), suffix);
    assignments.push({ name, conditions, tokens: expandValue(value, constants) });
  }
  return { assignments, includes: includes.filter((path) => path !== '' && !path.includes('$')) };
}

/** Lines with continuations joined and comments removed. */
function logicalLines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|[^\\])#.*$/, '$1'));
}

/** The name of a variable, and what its suffix depends on; null for what is never built. */
function splitVariable(variable: string): { readonly name: string; readonly suffix: Conditions } {
  const dynamic = /^([\w./-]*?)-?(\$[({].*)$/.exec(variable);
  if (dynamic)
    return { name: bareName(dynamic[1] as string), suffix: conditionsOfSuffix(dynamic[2] as string) };
  const fixed = /^(.*)-(y|m|n|)$/.exec(variable);
  if (fixed) {
    const isBuilt = fixed[2] === 'y' || fixed[2] === 'm';
    return { name: bareName(fixed[1] as string), suffix: isBuilt ? [] : null };
  }
  return { name: bareName(variable), suffix: [] };
}

function bareName(name: string): string {
  return name.replace(/-objs$/, '');
}

function expandPath(text: string, directory: string, constants: ReadonlyMap<string, string>): string {
  return text
    .replace(/\$[({](?:srctree|src|obj)[)}]/g, (whole) => (whole.includes('srctree') ? '' : directory))
    .replace(/\$[({](\w+)[)}]/g, (whole, name: string) => constants.get(name) ?? whole)
    .replace(/^\/+/, '');
}

/** The words of a value, with the functions of make that lists of objects are written with. */
function expandValue(value: string, constants: ReadonlyMap<string, string>): string[] {
  let text = value
    .replace(/\$[({](?:obj|src|srctree)[)}]\//g, '')
    .replace(/\$[({](\w+)[)}]/g, (whole, name: string) => constants.get(name) ?? whole)
    .replace(/\$[({]CONFIG_\w+[)}]/g, '')
    .replace(/\$[({]([\w-]+)[)}]/g, '@$1');
  for (let depth = 0; depth < 8 && text.includes('$'); depth += 1)
    text = text.replace(/\$[({]([\w-]+)\s+([^(){}$]*)[)}]/g, (_whole, name: string, args: string) =>
      callFunction(name, args),
    );
  return text.split(/\s+/).filter((word) => word !== '');
}

function callFunction(name: string, args: string): string {
  const parts = args.split(',');
  const last = parts.at(-1) ?? '';
  const [first = ''] = parts;
  if (name === 'addprefix')
    return last
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => `${first.trim()}${word}`)
      .join(' ');
  if (name === 'addsuffix')
    return last
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => `${word}${first.trim()}`)
      .join(' ');
  return last;
}
