// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';

/** The form of a text that goes to apt, and how it is described to people. */
export interface NameForm {
  readonly pattern: RegExp;
  /** After "expected". */
  readonly expected: string;
}

/**
 * What apt and Debian's archive call things. No form can be an option, a path, a pattern, or more than one word of a
 * configuration file.
 */
export const DEBIAN_FORMS = {
  package: {
    pattern: /^(?=.{2,100}$)[a-z0-9][a-z0-9+.-]*[a-z0-9+]$/,
    expected: 'the name of a Debian package, such as linux-source-5.10',
  },
  version: {
    pattern: /^(?=.{1,100}$)[0-9][A-Za-z0-9.+~:-]*$/,
    expected: 'the version of a Debian package, such as 5.10.223-1',
  },
  suite: {
    pattern: /^(?=.{1,60}$)[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*(?:\/updates)?$/,
    expected: 'a Debian suite, such as bookworm or bookworm-security',
  },
} as const satisfies Readonly<Record<string, NameForm>>;

/** Passes a text that has the form. Fault `DEBIAN_BAD_NAME` (request). */
export function requireDebianName(kind: keyof typeof DEBIAN_FORMS, text: string): string {
  const { pattern, expected } = DEBIAN_FORMS[kind];
  if (pattern.test(text)) return text;
  throw badName(`got ${JSON.stringify(text.slice(0, 120))}, expected ${expected}`);
}

/** Passes the address of a Debian archive. Fault `DEBIAN_BAD_NAME` (request). */
export function requireMirror(address: string): string {
  if (/^(?:https?|file):\/*[^\s"\\[\]%\p{C}]+$/u.test(address) && URL.canParse(address)) return address;
  throw badName(
    `got the mirror ${JSON.stringify(address.slice(0, 200))}, expected an address such as http://HOST/debian`,
  );
}

function badName(message: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'DEBIAN_BAD_NAME',
    message,
    next: 'correct the name; it goes to apt as it is',
  });
}
