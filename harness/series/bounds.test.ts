// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { DEFAULT_LIMITS, LIMITS, type LimitName } from '../model/index.ts';
import { aDiff, aMail, faultOf } from '../testing/mail.ts';
import { readSeries } from './index.ts';

t.setTimeout(240_000);

const MIB = 1024 * 1024;
const read = (text: string | Buffer, limits: Partial<Record<LimitName, number>> = {}) =>
  readSeries(
    { kind: 'bytes', bytes: Buffer.from(text as string), name: 'mailbox' },
    { limits: { ...DEFAULT_LIMITS, ...limits } },
  );

function nest(depth: number): string {
  let body = 'Content-Type: text/plain\n\nx\n';
  for (let level = depth; level > 0; level--)
    body = `Content-Type: multipart/mixed; boundary="b${level}"\n\n--b${level}\n${body}\n--b${level}--\n`;
  return `From: A <a@b>\nSubject: [PATCH] x\n${body}`;
}

/** What is larger than its bound, and the bound. */
const LARGE: Readonly<
  Record<
    string,
    readonly [text: () => string | Buffer, limit: LimitName, limits?: Partial<Record<LimitName, number>>]
  >
> = {
  'headers of 2 MiB in one line': [
    () => `From: A <a@b>\nX-Long: ${'x'.repeat(2 * MIB)}\nSubject: [PATCH] x\n\nx\n`,
    'header-kib',
  ],
  'headers of 2 MiB in many lines': [
    () => `From: A <a@b>\n${'X-Long: x\n'.repeat(200_000)}\nx\n`,
    'header-kib',
  ],
  'a subject of 2 MiB, folded': [
    () => `From: A <a@b>\nSubject: [PATCH] ${'word\n '.repeat(400_000)}\n\nx\n`,
    'header-kib',
  ],
  'references to everything': [
    () => `From: A <a@b>\nReferences: ${'<a@b> '.repeat(400_000)}\n\nx\n`,
    'header-kib',
  ],
  'headers without an end': [() => `From: A <a@b>\n${'X: y\n'.repeat(100_000)}`, 'header-kib'],
  'parts nested 17 deep': [() => nest(17), 'mime-depth'],
  'parts nested 257 deep': [() => nest(257), 'mime-depth'],
  'parts nested 5000 deep': [() => nest(5000), 'mime-depth'],
  'patch 9999 of 9999': [() => aMail({ subject: '[PATCH 9999/9999] x' }), 'patches'],
  'patch 1 of 1001': [() => aMail({ subject: '[PATCH 1/1001] x' }), 'patches'],
  'patches without numbers': [() => aMail({ subject: '[PATCH] x' }).repeat(30), 'patches', { patches: 20 }],
  'too many mails': [
    () => aMail({ subject: 'Re: [PATCH] x', body: 'x\n' }).repeat(30),
    'mails',
    { mails: 20 },
  ],
  'a mailbox that is too large': [
    () => aMail({ subject: '[PATCH] x' }) + 'x\n'.repeat(MIB),
    'mailbox-mib',
    { 'mailbox-mib': 1 },
  ],
  'a small gzip file that is large': [
    () => gzipSync(Buffer.alloc(64 * MIB)),
    'mailbox-mib',
    { 'mailbox-mib': 8 },
  ],
  'a gzip file of a gzip file': [
    () =>
      gzipSync(Buffer.concat([Buffer.from('From: A <a@b>\nSubject: x\n\n'), Buffer.alloc(64 * MIB, 'x\n')])),
    'mailbox-mib',
    { 'mailbox-mib': 8 },
  ],
  'a patch that is too large': [
    () => aMail({ subject: '[PATCH] x', body: `---\n${aDiff()}${'text\n'.repeat(MIB / 2)}` }),
    'patch-mib',
    { 'patch-mib': 1 },
  ],
  'a patch that is much too large': [
    () => aMail({ subject: '[PATCH] x', body: `---\n${aDiff()}${'text\n'.repeat(MIB * 2)}` }),
    'patch-mib',
    { 'patch-mib': 1 },
  ],
  'a patch in base64 that is too large': [
    () =>
      aMail({
        subject: '[PATCH] x',
        headers: ['Content-Transfer-Encoding: base64'],
        body: Buffer.from(`---\n${aDiff()}${'text\n'.repeat(MIB / 2)}`).toString('base64'),
      }),
    'patch-mib',
    { 'patch-mib': 1 },
  ],
};

t.test('each count and size has a bound, a message of its own and an option that raises it', async (t) => {
  for (const [name, [text, limit, limits]] of Object.entries(LARGE)) {
    const fault = await faultOf(read(text(), limits));
    t.strictSame([fault.code, fault.blame], ['LIMIT_EXCEEDED', 'request'], name);
    t.match(fault.message, LIMITS[limit].unit, name);
    t.match(fault.next, `--limit ${limit}=`, name);
    t.ok(fault.message.length < 500, name);
  }
});

t.test('a bound that is raised lets the same through', async (t) => {
  t.equal((await read(aMail({ subject: '[PATCH] x' }).repeat(30), { patches: 30 })).patches.length, 30);
  const large = aMail({ subject: '[PATCH] x', body: `---\n${aDiff()}${'text\n'.repeat(MIB / 2)}` });
  t.equal((await read(large)).patches.length, 1);
  const fault = await faultOf(read(aMail({ subject: '[PATCH 9999/9999] x' }), { patches: 9999 }));
  t.equal(fault.message, 'mailbox is incomplete: version 1 lacks patches 1 to 9998 of 9999');
  const odd = Array.from({ length: 500 }, (_, index) =>
    aMail({ subject: `[PATCH ${2 * index + 1}/1000] x${index}` }),
  );
  const gaps = await faultOf(read(odd.join('')));
  t.match(gaps.message, /lacks patches 2, 4, 6, .* and more of 1000$/);
});

/** Texts at which a careless expression takes the square of their length: each would take minutes. */
const QUADRATIC: Readonly<Record<string, string>> = {
  'a date of parentheses': aMail({
    subject: '[PATCH] x',
    date: `Mon, 1 Jan 2024 10:00:00 +0000 ${'('.repeat(200_000)}`,
  }),
  'a date of digits': aMail({ subject: '[PATCH] x', date: '1'.repeat(200_000) }),
  'a date of blanks': aMail({ subject: '[PATCH] x', date: `${' '.repeat(200_000)}x` }),
  'a subject of brackets': aMail({ subject: `[PATCH] ${'['.repeat(200_000)}` }),
  'a subject of open brackets in brackets': aMail({ subject: `[PATCH ${'[a'.repeat(100_000)}` }),
  'a subject of pairs of brackets': aMail({ subject: `[PATCH] ${'[x] '.repeat(20_000)}` }),
  'a subject of marks': aMail({ subject: `${'Re: '.repeat(50_000)}[PATCH] x` }),
  'a subject of encoded words': aMail({ subject: `[PATCH] ${'=?utf-8?Q?x?= '.repeat(15_000)}` }),
  'a subject of blanks': aMail({ subject: `[PATCH]${' '.repeat(200_000)}x` }),
  'an id of brackets': aMail({ subject: '[PATCH] x', headers: [`In-Reply-To: ${'<'.repeat(200_000)}`] }),
  'a content type of semicolons': aMail({
    subject: '[PATCH] x',
    headers: [`Content-Type: text/plain${' ;'.repeat(100_000)}`],
  }),
  'a body of blank lines': aMail({ subject: '[PATCH] x', body: `${'\n'.repeat(3_000_000)}x` }),
  'a body of blanks': aMail({ subject: '[PATCH] x', body: `${' '.repeat(3_000_000)}x` }),
  'a body of minus signs': aMail({ subject: '[PATCH] x', body: '--- a\n'.repeat(500_000) }),
  'a body of `>`': aMail({ subject: '[PATCH] x', body: '>'.repeat(3_000_000) }),
  'a body of `From `': aMail({ subject: '[PATCH] x', body: '\nFrom '.repeat(500_000) }),
  'a body of subjects': aMail({ subject: '[PATCH] x', body: `${aDiff()}${'\nSubject: x'.repeat(300_000)}` }),
  'a body of equal signs': aMail({
    subject: '[PATCH] x',
    headers: ['Content-Transfer-Encoding: quoted-printable'],
    body: '= '.repeat(1_000_000),
  }),
  'a body of boundaries': aMail({
    subject: '[PATCH] x',
    headers: ['Content-Type: multipart/mixed; boundary=b'],
    body: '--b\n'.repeat(100_000),
  }),
  'a body of hunks': aMail({ subject: '[PATCH] x', body: `---\n${'@@ -1,9 +1,9 @@\n'.repeat(300_000)}` }),
  'signatures of PGP without an end': aMail({
    subject: '[PATCH] x',
    body: '-----BEGIN PGP SIGNED MESSAGE-----\n\n'.repeat(20_000),
  }),
};

t.test('no text takes the square of its length', async (t) => {
  for (const [name, text] of Object.entries(QUADRATIC)) {
    const begun = performance.now();
    const outcome = await read(text).then(
      (series) => `${series.patches.length} patches`,
      (fault: { blame?: string }) => fault.blame,
    );
    t.ok(['1 patches', 'request'].includes(outcome ?? ''), `${name}: ${outcome}`);
    // Not a figure: what is quadratic takes minutes.
    t.ok(performance.now() - begun < 30_000, name);
  }
});

t.test('a mailbox of which every mail is something else is read in the same time', async (t) => {
  const id = (number: number) => [`Message-ID: <${number}@b>`, `In-Reply-To: <${number - 1}@b>`];
  const many = (subject: (number: number) => string, body?: string) =>
    Array.from({ length: 20_000 }, (_, number) =>
      aMail({ subject: subject(number), headers: id(number), ...(body === undefined ? {} : { body }) }),
    ).join('');
  for (const [name, text] of Object.entries({
    replies: many((number) => `Re: [PATCH ${number % 9}/9] x`, 'x\n'),
    'mails without a mark': many((number) => `[PATCH ${number % 9}/9] x`, 'x\n'),
    'patches of one number': many(() => '[PATCH 1/2] x'),
    'patches of different series': many((number) => `[PATCH 1/${2 + (number % 900)}] x${number}`),
    versions: many((number) => `[PATCH v${number % 900} 1/2] x`),
  })) {
    const begun = performance.now();
    const outcome = await read(text).then(
      () => 'series',
      (fault: { blame?: string; message: string }) => {
        t.ok(fault.message.length < 2000, name);
        return fault.blame;
      },
    );
    t.equal(outcome, 'request', name);
    t.ok(performance.now() - begun < 60_000, name);
  }
});

t.test('the memory that a mailbox takes is that of its headers', async (t) => {
  const path = join(t.testdir({}), 'large.mbox');
  const reply = aMail({ subject: 'Re: [PATCH 1/1] x', body: `${'> quoted\n'.repeat(20_000)}` });
  writeFileSync(path, aMail({ subject: '[PATCH 1/1] x' }) + reply.repeat(1500));
  t.ok(readFileSync(path).length > 250 * MIB);
  const before = process.memoryUsage.rss();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const told: string[] = [];
  const series = await readSeries({ kind: 'file', path }, { onProgress: (text) => told.push(text) });
  clearInterval(watch);
  t.equal(series.patches.length, 1);
  t.strictSame(series.notes, ['1500 replies were dropped']);
  t.ok(most - before < 200 * MIB, `${Math.round((most - before) / MIB)} MiB`);
  for (const text of told) t.match(text, /^\d+ mails? of .*large\.mbox read, \d+ MiB$/);
});
