// SPDX-License-Identifier: MIT
import t from 'tap';
import { parsePrefix, type SubjectPrefix } from './subject.ts';

type Row = readonly [
  subject: string,
  version: number,
  number: number | null,
  total: number | null,
  reply?: SubjectPrefix['reply'],
];

const TABLE: readonly Row[] = [
  ['[PATCH] a: b', 1, null, null],
  ['[PATCHv2 03/10] a: b', 2, 3, 10],
  ['[PATCH v2 3/10] a: b', 2, 3, 10],
  ['[PATCH merged 3/10] a: b', 1, 3, 10],
  ['[RFC PATCH net-next v3 1/2] a: b', 3, 1, 2],
  ['[PATCH 5.10 001/123] a: b', 1, 1, 123],
  ['[PATCH v5.15 001/123] a: b', 1, 1, 123],
  ['[v4,2/3] a: b', 4, 2, 3],
  ['[PATCH 2/3 v5] a: b', 5, 2, 3],
  ['[PATCH v2 00/10] a: b', 2, 0, 10],
  ['[RFCv3][PATCH 1/4] a: b', 3, 1, 4],
  ['[PATCH ipv6 1/4] a: b', 1, 1, 4],
  ['a: fix v2 1/2 of it', 1, null, null],
  ['[PATCH v0] a: b', 1, null, null],
  ['[PATCH 1/2] a long\n  subject', 1, 1, 2],
  ['', 1, null, null],
  ['[PATCH [v2] 1/2] a: b', 2, 1, 2],
  ['[PATCH v2 RFC net-next 1/2] a: b', 2, 1, 2],
  ['[RFC v3 PATCH 02/10] a: b', 3, 2, 10],
  ['[PATCH 2/2 v3] a: b', 3, 2, 2],
  ['[PATCH v3 2/2 net] a: b', 3, 2, 2],
  ['[RFC][PATCH v4 0/3] a: b', 4, 0, 3],
  ['[PATCH RESEND v2 1/1] a: b', 2, 1, 1],
  ['[PATCH] [v2] a: b', 2, null, null],
  ['[PATCH 1/0] a: b', 1, 1, 0],
];

const REPLIES: readonly Row[] = [
  ['Re: [PATCH v2 3/10] a: b', 2, 3, 10, 'yes'],
  ['RE: AW: [list] Re: [PATCH 3/10] a: b', 1, 3, 10, 'yes'],
  ['[f2fs-dev] Re: [PATCH 3/10] a: b', 1, 3, 10, 'yes'],
  ['Re[2]: [PATCH] a: b', 1, null, null, 'yes'],
  ['Fwd: [PATCH 1/2] a: b', 1, 1, 2, 'yes'],
  ['WG: [PATCH] a: b', 1, null, null, 'yes'],
  ['Re: [v4,2/3] a: b', 4, 2, 3, 'yes'],
  ['TR: [PATCH 1/2] a: b', 1, 1, 2, 'yes'],
  ['SV: [PATCH v2 1/2] a: b', 2, 1, 2, 'yes'],
  ['回复：[PATCH 1/2] a: b', 1, 1, 2, 'yes'],
  ['RES: ENC: [PATCH 1/2] a: b', 1, 1, 2, 'yes'],
  ['Antw: [EXT] [PATCH [v2] 1/2] a: b', 2, 1, 2, 'yes'],
  ['Re: lunch?', 1, null, null, 'unclear'],
  ['fw: load it early', 1, null, null, 'unclear'],
  ['[media] ref: count it', 1, null, null, 'unclear'],
];

t.test('the prefix of a subject in any customary form gives version, number and total', async (t) => {
  for (const [subject, version, number, total] of TABLE)
    t.match(parsePrefix(subject), { reply: 'no', version, number, total }, subject);
});

t.test(
  'a reply mark counts before the brackets of a patch; without such brackets it is unclear',
  async (t) => {
    for (const [subject, version, number, total, reply] of REPLIES)
      t.match(parsePrefix(subject), { reply, version, number, total }, subject);
  },
);

t.test('a subsystem that is named like a reply mark does not make a patch a reply', async (t) => {
  for (const name of ['fw', 'ref', 're', 'vs', 'sv', 'aw', 'wg', 'fwd', 'RE', 'odp'])
    for (const prefix of ['[PATCH]', '[PATCH 1/2]', '[RFC]', '[list] [PATCH v3]', '[PATCH][media]'])
      t.equal(parsePrefix(`${prefix} ${name}: load it early`).reply, 'no', `${prefix} ${name}:`);
});
