// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import { faultOf } from '../testing/mail.ts';
import { readSeries, writeSeries } from './index.ts';

t.setTimeout(240_000);

const LONG =
  '\tprintk(KERN_INFO "%s: the device has gone away and will not come back", dev_name(&device->dev));';

/** A diff of C code as `git format-patch` writes it: tabs, quotes, `=`, `<`, and a line that is longer than mails have. */
const DIFF = [
  'diff --git a/drivers/a.c b/drivers/a.c',
  'index 1111111..2222222 100644',
  '--- a/drivers/a.c',
  '+++ b/drivers/a.c',
  '@@ -10,7 +10,8 @@ static int probe(struct device *device)',
  ' {',
  '\tint i = 0;'.replace(/^/, ' '),
  ' ',
  '-\tif (i < 1)',
  '+\tif (device->count <= 1)',
  `+${LONG}`,
  ' \t\treturn -ENODEV;',
  ' \treturn 0;',
  ' }',
  '',
].join('\n');

const MESSAGE =
  'A device can go away.\n\nSigned-off-by: Ann <ann@example.org>\n---\n drivers/a.c | 3 ++-\n\n';
const HEAD = [
  'From: Ann Example <ann@example.org>',
  'Date: Mon, 1 Jan 2024 10:00:00 +0000',
  'Subject: [PATCH] a: check it',
  'MIME-Version: 1.0',
];
const PLAIN = `${MESSAGE}${DIFF}-- \n2.39.5\n`;

const mail = (headers: readonly string[], body: string) => `${[...HEAD, ...headers].join('\n')}\n\n${body}`;
const text = (body: string, more = '') => mail([`Content-Type: text/plain; charset=UTF-8${more}`], body);
const html = (body: string) =>
  `<html><body><pre>${body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</pre></body></html>\n`;
const multipart = (kind: string, parts: readonly string[]) =>
  mail(
    [`Content-Type: multipart/${kind}; boundary="=_cut"`],
    `This is a message in MIME format.\n${parts.map((part) => `--=_cut\n${part}\n`).join('')}--=_cut--\n`,
  );
const part = (type: string, body: string, headers: readonly string[] = []) =>
  `${[`Content-Type: ${type}`, ...headers].join('\n')}\n\n${body}`;
const base64 = (body: string | Buffer) => Buffer.from(body).toString('base64').replace(/.{76}/g, '$&\n');
const utf16 = (body: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body, 'utf16le')]);
const quoted = (body: string) =>
  body
    .replace(/[=\t]|[^\n -~]| (?=\n)/g, (one) =>
      [...Buffer.from(one)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .replace(/(?:[^=\n]|=..){70}(?=.)/g, '$&=\n');
/** `format=flowed` as RFC 3676 has it: lines stuffed, and broken at a space that stays or goes. */
const flowed = (body: string, delSp: boolean) =>
  body
    .split('\n')
    .map((line) => (line === '-- ' ? line : line.trimEnd()))
    .map((line) => (/^[ >]|^From /.test(line) ? ` ${line}` : line))
    .map((line) => (line.length > 72 ? line.replace(/^(.{60}\S*) /, delSp ? '$1  \n' : '$1 \n') : line))
    .join('\n');
const dashed = (body: string) => body.replace(/^(?=-|From )/gm, '- ');
const signed = (body: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${dashed(body)}\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----\n`;
/** Lines broken as mail programs break them. */
const wrap = (body: string, width = 76) =>
  body
    .split('\n')
    .map((line) => (line.length > width ? line.replace(/^(.{50}\S*) (?=\S)/, '$1\n') : line))
    .join('\n');

const read = (bytes: string | Buffer) =>
  readSeries({ kind: 'bytes', bytes: Buffer.from(bytes as string), name: 'mailbox' });
const diffOf = (diff: Uint8Array | undefined) => {
  const found = Buffer.from(diff ?? []).toString();
  return found.slice(found.indexOf('diff --git'), found.indexOf('-- \n2.39.5'));
};

/** Mails of which the patch can be had as it was sent, with what is noted. */
const INTACT: Readonly<Record<string, readonly [bytes: string | Buffer, note?: RegExp]>> = {
  'a plain mail': [text(PLAIN)],
  'multipart/alternative: the plain part': [
    multipart('alternative', [part('text/plain; charset=utf-8', PLAIN), part('text/html', html(PLAIN))]),
  ],
  'multipart/alternative with HTML first': [
    multipart('alternative', [part('text/html', html(PLAIN)), part('text/plain', PLAIN)]),
  ],
  'multipart/alternative, each part in quoted-printable': [
    multipart('alternative', [
      part('text/plain', quoted(PLAIN), ['Content-Transfer-Encoding: quoted-printable']),
      part('text/html', quoted(html(PLAIN)), ['Content-Transfer-Encoding: quoted-printable']),
    ]),
  ],
  'multipart/mixed with the footer of a mailing list': [
    multipart('mixed', [part('text/plain', PLAIN), part('text/plain', '____\nlinux-list mailing list\n')]),
  ],
  'multipart/signed': [
    multipart('signed; micalg="pgp-sha512"', [
      part('text/plain', PLAIN),
      part('application/pgp-signature; name="signature.asc"', '-----BEGIN PGP SIGNATURE-----\n'),
    ]),
  ],
  'alternatives inside of a mixed mail with a picture': [
    multipart('mixed', [
      part(
        'multipart/alternative; boundary=inner',
        `--inner\n${part('text/plain', PLAIN)}\n--inner\n${part('text/html', html(PLAIN))}\n--inner--\n`,
      ),
      part('image/png', base64(Buffer.alloc(300, 7)), ['Content-Transfer-Encoding: base64']),
    ]),
  ],
  'an attached diff': [
    multipart('mixed', [
      part('text/plain', 'A device can go away.\n'),
      part('text/x-patch; name=a.diff', base64(`${DIFF}-- \n2.39.5\n`), [
        'Content-Disposition: attachment; filename=a.diff',
        'Content-Transfer-Encoding: base64',
      ]),
    ]),
  ],
  'an attached diff of an unknown type beside HTML': [
    multipart('mixed', [
      part('text/html', '<p>A device can go away.</p>'),
      part('application/octet-stream; name=a.patch', base64(`${DIFF}-- \n2.39.5\n`), [
        'Content-Transfer-Encoding: base64',
      ]),
    ]),
  ],
  'a forwarded mail as an attachment': [
    `From: Bob <bob@example.org>\nSubject: Fwd: [PATCH] a: check it\n${multipart('mixed', [
      part('text/plain', 'See below.\n'),
      part('message/rfc822', text(PLAIN)),
    ]).replace(/^From: .*\nDate: .*\nSubject: .*\n/, '')}`,
    /came as an attachment/,
  ],
  base64: [mail(['Content-Transfer-Encoding: base64'], base64(PLAIN))],
  'quoted-printable': [mail(['Content-Transfer-Encoding: quoted-printable'], quoted(PLAIN))],
  'format=flowed': [text(flowed(PLAIN, false), '; format=flowed')],
  'format=flowed with DelSp': [text(flowed(PLAIN, true), '; format=flowed; delsp=yes')],
  'format=flowed that was never flowed': [
    text(PLAIN, '; format=flowed'),
    /is marked as format=flowed and is not/,
  ],
  'CRLF line ends': [text(PLAIN).replaceAll('\n', '\r\n')],
  'CRLF line ends in base64': [
    mail(['Content-Transfer-Encoding: base64'], base64(PLAIN.replaceAll('\n', '\r\n'))),
    /had CRLF line ends/,
  ],
  'CR line ends': [text(PLAIN).replaceAll('\n', '\r'), /had carriage returns as line ends/],
  'UTF-16 with its mark, as a shell of Windows writes it': [
    utf16(text(PLAIN).replaceAll('\n', '\r\n')),
    /was in UTF-16/,
  ],
  'UTF-16 inside of base64': [
    mail(
      ['Content-Type: text/plain; charset=utf-16le', 'Content-Transfer-Encoding: base64'],
      base64(Buffer.from(PLAIN, 'utf16le')),
    ),
  ],
  'a clear PGP signature with dash escapes': [text(signed(PLAIN)), /was inside a PGP signature/],
  'white space cut from empty context lines': [text(PLAIN.replace(/\n \n/, '\n\n'))],
  'a charset that nobody knows': [
    mail(['Content-Type: text/plain; charset=klingon'], PLAIN),
    /character set that git does not know/,
  ],
  'a subject in a charset that nobody knows': [
    text(PLAIN).replace('Subject: [PATCH] a: check it', 'Subject: =?klingon?Q?=5BPATCH=5D_a:_check_it?='),
    /character set that git does not know/,
  ],
};

t.test('the patch is taken as it was sent wherever that can be known', async (t) => {
  for (const [name, [bytes, note]] of Object.entries(INTACT)) {
    const { patches, notes } = await read(bytes);
    const found = diffOf(patches[0]?.diff).replace(/\n\n/, '\n \n');
    t.equal(found, DIFF.replace(/\n\n/, '\n \n'), name);
    t.strictSame(patches[0]?.files, ['drivers/a.c'], name);
    t.match(patches[0]?.subject, /a: check it$/, name);
    if (note) t.match(notes.join('\n'), note, name);
    else t.strictSame(notes, [], name);
  }
});

/** Mails whose patch is lost, with what is said to have happened. */
const BROKEN: Readonly<Record<string, readonly [bytes: string | Buffer, what: RegExp]>> = {
  'HTML only': [mail(['Content-Type: text/html'], html(PLAIN)), /the mail is HTML only/],
  'HTML only, in base64': [
    mail(['Content-Type: text/html', 'Content-Transfer-Encoding: base64'], base64(html(PLAIN))),
    /the mail is HTML only/,
  ],
  'HTML only inside of multipart/related': [
    multipart('related', [part('text/html', html(PLAIN))]),
    /the mail is HTML only/,
  ],
  'an empty plain part beside HTML with the patch': [
    multipart('alternative', [part('text/html', html(PLAIN))]),
    /the mail is HTML only/,
  ],
  'entities of HTML in a plain mail': [
    text(MESSAGE + DIFF.replaceAll('<', '&lt;').replaceAll('->', '-&gt;')),
    /came out of HTML/,
  ],
  'wrapped lines': [text(wrap(PLAIN)), /wrapped its long lines/],
  'wrapped lines in the middle of a word': [
    text(PLAIN.replace(/^(.{70})(.{10,})$/m, '$1\n$2')),
    /wrapped its long lines/,
  ],
  'a wrapped hunk header': [text(PLAIN.replace(' @@ static', ' @@\nstatic')), /wrapped its long lines/],
  'quoted as in a reply': [text(PLAIN.replace(/^/gm, '> ')), /quoted it with `>`/],
  'quoted twice': [text(PLAIN.replace(/^/gm, '>> ')), /quoted it with `>`/],
  'quoted with a bar': [text(PLAIN.replace(/^/gm, '| ')), /quoted it with `>`/],
  indented: [text(PLAIN.replace(/^/gm, '    ')), /indented it/],
  'quoted-printable that nobody undid': [text(quoted(PLAIN)), /quoted-printable encoding .*was not undone/],
  'quoted-printable that nobody undid, short lines only': [
    text(quoted(PLAIN.replace(LONG, '\tf(a = b);'))),
    /quoted-printable encoding .*was not undone/,
  ],
  'the space at the start of context lines removed': [
    text(MESSAGE + DIFF.replace(/^ (?=.)/gm, '')),
    /removed the space at the start of lines/,
  ],
  'non-breaking spaces at the start of lines': [
    text(MESSAGE + DIFF.replace(/^ /gm, '\u00a0')),
    /white space became non-breaking spaces/,
  ],
  'non-breaking spaces in place of tabs': [
    text(MESSAGE + DIFF.replaceAll('\t', '\u00a0\u00a0\u00a0\u00a0')),
    /white space became non-breaking spaces/,
  ],
  'typographic quotes': [
    text(MESSAGE + DIFF.replace(/"([^"]*)"/g, '\u201c$1\u201d')),
    /straight quotes became typographic ones/,
  ],
  'typographic dashes': [
    text(MESSAGE + DIFF.replaceAll('--', '\u2014').replace(/^@@.*$/m, '')),
    /replaced `--` by a dash/,
  ],
  'dash escapes of PGP without the signature': [
    text(dashed(PLAIN).replace('diff --git', 'diff -r')),
    /dash escapes of PGP/,
  ],
  'the end cut off': [
    text(MESSAGE + DIFF.slice(0, DIFF.indexOf(' \t\treturn'))),
    /fewer lines than its header says/,
  ],
  'a line lost': [text(PLAIN.replace(' \treturn 0;\n', '')), /fewer lines than its header says/],
  'a line too many': [text(PLAIN.replace(' }\n-- ', ' }\n+more\n-- ')), /more lines than its header says/],
  'a binary file without its data': [
    text(
      `${MESSAGE}diff --git a/x.bin b/x.bin\nindex 1..2 100644\nBinary files a/x.bin and b/x.bin differ\n`,
    ),
    /a binary file is in it without its data/,
  ],
};

t.test(
  'a patch that a mail program broke is refused with what it did, and how to get it intact',
  async (t) => {
    for (const [name, [bytes, what]] of Object.entries(BROKEN)) {
      const fault = await faultOf(read(bytes)).catch((error: unknown) => {
        t.fail(`${name}: ${error}`);
        return null;
      });
      if (!fault) continue;
      t.strictSame([fault.code, fault.blame], ['SERIES_DAMAGED', 'request'], name);
      t.match(fault.message, what, name);
      t.match(fault.next, /b4 am MESSAGE-ID.*Show original.*attach/, name);
    }
  },
);

t.test('one broken patch of a series, of a directory or of numbers, is not left out', async (t) => {
  const numbered = (number: number, bytes: string) =>
    `From mboxrd@z Thu Jan  1 00:00:00 1970\n${bytes.replace('[PATCH]', `[PATCH ${number}/2]`)}\n`;
  const htmlMail = mail(['Content-Type: text/html'], html(PLAIN));
  const inMailbox = await faultOf(read(numbered(1, text(PLAIN)) + numbered(2, htmlMail)));
  t.match(inMailbox.message, /HTML only/);
  const path = t.testdir({ 'a.patch': text(PLAIN), 'b.patch': htmlMail });
  t.match((await faultOf(readSeries({ kind: 'directory', path }))).message, /HTML only/);
});

t.test('what only looks like damage is none', async (t) => {
  const doc = (line: string, file = 'Documentation/a.rst') =>
    text(
      `${MESSAGE}diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1,2 @@\n first = 1\n+${line}\n`,
    );
  for (const line of [
    '=3D is an escape, and a = 1',
    'a &lt; b and a < b',
    '“quoted”',
    '> quoted',
    'non\u00a0breaking',
    'From: Bob',
    '=?utf-8?Q?x?=',
    '-----BEGIN PGP SIGNED MESSAGE-----',
  ])
    t.equal((await read(doc(line))).patches.length, 1, line);
  const quoting = text(`As Bob wrote:\n> diff --git a/x b/x\n> --- a/x\n\n---\n${DIFF}-- \n2.39.5\n`);
  t.equal((await read(quoting)).patches.length, 1);
});

t.test('a commit is not damaged, whatever it looks like', async (t) => {
  const repository = t.testdir({ 'a.c': '' });
  const run = (...args: string[]) =>
    runGit(['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], { cwd: repository });
  await run('init', '-q', '-b', 'main');
  await run('add', '.');
  await run('commit', '-qm', 'base');
  writeFileSync(join(repository, 'a.c'), '\u00a0indented\nf(\u201cquoted\u201d);\n=3D\n&lt;\n');
  await run('commit', '-qam', 'odd');
  const series = await readSeries({ kind: 'range', repository, range: 'HEAD~..' });
  t.equal(series.patches.length, 1);
  const source = { kind: 'bytes', bytes: writeSeries(series), name: 'series.mbox' } as const;
  t.equal((await readSeries(source, { isOwn: true })).digest, series.digest, 'as a run stores it');
  t.equal((await faultOf(readSeries(source))).code, 'SERIES_DAMAGED', 'the same from a mail program');
});

t.test('mails that were put together without `From ` lines are told', async (t) => {
  const second = text(PLAIN).replace('[PATCH]', '[PATCH 2/2]');
  for (const between of ['', '\n', '\n\n']) {
    const fault = await faultOf(read(`${text(PLAIN).replace('[PATCH]', '[PATCH 1/2]')}${between}${second}`));
    t.strictSame([fault.code, fault.blame], ['SERIES_NO_SEPARATOR', 'request']);
    t.match(fault.message, /several mails without a `From ` line between them/);
  }
  const forwarded = text(
    `From: Bob <bob@example.org>\nSubject: other\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\n${PLAIN}`,
  );
  t.equal(
    (await read(forwarded)).patches[0]?.author,
    'Bob <bob@example.org>',
    'headers in the body are those of git',
  );
});
