// SPDX-License-Identifier: MIT
import type { SheetLine } from './sheet.ts';

/** Logs as records with named fields: journals, containers, laboratories. */

type Fields = Readonly<Record<string, unknown>>;

const JSON_LINE = /^\s*(?:- ?|\[|"dmesg": ?\[)?\s*\{.*"(MESSAGE|msg|message|log|textPayload|line)"\s*:/;
/** What is left of a record that is no sound JSON. */
const LOOSE = /^.{0,400}?"(?:MESSAGE|msg|message|log|textPayload|line)"\s*:\s*"(.*)"\s*\}?\s*,?$/;
const SHARE = 0.5;
/** In characters. A longer line is no record. */
const LONGEST = 32 * 1024;
const KERNEL = 'kernel';

/** One record a line, in JSON: `journalctl -o json`, `dmesg -J`, container engines, laboratories. */
export function undoJson(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let filled = 0;
  let records = 0;
  for (const { text } of lines) {
    if (text.trim() !== '') filled += 1;
    if (isRecord(text)) records += 1;
  }
  if (records === 0 || records < filled * SHARE) return null;
  return lines.flatMap((line) => {
    if (!isRecord(line.text)) return [line];
    const fields = parseRecord(line.text);
    if (fields) return writeRecord(fields, line.from, line.to);
    const loose = LOOSE.exec(line.text)?.[1];
    return loose === undefined ? [line] : [{ ...line, text: unescapeLoosely(loose) }];
  });
}

function isRecord(text: string): boolean {
  return text.length <= LONGEST && text.includes('{') && JSON_LINE.test(text);
}

function parseRecord(text: string): Fields | null {
  const from = text.indexOf('{');
  const to = text.lastIndexOf('}');
  try {
    const value: unknown = JSON.parse(text.slice(from, to + 1));
    return typeof value === 'object' && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function unescapeLoosely(text: string): string {
  return text
    .replace(/\\(["\\/])/g, '$1')
    .replace(/(?:\\[rn])+$/, '')
    .replace(/\\t/g, '\t');
}

const FIELD = /^\s*"?([A-Z_][A-Z0-9_]*)"?\s*(?:=| : )(.*)$/;
const VERBOSE = /^\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d.* \[s=[0-9a-f]+;/;
const RECORD_START = /^(?:__CURSOR=|\{\s*$)/;

/** One field a line: `journalctl -o export`, `-o verbose`, `-o json-pretty`. */
export function undoFields(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  if (!lines.some(({ text }) => VERBOSE.test(text) || RECORD_START.test(text))) return null;
  if (!lines.some(({ text }) => /^\s*"?MESSAGE"?(?:=| : )/.test(text))) return null;
  const found: SheetLine[] = [];
  let open: { fields: Record<string, unknown>; name: string; from: number; to: number } | null = null;
  const close = () => {
    if (open) found.push(...writeRecord(open.fields, open.from, open.to));
    open = null;
  };
  for (const line of lines) {
    const { text } = line;
    if (VERBOSE.test(text) || RECORD_START.test(text) || text.trim() === '') {
      close();
      if (text.trim() === '') continue;
      open = { fields: {}, name: '', from: line.from, to: line.to };
    }
    const field = FIELD.exec(text);
    if (!open && field) open = { fields: {}, name: '', from: line.from, to: line.to };
    if (!open) {
      found.push(line);
      continue;
    }
    open.to = line.to;
    if (field?.[1] !== undefined) {
      open.name = field[1];
      open.fields[open.name] = readValue(field[2] ?? '');
    } else if (open.name === 'MESSAGE' && !/^\s*[{}]/.test(text))
      open.fields.MESSAGE = `${open.fields.MESSAGE}\n${text.trim()}`;
  }
  close();
  return found;
}

/** A value as it is, or in quotation marks with a comma behind it. */
function readValue(text: string): unknown {
  const value = text.replace(/,\s*$/, '');
  if (!value.startsWith('"')) return text;
  try {
    return JSON.parse(value);
  } catch {
    return text;
  }
}

function writeRecord(fields: Fields, from: number, to: number): SheetLine[] {
  const words = readMessage(
    fields.MESSAGE ?? fields.msg ?? fields.message ?? fields.log ?? fields.textPayload ?? fields.line,
  );
  if (words === null) return [];
  const front = frontOf(fields);
  return words
    .replace(/[\r\n]+$/, '')
    .split(/\r?\n/)
    .map((text) => ({ text: front + text, from, to }));
}

/** One character a byte; the journal writes what is no text as a list of bytes. */
function readMessage(value: unknown): string | null {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1');
  if (!Array.isArray(value)) return null;
  return value.map((code: unknown) => String.fromCharCode(Number(code) & 255)).join('');
}

/** The front that such a line has in a file: of another program, of the kernel with or without its time, or none. */
function frontOf(fields: Fields): string {
  const { _TRANSPORT: transport, SYSLOG_IDENTIFIER: program, MESSAGE: message } = fields;
  if (typeof fields.time === 'number' && typeof fields.pri === 'number') return stamp(fields.time);
  if (message === undefined) return '';
  if ((transport ?? program ?? KERNEL) !== KERNEL) return 'Jan  1 00:00:00 host program: ';
  const micros = Number(fields._SOURCE_MONOTONIC_TIMESTAMP ?? fields.__MONOTONIC_TIMESTAMP);
  return Number.isFinite(micros) && micros > 0 ? stamp(micros / 1e6) : '<6>';
}

function stamp(seconds: number): string {
  return `[${seconds.toFixed(6).padStart(12)}] `;
}
