// SPDX-License-Identifier: MIT
import { cutText, widthOf } from './text.ts';

export interface ScreenOptions {
  readonly write: (text: string) => void;
  /** The terminal's size now, in characters. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** A line, and a mark of one column that is drawn before it. The mark may be coloured. */
export interface ScreenLine {
  readonly mark: string;
  readonly text: string;
}

/** The bottom of a terminal: permanent lines scroll up, and a frame below them is redrawn in place. */
export interface Screen {
  /** Writes permanent lines, then draws the frame. Cuts what does not fit into the terminal. */
  draw(lines: readonly ScreenLine[], frame: readonly ScreenLine[]): void;
}

export function createScreen({ write, size }: ScreenOptions): Screen {
  /** Width of each line of the frame, as drawn. */
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
