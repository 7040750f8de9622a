// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import { type Hunk, listHunks } from './hunk.ts';
import { decodeQuotedPrintable } from './mime.ts';

/** What a mail program did to a patch: the end of a sentence that begins with the patch. */
export interface Damage {
  readonly what: string;
  /** Lines of evidence. */
  readonly details: readonly string[];
}

const INTACT =
  'get the patch as it was sent: `b4 am MESSAGE-ID`, or "Show original" and "Save as" in the mail program; its author can send it with `git send-email`, or attach it as a file';

/** A patch that a mail program damaged, as a Fault. */
export function damaged(origin: string, subject: string, { what, details }: Damage): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_DAMAGED',
    message: `the patch "${subject.slice(0, 200)}" in ${origin} is damaged: ${what}`,
    details,
    next: INTACT,
  });
}

const START = String.raw`(?:diff --git |--- \S.*\n\+\+\+ |@@ -\d)`;
/** How the start of a diff looks after what mail programs do to it, in a text without a readable diff. */
const DISGUISES: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern: /^(?:[>|] ?)+(?:diff --git |--- \S|@@ -\d)/m,
    what: 'the mail program quoted it with `>`, as in a reply',
  },
  { pattern: new RegExp(`^[ \\t\\u00a0]+${START}`, 'm'), what: 'the mail program indented it' },
  {
    pattern: /^diff (?:\u2014|\u2013|\xe2\x80[\x93\x94])-?git /m,
    what: 'the mail program replaced `--` by a dash',
  },
  { pattern: /^diff(?:=20| =2D=2Dgit|=\n)/m, what: 'its quoted-printable encoding was not undone' },
  { pattern: /^- (?:--- a\/|-)/m, what: 'lines that begin with `-` have the dash escapes of PGP' },
];

/** Finds a diff that nobody can read in the text of a mail (latin1); null if there is no sign of one. */
export function findDisguisedDiff(text: string, isHtml: boolean): Damage | null {
  if (isHtml)
    return /diff --git|@@ -\d|&gt;|---/.test(text)
      ? { what: 'the mail is HTML only, and HTML does not keep white space and `<`', details: [] }
      : null;
  const found = DISGUISES.find(({ pattern }) => pattern.test(text));
  return found ? { what: found.what, details: [] } : null;
}

/** Finds what a mail program did to a diff (latin1); null if every hunk is whole and nothing looks odd. */
export function findDamage(diff: string): Damage | null {
  const lines = diff.split('\n');
  const hunks = listHunks(lines);
  const torn = hunks.find((hunk) => hunk.owed > 0);
  if (torn) return describeTorn(torn, lines);
  const long = hunks.find(({ at, body }) => /^(?:\+|-(?!-))/.test(lines[at + 1 + body.length] ?? ''));
  if (long)
    return {
      what: 'a hunk has more lines than its header says: it was edited by hand',
      details: [`the hunk ${long.header} of ${long.file}`],
    };
  const bodies = hunks.flatMap((hunk) => hunk.body);
  const text = bodies.join('\n');
  if (hasOnlyEscapes(text))
    return { what: 'its quoted-printable encoding (`=3D`) was not undone', details: [] };
  const nbsp = bodies.find((line) => /^[ +-][ \t]*(?:\xc2\xa0|\xa0)/.test(line));
  if (nbsp !== undefined) return { what: 'white space became non-breaking spaces', details: quote(nbsp) };
  const entity = bodies.find((line) => /&(?:lt|gt|amp|quot|nbsp);/.test(line));
  if (entity !== undefined && !/^.+[<>]/m.test(text) && hunks.some(({ file }) => isSource(file)))
    return { what: 'it came out of HTML: `<` is `&lt;`', details: quote(entity) };
  const curly = bodies.find((line) => /[(,=\s]\xe2\x80\x9c.*\xe2\x80\x9d\s*[,);\\]/.test(line));
  if (curly !== undefined && !text.includes('"') && hunks.some(({ file }) => isSource(file)))
    return { what: 'straight quotes became typographic ones', details: quote(curly) };
  if (/^Binary files .* differ$/m.test(diff) && !/^GIT binary patch$/m.test(diff))
    return {
      what: 'a binary file is in it without its data (`git format-patch` writes it, `git diff` needs --binary)',
      details: [],
    };
  return null;
}

function isSource(file: string): boolean {
  return /\.(?:c|h|S|rs|lds|dtsi?)$|(?:Makefile|Kconfig|Kbuild)/.test(file);
}

/** Whether each `=` in a text begins an escape of quoted-printable. */
function hasOnlyEscapes(text: string): boolean {
  return /=3D/.test(text) && !/=(?![0-9A-F]{2}|$)/m.test(text);
}

/** What became of a hunk that ends before it should. */
function describeTorn(hunk: Hunk, lines: readonly string[]): Damage {
  const end = hunk.at + 1 + hunk.body.length;
  const stranger = lines[end] ?? '';
  const rest = lines.slice(hunk.at + 1, end + 4000);
  const details = [
    `the hunk ${hunk.header} of ${hunk.file} is not whole: ${hunk.owed} ${hunk.owed === 1 ? 'line is' : 'lines are'} missing`,
    ...(stranger === '' ? [] : [`after it comes: ${printableStart(stranger)}`]),
  ];
  const isSignature = lines[end - 1] === '-- ' && /^\d+\.\d/.test(stranger);
  const isEnd = isSignature || end >= lines.length - 1 || /^-- ?$|^diff --git |^--- |^From /.test(stranger);
  if (isEnd)
    return {
      what: 'a hunk has fewer lines than its header says: the end was cut off, or the patch was edited by hand',
      details,
    };
  const [, tail = ''] = /^(?:\xc2\xa0|\xa0)(.*)/.exec(stranger) ?? [];
  if (tail !== '') return { what: 'white space became non-breaking spaces', details };
  if (/^>/.test(stranger)) return { what: 'the mail program quoted it with `>`, as in a reply', details };
  if (/=(?:3D|20|09)|=$/.test(rest.join('\n')) && isWhole(hunk, unquote(rest)))
    return { what: 'its quoted-printable encoding was not undone', details };
  if (isWhole(hunk, joinWrapped(rest))) return { what: 'the mail program wrapped its long lines', details };
  if (
    isWhole(
      hunk,
      rest.map((line) => (/^[ +\-\\]/.test(line) ? line : ` ${line}`)),
    )
  )
    return { what: 'the mail program removed the space at the start of lines', details };
  const previous = lines[end - 1] ?? '';
  if (previous.length >= 55) return { what: 'the mail program wrapped its long lines', details };
  return { what: 'a hunk is torn', details };
}

function isWhole({ oldLines, newLines }: Hunk, body: readonly string[]): boolean {
  let [owedOld, owedNew] = [oldLines, newLines];
  for (const line of body) {
    const kind = line.charAt(0) || ' ';
    if (owedOld <= 0 && owedNew <= 0) return owedOld === 0 && owedNew === 0;
    if (!' -+\\'.includes(kind)) return false;
    if (kind === ' ' || kind === '-') owedOld--;
    if (kind === ' ' || kind === '+') owedNew--;
  }
  return owedOld === 0 && owedNew === 0;
}

function unquote(lines: readonly string[]): string[] {
  return decodeQuotedPrintable(Buffer.from(lines.join('\n'), 'latin1'))
    .toString('latin1')
    .split('\n');
}

/** Lines with those that no marker begins put behind the line before them. */
function joinWrapped(lines: readonly string[]): string[] {
  const joined: string[] = [];
  for (const line of lines)
    if (/^[ +\-\\@]|^$|^diff /.test(line)) joined.push(line);
    // Before the first marker stands the rest of the hunk's header.
    else if (joined.length > 0) joined.push(`${joined.pop()} ${line}`);
  return joined;
}

function quote(line: string): string[] {
  return [`a line of it: ${printableStart(line)}`];
}

function printableStart(line: string): string {
  return Buffer.from(line.slice(0, 160), 'latin1').toString();
}
