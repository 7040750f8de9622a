// SPDX-License-Identifier: MIT
import t from 'tap';
import { parseSubject } from './subject.ts';

const TABLE: readonly [string, number, number | null, number | null, string, boolean?][] = [
  ['[PATCH] a: b', 1, null, null, 'a: b'],
  ['[PATCHv2 03/10] a: b', 2, 3, 10, 'a: b'],
  ['[PATCH v2 3/10] a: b', 2, 3, 10, 'a: b'],
  ['[PATCH merged 3/10] a: b', 1, 3, 10, 'a: b'],
  ['[RFC PATCH net-next v3 1/2] a: b', 3, 1, 2, 'a: b'],
  ['[PATCH 5.10 001/123] a: b', 1, 1, 123, 'a: b'],
  ['[v4,2/3] a: b', 4, 2, 3, 'a: b'],
  ['[PATCH 2/3 v5] a: b', 5, 2, 3, 'a: b'],
  ['[PATCH v2 00/10] a: b', 2, 0, 10, 'a: b'],
  ['[RFCv3][PATCH 1/4] a: b', 3, 1, 4, 'a: b'],
  ['[PATCH ipv6 1/4] a: b', 1, 1, 4, 'a: b'],
  ['a: fix v2 1/2 of it', 1, null, null, 'a: fix v2 1/2 of it'],
  ['Re: [PATCH v2 3/10] a: b', 2, 3, 10, 'a: b', true],
  ['RE: AW: [list] Re: [PATCH 3/10] a: b', 1, 3, 10, 'a: b', true],
  ['[PATCH 1/2] revert: a thing', 1, 1, 2, 'revert: a thing'],
  ['', 1, null, null, ''],
];

t.test(
  'a subject in any customary form tells version, number, total and whether it is a reply',
  async (t) => {
    for (const [subject, version, number, total, text, isReply = false] of TABLE)
      t.strictSame(parseSubject(subject), { text, isReply, version, number, total }, subject);
  },
);

t.test('a folded subject is one line', async (t) => {
  t.equal(parseSubject('[PATCH 1/2] a long\n  subject').text, 'a long subject');
});
