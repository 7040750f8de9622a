// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import { SETTING_NAMES, SETTINGS } from '../setting.ts';
import { listUnknownVariables } from '../settings.ts';

/** Prints each setting with its value and the place where that was set, the one that counts first. */
export async function execute(
  { settings, out, err }: Context,
  _args: readonly string[],
  options: { readonly json?: boolean },
): Promise<number> {
  const { found, places } = settings;
  if (options.json) {
    const rows = SETTING_NAMES.map((name) => ({
      name,
      option: SETTINGS[name].option,
      variable: SETTINGS[name].variable,
      values: found.filter((one) => one.name === name).map(({ values, origin }) => ({ values, origin })),
    }));
    out.write(`${JSON.stringify({ format: 1, settings: rows })}\n`);
    return 0;
  }
  const rows = SETTING_NAMES.flatMap((name) => {
    const own = found.filter((one) => one.name === name);
    if (own.length === 0) return [[name, SETTINGS[name].usual, 'not set']];
    return own.map(({ values, origin }, index) => [
      index === 0 ? name : '',
      values.join(', '),
      index === 0 || name === 'limits' ? origin : `${origin} (does not count)`,
    ]);
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    out.write(
      `${row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  if (!existsSync(places.userFile)) out.write(`there is no ${places.userFile}\n`);
  for (const name of listUnknownVariables(places.env))
    err.write(`ktrial: ${name} is set and is no setting\n`);
  return 0;
}
