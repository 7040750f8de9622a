// SPDX-License-Identifier: MIT
import type { Context } from '../context.ts';
import { formatManual } from '../manual.ts';

/** Prints the manual page, in the language of man(7). */
export async function execute({ program, version, out }: Context): Promise<number> {
  out.write(formatManual(program, version));
  return 0;
}
