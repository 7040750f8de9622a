// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { fuzzTarget, mutate, PROJECT_ROOT } from '../testing/index.ts';
import { aMail } from '../testing/mail.ts';
import { findDamage } from './damage.ts';
import { indexBoxes, loadParts } from './intake.ts';
import { readSeries } from './read.ts';

/** Mails of a real series, and one of each form. */
const REAL = readFileSync(join(PROJECT_ROOT, 'kernels/mdev/series/v2.mbox'), 'latin1')
  .split(/^(?=From [0-9a-f]{40} )/m)
  .filter((mail) => mail.length < 6000);
const MULTIPART = aMail({
  subject: '=?utf-8?Q?[PATCH_v2_1/2]_a:_b?=',
  headers: ['MIME-Version: 1.0', 'Content-Type: multipart/alternative; boundary="cut"'],
  body: '--cut\nContent-Type: text/plain; format=flowed\n\nWhy.\n---\n--cut\nContent-Type: text/html\n\n<p>&lt;</p>\n--cut--\n',
});
const SEEDS = [
  ...REAL,
  MULTIPART,
  aMail({ subject: '[PATCH 2/2] a: c', headers: ['Content-Transfer-Encoding: quoted-printable'] }),
  aMail({
    subject: 'Re: [RFC v3 PATCH 02/10] a',
    headers: ['In-Reply-To: <a@b>', 'References: <a@b> <c@d>'],
  }),
];
const WORDS = [
  'From a Thu Jan  1 00:00:00 1970\n',
  '>From ',
  'Content-Type: multipart/mixed; boundary=x\n',
  '--x\n',
  '--cut\n',
  'Content-Transfer-Encoding: base64\n',
  '=?utf-8?B?4oCu?=',
  '=3D',
  '=\n',
  '[PATCH 9999/9999] ',
  '[PATCH 0/0] ',
  'diff --git a/../x b/../x\n',
  '@@ -1,999999999 +1 @@\n',
  'GIT binary patch\n',
  'Subject: ',
  'Date: (((((',
  '---\n',
];
const mails = mutate(fc.constantFrom(...SEEDS), WORDS);
const mailboxes = fc.array(mails, { minLength: 1, maxLength: 3 }).map((list) => list.join('\n'));

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

export const FUZZ_TARGETS = [
  fuzzTarget('a mailbox is split and its mails are decoded, or refused', 60, mailboxes, async (bytes) => {
    const boxes = [{ name: 'x.mbox', open: () => inOnePiece(Buffer.from(bytes, 'latin1')) }];
    const options = { origin: 'x.mbox', limits: DEFAULT_LIMITS };
    const { mails: found } = await indexBoxes(boxes, options);
    const parts = await loadParts(boxes, found, options);
    return parts.length === found.length ? null : `${found.length} mails, ${parts.length} parts`;
  }),
  fuzzTarget('a diff is whole, or it is said what a mail program did to it', 40, mails, (bytes) => {
    const damage = findDamage(bytes);
    return damage?.what === '' ? 'damage without a word' : null;
  }),
  fuzzTarget('a mailbox is read as a series with patches, or refused', 0.3, mailboxes, async (bytes) => {
    const source = { kind: 'bytes' as const, bytes: Buffer.from(bytes, 'latin1'), name: 'x.mbox' };
    const { patches } = await readSeries(source);
    return patches.length > 0 ? null : 'a series without patches';
  }),
];
