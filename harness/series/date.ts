// SPDX-License-Identifier: MIT

/** The date of mails without one. It is fixed so that their commits are always the same. */
const NO_DATE = 'Sat, 1 Jan 2000 00:00:00 +0000';
const RFC_2822 = /^(?:\w{3}, +)?\d{1,2} \w{3} \d{4} \d{2}:\d{2}(?::\d{2})? [-+](?:0\d|1[0-4])[0-5]\d$/;
/** The years that git can commit. */
const DATES = { first: 0, last: Date.UTC(2099, 0) };
/** No date is longer. */
const LONGEST = 100;

/** Reads a date as git can commit it, from the form of RFC 2822 or any other that JavaScript reads. */
export function readDate(written: string): { readonly date: string; readonly sentAt: number | null } {
  const [start = ''] = written.split('(', 1);
  const plain = start.trim();
  const time = plain.length > LONGEST ? Number.NaN : Date.parse(plain);
  if (!(time >= DATES.first && time < DATES.last)) return { date: NO_DATE, sentAt: null };
  const date = RFC_2822.test(plain) ? plain : new Date(time).toUTCString().replace(/GMT$/, '+0000');
  return { date, sentAt: time };
}
