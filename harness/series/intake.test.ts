// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { runGit } from '../host/index.ts';
import type { Series } from '../model/index.ts';
import { applySeries, readSeries, writeSeries } from './index.ts';

// The tests start many small programs, which is slow on a busy computer.
t.setTimeout(240_000);

const readBytes = (bytes: Uint8Array, name = 'sample') => readSeries({ kind: 'bytes', bytes, name });
const readMail = (text: string) => readBytes(Buffer.from(text));

interface MailParts {
  readonly head: readonly string[];
  readonly body: string;
}

/** A mail with a body in one of the transfer encodings. */
function encode({ head, body }: MailParts, encoding: '8bit' | 'base64' | 'quoted-printable'): string {
  const bytes = Buffer.from(body);
  const text = {
    '8bit': () => body,
    base64: () => bytes.toString('base64').replace(/.{1,76}/g, '$&\n'),
    'quoted-printable': () =>
      [...bytes]
        .map((byte) => {
          if (byte === 0x0a) return '\n';
          const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x3d;
          return isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
        })
        .join('')
        .replace(/(?:[^=\n]|=..){60}(?=.)/g, '$&=\n'),
  }[encoding]();
  const mime = ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=UTF-8'];
  return `${[...head, ...mime, `Content-Transfer-Encoding: ${encoding}`].join('\n')}\n\n${text}`;
}

/** Mails as a mailbox of a mail archive. */
function pack(mails: readonly string[]): string {
  return mails
    .map((mail) => `From mboxrd@z Thu Jan  1 00:00:00 1970\n${mail.replace(/(?<=^|\n)>*From /g, '>$&')}\n`)
    .join('');
}

const aWord = fc.oneof(
  fc.constantFrom(
    'fix',
    'a leak',
    'fw:',
    're:',
    '[x86]',
    'ünïcode',
    '€',
    '=?UTF-8?Q?x?=',
    '"q"',
    '\\',
    '(c)',
  ),
  fc.constantFrom(
    'v2',
    '1/2',
    'From',
    'a,b',
    'a@b',
    '<c>',
    '  ',
    "it's",
    '`',
    '日本語の長い長い長い長い長い説明',
  ),
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
);
/** Text of a header or message. git refuses a header with the start of an encoded word that does not end. */
const aText = fc
  .array(aWord, { minLength: 1, maxLength: 6 })
  .map((words) => words.map((word) => (word.endsWith('?=') ? word : word.replaceAll('=?', '='))).join(' '));
const aLine = fc.oneof(
  aText,
  fc.constantFrom(
    '',
    '',
    'From here on',
    '>From there',
    '>>From x',
    'From: Eve <eve@example.org>',
    '  indented  ',
  ),
  fc.constantFrom(
    'Subject: other',
    'Date: now',
    '[PATCH] x',
    '-- ',
    '--',
    '--- a',
    'Link: x',
    '\tx\t',
    '@@ -1 +1 @@',
  ),
);
/** git takes `--- a` in a message for the start of a diff, and cannot read a hunk behind it. */
const aMessage = fc
  .array(
    aLine.filter((line) => !line.startsWith('@@ ')),
    { maxLength: 6 },
  )
  .map((lines) => lines.join('\n'));
/**
 * A name as a header has it. Quotes and brackets are balanced, as git reads beyond the end of others. An `@` in a name
 * would be the address to git.
 */
const aName = fc.oneof(
  aText.map((text) => text.replace(/["()\\@<>]/g, '')),
  aText.map((text) => `"${text.replace(/[@<>]/g, '').replace(/["\\]/g, '\\$&')}"`),
  fc.constantFrom(
    'Jörg',
    'J. "Q" P',
    '"J. \\"Q\\" P"',
    'Ann (Company)',
    'Doe, J.',
    '=?UTF-8?Q?J=C3=B6rg_=22Q=22?=',
  ),
);
const oneLine = (text: string) => text.replace(/[\r\n\0]/g, ' ');
/** One line of a text file, as a diff can contain it. */
const aContent = fc.oneof(aLine, aText).map((line) => line.replace(/[\r\n\0]/g, ''));

function aDiff(file: string, lines: readonly string[]): string {
  const added = lines.map((line) => `+${line}\n`).join('');
  return (
    `diff --git a/${file} b/${file}\nindex 1111111..2222222 100644\n--- a/${file}\n+++ b/${file}\n` +
    `@@ -1,2 +1,${lines.length + 2} @@ int f(void)\n first\n${added} \n`
  );
}

const aPatch = fc.record({
  name: aName,
  subject: aText,
  message: aMessage,
  lines: fc.array(aContent, { minLength: 1, maxLength: 4 }),
  hasSignature: fc.boolean(),
});

/** Mails of a numbered series, with or without a cover letter. */
const aThread = fc
  .record({
    version: fc.integer({ min: 1, max: 3 }),
    cover: fc.option(fc.record({ subject: aText, message: aMessage })),
    patches: fc.array(aPatch, { minLength: 1, maxLength: 3 }),
  })
  .map(({ version, cover, patches }): MailParts[] => {
    const label = version === 1 ? 'PATCH' : `PATCH v${version}`;
    const head = (name: string, number: number, subject: string) => [
      oneLine(`From: ${name} <ann@example.org>`),
      `Date: Mon, 1 Jan 2024 10:00:0${number} +0100`,
      oneLine(`Subject: [${label} ${number}/${patches.length}] x ${subject}`),
      `Message-ID: <${number}@example.org>`,
      'To: Linux <linux@example.org>,\n\tBob <bob@example.org>',
    ];
    const clean = (text: string) => text.replace(/[\r\0]/g, ' ');
    return [
      ...(cover ? [{ head: head('Ann', 0, cover.subject), body: `${clean(cover.message)}\n` }] : []),
      ...patches.map(({ name, subject, message, lines, hasSignature }, index) => ({
        head: head(name, index + 1, subject),
        body: `${clean(message)}\n---\n file.c | 2 +-\n\n${aDiff('file.c', lines)}${hasSignature ? '-- \n2.39.5\n' : ''}`,
      })),
    ];
  });

/** The report of a property's first failure, or an empty text. */
async function findFailure(numRuns: number, work: (thread: MailParts[]) => Promise<void>): Promise<string> {
  const details = await fc.check(fc.asyncProperty(aThread, work), { numRuns });
  return details.failed ? `${await fc.asyncDefaultReportMessage(details)}\n${details.errorInstance}` : '';
}

/** What must be the same when a series is stored and read again. */
const withoutOrigin = ({ origin: _, notes: __, ...rest }: Series) => rest;

t.test('carriage returns inside a diff survive storing', async (t) => {
  const lines = ['dos\r', 'a\rFrom b', '\r', 'unix'];
  const mail = encode(
    {
      head: ['From: Ann <ann@example.org>', 'Subject: [PATCH] x'],
      body: `Why.\n---\n${aDiff('dos.c', lines)}`,
    },
    '8bit',
  );
  const series = await readMail(mail);
  const text = Buffer.from(series.patches[0]?.diff ?? []).toString();
  for (const line of lines) t.ok(text.includes(`\n+${line}\n`), JSON.stringify(line));
  const again = await readBytes(writeSeries(series));
  t.strictSame(withoutOrigin(again), withoutOrigin(series));
});

t.test('a git range, its patch files and its mailbox have one digest', async (t) => {
  const directory = t.testdir({ repository: { 'a.c': 'one\ntwo\nthree\n', 'dos.c': 'one\r\ntwo\r\n' } });
  const repository = join(directory, 'repository');
  const run = async (...args: string[]) => {
    const identity = ['-c', 'user.name=Ann "Q" Örg', '-c', 'user.email=ann@example.org'];
    return (await runGit([...identity, ...args], { cwd: repository })).stdout;
  };
  const commit = async (files: Readonly<Record<string, string | Buffer>>, message: string) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(repository, name), content);
    await run('add', '-A');
    await run('commit', '-qm', message);
  };
  await run('init', '-q', '-b', 'main');
  await commit({}, 'base');
  await commit(
    { 'a.c': 'one\n-- \nthree\n', 'dos.c': 'one\r\n-- \r\n' },
    'ünï: change it\n\nFrom here on\n>From there',
  );
  await commit(
    { 'b.bin': Buffer.from([0, 1, 2, 0xff]), 'empty.c': '' },
    'add: a binary file and an empty one',
  );
  await run('mv', 'a.c', 'c.c');
  await commit({}, 'move: it');
  const range = 'HEAD~3..HEAD';
  const series = await readSeries({ kind: 'range', repository, range });
  t.strictSame(series.notes, []);
  t.strictSame(
    series.patches.map((patch) => patch.files),
    [
      ['a.c', 'dos.c'],
      ['b.bin', 'empty.c'],
      ['a.c', 'c.c'],
    ],
  );
  const flags = ['--no-renames', '--cover-letter', '--base=HEAD~3', '--abbrev=8'];
  await run('format-patch', '-q', ...flags, '-o', join(directory, 'patches'), range);
  const patches = await readSeries({ kind: 'directory', path: join(directory, 'patches') });
  const mailbox = await readMail(await run('format-patch', ...flags, '--stdout', range));
  const stored = await readBytes(writeSeries(series));
  for (const [name, other] of Object.entries({ patches, mailbox, stored })) {
    t.equal(other.digest, series.digest, name);
    t.equal(other.baseCommit, series.baseCommit, name);
  }
  const tree = await run('rev-parse', 'HEAD^{tree}');
  await run('checkout', '-q', '--detach', 'HEAD~3');
  t.match(await applySeries(stored, repository), { ok: true });
  t.equal(await run('rev-parse', 'HEAD^{tree}'), tree);
  await run('checkout', '-q', '--detach', 'main~3');
  const path = join(directory, 'series.mbox');
  writeFileSync(path, writeSeries(mailbox));
  await run('am', '-q', '--patch-format=mboxrd', '--keep-cr', '--empty=drop', path);
  t.equal(await run('rev-parse', 'HEAD^{tree}'), tree, 'applied by hand as docs/series.md says');
});

t.test('each part of a patch counts for the digest; what mail programs change does not', async (t) => {
  const head = [
    'From: Ann <ann@example.org>',
    'Date: Mon, 1 Jan 2024 10:00:00 +0000',
    'Subject: [PATCH] x: y',
  ];
  const body = `Why.\n---\n file.c | 1 +\n\n${aDiff('file.c', ['added'])}-- \n2.39.5\n`;
  const mail = encode({ head, body }, '8bit');
  const { digest } = await readMail(mail);
  const change = async (from: string | RegExp, to: string) => {
    t.match(mail, from);
    return (await readMail(mail.replace(from, to))).digest;
  };
  t.not(await change('x: y', 'x: z'), digest, 'subject');
  t.not(await change('Ann', 'Bob'), digest, 'author');
  t.not(await change('Why', 'How'), digest, 'message');
  t.not(await change('+added', '+other'), digest, 'added line');
  t.not(await change('\n first', '\n fired'), digest, 'context line');
  t.not(await change('@@ -1,2 +1,3 @@', '@@ -9,2 +9,3 @@'), digest, 'line numbers');
  t.not(await change(/file\.c/g, 'dosy.c'), digest, 'file');
  t.not(await change('index 1111111..2222222 100644', 'old mode 100644\nnew mode 100755'), digest, 'mode');
  t.equal(await change('[PATCH]', '[PATCH RESEND v3]'), digest, 'prefix');
  t.equal(await change('Mon, 1 Jan', 'Tue, 2 Jan'), digest, 'date');
  t.equal(await change('-- \n2.39.5\n', 'a footer of the mailing list\n'), digest, 'signature');
  t.equal(await change(' file.c | 1 +\n', 'v2: as Bob said\n'), digest, 'remarks');
  t.equal(await change('1111111..2222222', '11111111..22222222'), digest, 'object ids');
  t.equal(await change(' int f(void)', ''), digest, 'function name of a hunk');
  t.equal(await change('\n \n-- ', '\n\n-- '), digest, 'cut white space of an empty context line');
});

t.test('a stored series is read again as it was, with its cover letter and digest', async (t) => {
  const failure = await findFailure(40, async (thread) => {
    const series = await readMail(pack(thread.map((mail) => encode(mail, '8bit'))));
    const stored = writeSeries(series);
    const again = await readBytes(stored);
    assert.deepEqual(withoutOrigin(again), withoutOrigin(series));
    assert.deepEqual(again.notes, []);
    assert.deepEqual(writeSeries(again), stored);
  });
  t.equal(failure, '');
});

t.test('the same patches have one digest in every container and transfer encoding', async (t) => {
  const directory = t.testdir({});
  let run = 0;
  const failure = await findFailure(12, async (thread) => {
    const plain = thread.map((mail) => encode(mail, '8bit'));
    const base64 = thread.map((mail) => encode(mail, 'base64'));
    const quoted = thread.map((mail) => encode(mail, 'quoted-printable'));
    const crlf = (text: string) => text.replaceAll('\n', '\r\n');
    const place = join(directory, String(++run));
    const fill = (name: string, files: Readonly<Record<string, string>>) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(place, name, path, '..'), { recursive: true });
        writeFileSync(join(place, name, path), text);
      }
      return readSeries({ kind: 'directory', path: join(place, name) });
    };
    const number = (mails: readonly string[], name: (index: number) => string) =>
      Object.fromEntries(mails.map((mail, index) => [name(index), mail]));
    const envelope = 'From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n';
    const first = await readMail(pack(plain));
    const found: Record<string, Series> = {
      'CRLF mailbox': await readMail(crlf(pack(plain))),
      'gzipped mailbox': await readBytes(gzipSync(pack(plain))),
      'base64 mailbox': await readMail(pack(base64)),
      'quoted-printable mailbox': await readMail(pack(quoted)),
      'CRLF quoted-printable mailbox': await readMail(crlf(pack(quoted))),
      'mailbox in another order': await readMail(pack([...plain].reverse())),
      eml: await fill(
        'eml',
        number(plain, (index) => `${9 - index}.eml`),
      ),
      'CRLF eml': await fill(
        'crlf',
        number(plain.map(crlf), (index) => `${index}.eml`),
      ),
      maildir: await fill('maildir', {
        ...number(plain.slice(1), (index) => `cur/${index}.host:2,S`),
        'cur/.index': '',
        'new/7.host': plain[0] ?? '',
      }),
      'patch directory': await fill(
        'patches',
        number(
          plain.map((mail) => envelope + mail),
          (index) => `000${index}-x.patch`,
        ),
      ),
    };
    for (const [name, series] of Object.entries(found))
      if (series.digest !== first.digest)
        assert.deepEqual({ name, ...withoutOrigin(series) }, withoutOrigin(first));
  });
  t.equal(failure, '');
});
