// SPDX-License-Identifier: MIT

/** A kernel log as `/dev/kmsg` gave it, made readable. */
export interface KmsgLog {
  /** The lines as a console prints them, `[    5.123456][   T42] text`, in bytes. */
  readonly log: Buffer;
  /** Where sequence numbers are missing: records that the kernel overwrote before they were read. */
  readonly gaps: readonly KmsgGap[];
}

/** Records that are missing before the one with the number `before`. */
export interface KmsgGap {
  readonly before: number;
  readonly records: number;
}

/** `prio,seq,usec,flags[,caller=T42];text` */
const RECORD = /^\d{1,4},(\d+),(\d+),[-c+](?:,caller=([TC]\d{1,12}))?(?:,[^;]*)?;(.*)$/;
/** The dictionary of a record follows it on lines that begin with a blank. */
const DICTIONARY_LINE = /^ /;
const ESCAPE = /\\x([0-9a-f]{2})/g;

/**
 * Reads records of `/dev/kmsg`. Lines in any other form, such as those of `dmesg`, are kept as they are; they have no
 * sequence numbers, and so no gaps.
 */
export function readKmsg(text: Uint8Array | string): KmsgLog {
  const all = (typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text)).toString('latin1');
  const lines: string[] = [];
  const gaps: KmsgGap[] = [];
  let next = 0;
  let inRecord = false;
  for (const line of all.split('\n')) {
    const record = RECORD.exec(line);
    if (!record) {
      if (!(inRecord && DICTIONARY_LINE.test(line))) lines.push(line);
      continue;
    }
    inRecord = true;
    const sequence = Number(record[1]);
    if (sequence > next) gaps.push({ before: sequence, records: sequence - next });
    next = sequence + 1;
    lines.push(...consoleLines(Number(record[2]), record[3], record[4] ?? ''));
  }
  return { log: Buffer.from(lines.join('\n'), 'latin1'), gaps };
}

/** The kernel escapes what is not printable; a console prints a message of several lines with a stamp before each. */
function consoleLines(microseconds: number, caller: string | undefined, text: string): string[] {
  const seconds = Math.floor(microseconds / 1e6);
  const fraction = String(microseconds % 1e6).padStart(6, '0');
  const context = caller === undefined ? '' : `[${caller.padStart(6)}]`;
  const stamp = `[${String(seconds).padStart(5)}.${fraction}]${context} `;
  const unescaped = text.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return unescaped.split('\n').map((line) => stamp + line);
}
