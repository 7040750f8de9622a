// SPDX-License-Identifier: MIT

/** What a mail's subject says about its place in a series. */
export interface Subject {
  /** Without reply marks and bracketed prefixes, as git commits it. */
  readonly text: string;
  readonly isReply: boolean;
  /** 2 for `[PATCHv2 …]` and `[PATCH v2 …]`, 1 where none is given. */
  readonly version: number;
  /** 3 in `[PATCH 3/10]`, 0 for a cover letter, null where the subject counts nothing. */
  readonly number: number | null;
  /** 10 in `[PATCH 3/10]`. */
  readonly total: number | null;
}

/** Reply and forward marks of mail programs in several languages. */
const REPLY = /^(?:(?:re|aw|antw|sv|vs|odp|ref|fwd?|wg)(?:\[\d+\])?\s*:\s*)+/i;
const BRACKETS = /^(?:\[[^\]]*\]\s*)+/;
const COUNT = /(?<![\d.])(\d{1,4})\s*(?:\/|of)\s*(\d{1,4})(?![\d.])/i;
const VERSION = /(?:^|[\s[\-_,]|PATCH|RFC)v\s?(\d{1,3})\b/i;

/** Reads a decoded and unfolded subject such as `Re: [RFC PATCH net-next v3 1/2] net: do it`. */
export function parseSubject(subject: string): Subject {
  let rest = subject.replace(/\s+/g, ' ').trim();
  let isReply = false;
  let prefix = '';
  for (;;) {
    const reply = REPLY.exec(rest);
    const brackets = reply ? null : BRACKETS.exec(rest);
    const cut = (reply ?? brackets)?.[0];
    if (!cut) break;
    if (reply) isReply = true;
    else prefix += cut;
    rest = rest.slice(cut.length).trim();
  }
  const count = COUNT.exec(prefix);
  const version = Number(VERSION.exec(prefix)?.[1] ?? 1);
  return {
    text: rest,
    isReply,
    version: version === 0 ? 1 : version,
    number: count ? Number(count[1]) : null,
    total: count ? Number(count[2]) : null,
  };
}
