// SPDX-License-Identifier: MIT

/** How the lines of a made-up kernel log look. */
export interface LogForm {
  /** The caller id of every line, such as `T42`; none by default. */
  readonly caller?: string | undefined;
  /** The first line's stamp in seconds; without any stamps where null. */
  readonly seconds?: number | null;
  /** Stands in front of every line: a level, a syslog head. */
  readonly front?: string;
}

/** A kernel log out of bare lines, of which a string may hold several: a stamp comes in front of each. */
export function aLog(lines: readonly string[], form: LogForm = {}): string {
  const { seconds = 100, caller, front = '' } = form;
  const context = caller === undefined ? '' : `[${caller.padStart(6)}]`;
  return lines
    .join('\n')
    .split('\n')
    .map((line, index) => {
      if (seconds === null) return `${front}${line}\n`;
      return `${front}[${(seconds + index / 10_000).toFixed(6).padStart(12)}]${context} ${line}\n`;
    })
    .join('');
}

/** Frames as x86 prints them, one a line; `names` are parted by blanks, `?f` is a frame that the unwinder guessed. */
export function aStack(names: string): string {
  return names
    .split(/\s+/)
    .map((name, index) => {
      const place = `+0x${(index * 16 + 28).toString(16)}/0x${(index * 16 + 256).toString(16)}`;
      return name.startsWith('?') ? ` ? ${name.slice(1)}${place}` : ` ${name}${place}`;
    })
    .join('\n');
}

/** The same behind the line that announces it. */
export function aCallTrace(names: string): string {
  return `Call Trace:\n <TASK>\n${aStack(names)}\n </TASK>`;
}
