// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';

/** The text of an apt.conf. Faults as `requireQuotable`. */
export function formatAptConf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} "${requireQuotable(value, /["\p{Cc}]/u)}";\n`)
    .join('');
}

/** One line of a sources.list. Faults as `requireQuotable`. */
export function formatSourceLine(keyring: string, mirror: string, suite: string): string {
  const [signer, address, name] = [keyring, mirror, suite].map((word) =>
    requireQuotable(word, /[\s"\\[\]%\p{Cc}]/u),
  );
  return `deb [signed-by=${signer}] ${address} ${name} main\n`;
}

/** apt has no way to write some characters into its files: such a text is refused. Fault `DEBIAN_UNQUOTABLE` (request). */
function requireQuotable(value: string, forbidden: RegExp): string {
  const [found] = forbidden.exec(value) ?? [];
  if (found === undefined) return value;
  throw new Fault({
    blame: 'request',
    code: 'DEBIAN_UNQUOTABLE',
    message: `${JSON.stringify(value.slice(0, 200))} cannot be written into apt's configuration: it contains ${JSON.stringify(found)}`,
    next: 'choose a name, a mirror or a cache directory without this character',
  });
}
