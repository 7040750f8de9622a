// SPDX-License-Identifier: MIT
import { undoCapitals } from './capitals.ts';
import { undoHtml, undoQuotedPrintable, undoQuotes, undoStrangeBrackets } from './decode.ts';
import { undoDoubling, undoParts, undoReversal } from './order.ts';
import { undoFields, undoJson } from './records.ts';
import { type Form, kindOf } from './sheet.ts';
import { undoBreaks, undoFilling, undoWrapping } from './wrap.ts';

/** What happens to the lines of a log on their way to the reader. Rows are undone in this order. */
export const FORMS: readonly Form[] = [
  { name: 'records in JSON', hint: /"(?:MESSAGE|msg|message|log|textPayload|line)"/, undo: undoJson },
  { name: 'records, a field a line', hint: /MESSAGE/, undo: undoFields },
  { name: 'quoted-printable', hint: /=3D|=20\r?$|=\r?$/, undo: undoQuotedPrintable },
  { name: 'HTML', hint: /&(?:[a-z]{2,4}|#x?\w{1,3});|<\/?(?:pre|br|code|tt|div|span)\b/, undo: undoHtml },
  {
    name: 'brackets of another character set',
    hint: /^[^\s\w[(<]{1,2} *\d+\.\d{6}/,
    undo: undoStrangeBrackets,
  },
  { name: 'quoted', hint: /^\s?[>|]/, undo: undoQuotes },
  { name: 'filled paragraphs', hint: /\[\s*$|\s\[ *\d+\.\d{6}\]/, undo: undoFilling },
  {
    name: 'capitals',
    hint: /^[^a-z]{8,}$/,
    nameless: 'the log is in capitals: names have lost their small letters',
    undo: undoCapitals,
  },
  { name: 'wrapped', undo: undoWrapping },
  { name: 'broken lines', undo: undoBreaks },
  { name: 'parts of saved dumps', hint: /#\d+ Part\d/, whole: true, undo: undoParts },
  { name: 'newest line first', whole: true, undo: undoReversal },
  { name: 'every line twice', undo: undoDoubling },
];

/** The most places of a block at which a line is looked at. */
const SAMPLES = 8;
/** In characters. */
const LONGEST = 400;
const LINE_FEED = 10;

/** Whether a few lines of a block are all as a logger or the kernel prints them, so that nothing needs to be undone. */
export function looksPlain(bytes: Buffer): boolean {
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const from = bytes.indexOf(LINE_FEED, Math.floor((bytes.length * sample) / SAMPLES)) + 1;
    const to = from === 0 ? -1 : bytes.indexOf(LINE_FEED, from);
    if (to > from && kindOf(bytes.toString('latin1', from, Math.min(to, from + LONGEST))) !== 'stamped')
      return false;
  }
  return true;
}
