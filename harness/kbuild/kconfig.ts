// SPDX-License-Identifier: MIT

/** One `config X` of a Kconfig file, as far as it says what the option needs. */
export interface ConfigEntry {
  /** Without `CONFIG_`. */
  readonly symbol: string;
  readonly file: string;
  readonly type: 'bool' | 'tristate' | 'other';
  /** Whether somebody can choose it; else only others select it. */
  readonly hasPrompt: boolean;
  readonly hasDefault: boolean;
  /** Expressions that must hold, those of the menus around it included. */
  readonly depends: readonly string[];
  readonly selects: readonly string[];
}

/** A Kconfig file: its options, and the files that it sources with what these depend on. */
export interface ConfigFile {
  readonly entries: readonly ConfigEntry[];
  readonly sources: readonly { readonly path: string; readonly depends: readonly string[] }[];
}

interface Draft {
  symbol: string;
  type: ConfigEntry['type'];
  hasPrompt: boolean;
  hasDefault: boolean;
  depends: string[];
  selects: string[];
}

const OPENS = /^(?:menu|choice|if)\b/;
const CLOSES = /^end(?:menu|choice|if)\b/;

/** Parses a Kconfig file. What has nothing to do with dependencies is passed over. */
export function parseKconfig(text: string, file: string): ConfigFile {
  const entries: ConfigEntry[] = [];
  const sources: { path: string; depends: readonly string[] }[] = [];
  const around: string[][] = [];
  let draft: Draft | null = null;
  let isComment = false;
  const finish = () => {
    if (draft) entries.push({ ...draft, file });
    draft = null;
  };
  for (const line of withoutHelp(text)) {
    const bare = line.replace(/\s#.*$/, '').trim();
    const symbol = /^(?:menu)?config\s+(\w+)$/.exec(bare)?.[1];
    const source = /^source\s+"([^"]+)"/.exec(bare)?.[1];
    if (symbol !== undefined) {
      finish();
      isComment = false;
      const depends = around.flat();
      draft = { symbol, type: 'other', hasPrompt: false, hasDefault: false, depends, selects: [] };
    } else if (source !== undefined) {
      finish();
      sources.push({ path: source, depends: around.flat() });
    } else if (OPENS.test(bare)) {
      finish();
      isComment = false;
      around.push(bare.startsWith('if') ? [bare.slice(2).trim()] : []);
    } else if (CLOSES.test(bare)) {
      finish();
      around.pop();
    } else if (/^comment\b/.test(bare)) {
      finish();
      isComment = true;
    } else if (!isComment) readAttribute(bare, draft, around);
  }
  finish();
  return { entries, sources };
}

function readAttribute(line: string, draft: Draft | null, around: string[][]): void {
  const depends = /^(?:depends\s+on|visible\s+if)\s+(.+)$/.exec(line)?.[1];
  if (depends !== undefined) {
    if (draft) draft.depends.push(depends);
    else around.at(-1)?.push(depends);
    return;
  }
  if (!draft) return;
  const [, keyword = '', rest = ''] = /^(\w+)\s*(.*)$/.exec(line) ?? [];
  const type = keyword.replace(/^def_/, '');
  if (type === 'bool' || type === 'tristate') draft.type = type;
  if (keyword === 'prompt' || (/^(?:bool|tristate|int|hex|string)$/.test(keyword) && rest.startsWith('"')))
    draft.hasPrompt = true;
  if (keyword.startsWith('def_') || (keyword === 'default' && rest !== 'n')) draft.hasDefault = true;
  if (keyword === 'select') draft.selects.push(rest.split(/\s/)[0] as string);
}

/** The lines of a file without those of its help texts, which may read like keywords, and with continuations joined. */
function* withoutHelp(text: string): Generator<string> {
  let margin: number | null = null;
  let isHelp = false;
  for (const line of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    if (isHelp) {
      if (line.trim() === '') continue;
      const indentation = widthOf(line);
      margin ??= indentation;
      if (indentation >= margin && margin > 0) continue;
      isHelp = false;
    }
    if (/^\s*(?:---help---|help)\s*$/.test(line)) {
      isHelp = true;
      margin = null;
    } else yield line;
  }
}

function widthOf(line: string): number {
  const [indentation = ''] = /^\s*/.exec(line) ?? [];
  return indentation.replace(/\t/g, '        ').length;
}
