// SPDX-License-Identifier: MIT
import { cutText, widthOf } from './text.ts';

export interface ScreenOptions {
  readonly write: (text: string) => void;
  /** The terminal's size now, in characters. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** A line with a mark of one column before it. The mark may be coloured. */
export interface ScreenLine {
  readonly mark: string;
  readonly text: string;
}

/** The end of a terminal: lines that stay scroll up, and below them stands a frame that is drawn again and again. */
export interface Screen {
  /** Writes lines that stay, then draws the frame; what does not fit into the terminal is cut. */
  draw(lines: readonly ScreenLine[], frame: readonly ScreenLine[]): void;
}

export function createScreen({ write, size }: ScreenOptions): Screen {
  /** Widths of the frame's lines as they were drawn. */
  let drawn: readonly number[] = [];
  return {
    draw(lines, frame) {
      const { columns, rows } = size();
      const width = Math.max(20, columns) - 1;
      const height = Math.max(1, rows - 2);
      const rest = frame.length - height;
      const shown =
        rest > 0 ? [...frame.slice(0, height - 1), { mark: ' ', text: `and ${rest + 1} more` }] : frame;
      // A terminal that became narrower has wrapped the frame's lines.
      const up = drawn.reduce((sum, one) => sum + Math.max(1, Math.ceil(one / Math.max(1, columns))), 0);
      const erase = up === 0 ? '' : `\u001b[${up}A\u001b[J`;
      const cut = [...lines, ...shown].map(({ mark, text }) => ({ mark, text: cutText(text, width - 2) }));
      drawn = cut.slice(lines.length).map(({ text }) => 2 + widthOf(text));
      if (erase !== '' || cut.length > 0)
        write(`${erase}${cut.map(({ mark, text }) => `${mark} ${text}\n`).join('')}`);
    },
  };
}
