// SPDX-License-Identifier: MIT

/** What a mail's subject says about its place in a series. */
export interface SubjectPrefix {
  /**
   * `yes` for `Re: [PATCH …]`: a reply mark before the patch's brackets. `no` without a mark, or with one behind the
   * brackets (`[PATCH] fw: load it early`). `unclear` for a mark in a subject without `[PATCH …]`.
   */
  readonly reply: 'yes' | 'no' | 'unclear';
  /** 2 for `[PATCHv2 …]` and `[PATCH v2 …]`, 1 if none is given. */
  readonly version: number;
  /** 3 in `[PATCH 3/10]`, 0 for a cover letter, null if the subject has no number. */
  readonly number: number | null;
  /** 10 in `[PATCH 3/10]`. */
  readonly total: number | null;
  /** What follows the marks and brackets. */
  readonly title: string;
}

const FORWARDED = 'fwd?|wg|tr|rv|enc|vb|vl|vs|pd|doorst|i|转发|轉寄|пересл';
/** Reply and forward marks of mail programs in several languages. */
const REPLY = new RegExp(
  `^(?:re|aw|antw|sv|odp|ref|res|r|ynt|atb|hl|回复|回覆|答复|отв|απ|${FORWARDED})(?:\\[\\d+\\])?\\s*[:：]\\s*`,
  'iu',
);
const FORWARD = new RegExp(`^(?:\\[[^\\]]*\\]\\s*)*(?:${FORWARDED})\\s*[:：]`, 'iu');
/** Brackets may stand in brackets: `[PATCH [v2] 1/2]`. */
const BRACKET = /^\[(?:[^[\]]|\[[^[\]]*\])*\]\s*/;
const COUNT = /(?<![\d.])(\d{1,4})\s*(?:\/|of)\s*(\d{1,4})(?![\d.])/i;
const VERSION = /(?:^|[\s[\-_,]|PATCH|RFC)v\s?(\d{1,3})\b(?!\.\d)/i;
const PATCH = /PATCH|\bRFC/i;

/** Whether a subject says that its mail forwards another one. */
export function isForward(subject: string): boolean {
  return FORWARD.test(subject.trim());
}

/** Reads the prefix of a decoded subject such as `Re: [RFC PATCH net-next v3 1/2] net: do it`. */
export function parsePrefix(subject: string): SubjectPrefix {
  let rest = subject.replace(/\s+/g, ' ').trim();
  let brackets = '';
  let hasMark = false;
  let isPatch = false;
  for (;;) {
    const mark = isPatch ? null : REPLY.exec(rest);
    const bracket = BRACKET.exec(rest);
    const [cut] = mark ?? bracket ?? [];
    if (cut === undefined) break;
    if (mark) hasMark = true;
    else {
      brackets += cut;
      isPatch ||= [PATCH, COUNT, VERSION].some((pattern) => pattern.test(cut));
    }
    rest = rest.slice(cut.length);
  }
  const count = COUNT.exec(brackets);
  return {
    reply: hasMark ? (isPatch ? 'yes' : 'unclear') : 'no',
    version: Number(VERSION.exec(brackets)?.[1] ?? 1) || 1,
    number: count ? Number(count[1]) : null,
    total: count ? Number(count[2]) : null,
    title: rest,
  };
}
