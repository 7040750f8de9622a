// SPDX-License-Identifier: MIT
import { Composer, type CST, Parser, type YAMLParseError, type Document as YamlDocument } from 'yaml';
import type { DiagnosticCode } from './diagnostic.ts';
import { showText } from './phrase.ts';
import type { Range } from './place.ts';

/** A problem of a document, still without its line and column. */
export interface Problem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly range: Range;
}

export interface Composed {
  /** The nodes; null when the text has none, or nests too deeply to be looked at. */
  readonly yaml: YamlDocument | null;
  readonly problems: readonly Problem[];
}

/** Texts stay texts: what is a number is decided by what is asked for. */
const OPTIONS = {
  schema: 'failsafe',
  resolveKnownTags: false,
  prettyErrors: false,
  uniqueKeys: false,
  logLevel: 'silent',
} as const;

const SYNTAX_CODES: Readonly<Partial<Record<YAMLParseError['code'], DiagnosticCode>>> = {
  BAD_INDENT: 'YAML_INDENT',
  TAB_AS_INDENT: 'YAML_INDENT',
  BAD_ALIAS: 'YAML_ALIAS',
};

/** Parses YAML 1.2 text into nodes, with every problem of its syntax. */
export function composeYaml(text: string, deepest: number): Composed {
  const tokens = [...new Parser().parse(text)];
  const tooDeep = findDeepToken(tokens, deepest);
  if (tooDeep !== null) {
    const message = `maps and lists nest more than ${deepest} levels deep: --limit document-depth=${2 * deepest} allows more`;
    return { yaml: null, problems: [{ code: 'OUT_OF_RANGE', message, range: [tooDeep, tooDeep + 1] }] };
  }
  let yaml: YamlDocument | null = null;
  for (const one of new Composer(OPTIONS).compose(tokens, true, text.length)) {
    if (yaml === null) {
      yaml = one as YamlDocument;
      continue;
    }
    const message = 'got a second document after ---, expected one document: make it a file of its own';
    // The line that separates the two.
    const start = text.lastIndexOf('---', one.range[0]);
    return {
      yaml,
      problems: [
        ...describeErrors(yaml),
        { code: 'YAML_MANY_DOCUMENTS', message, range: [start, start + 1] },
      ],
    };
  }
  return { yaml, problems: yaml === null ? [] : describeErrors(yaml) };
}

function describeErrors(yaml: YamlDocument): readonly Problem[] {
  // Tags are looked at with the values.
  return [...yaml.errors, ...yaml.warnings]
    .filter((problem) => problem.code !== 'TAG_RESOLVE_FAILED')
    .map(({ code, message, pos }) => ({
      code: SYNTAX_CODES[code] ?? 'YAML_SYNTAX',
      message: describeError(code, message),
      range: pos,
    }));
}

function describeError(code: YAMLParseError['code'], message: string): string {
  if (code === 'KEY_OVER_1024_CHARS') return 'a key has more than 1024 characters';
  return showText(message.length > 200 ? `${message.slice(0, 200)}…` : message);
}

/** The offset of the first collection that is nested more deeply than allowed. Does not recurse, so that it always ends. */
function findDeepToken(tokens: readonly CST.Token[], deepest: number): number | null {
  const left: (readonly [token: CST.Token, depth: number])[] = tokens.map((token) => [token, 0]);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [token, depth] = next;
    if (token.type === 'document' && token.value) left.push([token.value, depth]);
    if (!('items' in token)) continue;
    if (depth >= deepest) return token.offset;
    for (const item of token.items) {
      if (item.key) left.push([item.key, depth + 1]);
      if (item.value) left.push([item.value, depth + 1]);
    }
  }
  return null;
}
