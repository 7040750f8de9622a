// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { runGit } from '../host/index.ts';
import type { Series } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { aDiff, aMail, ENVELOPE, faultOf } from '../testing/mail.ts';
import { readSeries } from './index.ts';

// The tests start many small programs, which is slow on a busy computer.
t.setTimeout(240_000);

function read(...mails: readonly string[]): Promise<Series> {
  return readSeries({ kind: 'bytes', bytes: Buffer.from(mails.join('')), name: 'standard input' });
}

const numbered = (subject: string, number: number, total: number, prefix = 'PATCH') =>
  aMail({ subject: `[${prefix} ${number}/${total}] ${subject}` });

t.test('the reference mailboxes are ten patches and a cover letter', async (t) => {
  for (const [name, version] of [
    ['v2', 2],
    ['merged', 1],
  ] as const) {
    const path = join(PROJECT_ROOT, `kernels/mdev/series/${name}.mbox`);
    const series = await readSeries({ kind: 'file', path });
    t.equal(series.patches.length, 10);
    t.equal(series.version, version);
    t.equal(series.title, 'vfio/mdev: Improve vfio/mdev core module');
    t.match(series.cover?.text, /reference\s+counting/);
    t.strictSame(
      series.patches.map((patch) => patch.number),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    t.ok(series.patches.every((patch) => patch.files.length > 0));
    t.equal(series.origin, path);
    t.strictSame(series.notes, []);
  }
});

t.test('patches are sorted, replies are dropped, the cover letter is kept, and notes say so', async (t) => {
  const series = await read(
    numbered('second', 2, 2),
    aMail({
      subject: 'Re: [PATCH 1/2] first',
      body: '> +new\nLooks good.\n\nReviewed-by: Bob <bob@example.org>\n',
    }),
    numbered('first', 1, 2),
    aMail({ subject: '[PATCH 0/2] both', body: 'All about it.\n\nAnn (2):\n  first\n  second\n' }),
    aMail({ subject: 'Re: [PATCH 2/2] second', body: `How about\n\n${aDiff('file.c', 'other')}` }),
    aMail({ subject: 'lunch?', body: 'Hungry.\n' }),
  );
  t.strictSame(
    series.patches.map((patch) => [patch.number, patch.subject]),
    [
      [1, 'first'],
      [2, 'second'],
    ],
  );
  t.equal(series.title, 'both');
  t.match(series.cover?.text, /^All about it\.[\s\S]*second$/);
  t.strictSame(series.notes, [
    '1 reply was dropped',
    'a reply was dropped although it contains a diff: "second"',
    '1 mail without a patch was left out',
    'the patches were sorted by the numbers in their subjects',
  ]);
});

t.test('patches of a subsystem that is named like a reply mark are patches', async (t) => {
  const series = await read(
    numbered('fw: load it early', 1, 3),
    numbered('ref: count it', 2, 3),
    numbered('vs: draw it', 3, 3),
  );
  t.strictSame(
    series.patches.map((patch) => patch.subject),
    ['fw: load it early', 'ref: count it', 'vs: draw it'],
  );
  t.strictSame(series.notes, []);
  const bare = await read(aMail({ subject: 'fw: load it early' }));
  t.equal(bare.patches[0]?.subject, 'fw: load it early', 'a subject without brackets');
  t.equal((await read(aMail({ subject: '[PATCH] re: do it' }))).patches.length, 1);
});

t.test(
  'a reply is dropped with or without a reply mark, and a forwarded patch is no second one',
  async (t) => {
    const id = (name: string) => `Message-ID: <${name}@example.org>`;
    const to = (name: string) => `In-Reply-To: <${name}@example.org>`;
    const thread = [
      aMail({ subject: '[PATCH 0/1] all', headers: [id('cover')], body: 'About it.\n' }),
      aMail({ subject: '[PATCH 1/1] one', headers: [id('one'), to('cover')] }),
    ];
    const answers = {
      'AW: before the brackets': { subject: 'AW: [PATCH 1/1] one', body: `Rather\n\n${aDiff('a.c')}` },
      'the list before the mark': {
        subject: '[list] Re: [PATCH 1/1] one',
        body: `Rather\n\n${aDiff('a.c')}`,
      },
      'no mark, an answer to the cover': {
        subject: '[PATCH 0/1] all',
        headers: [to('cover')],
        body: 'Nice.\n',
      },
      'another subject, an answer': {
        subject: 'Re: lunch?',
        headers: [to('one')],
        body: `Or\n\n${aDiff('a.c')}`,
      },
      'a forwarded patch': { subject: 'Fwd: [PATCH 1/1] one' },
    };
    for (const [name, answer] of Object.entries(answers)) {
      const series = await read(...thread, aMail({ date: 'Tue, 2 Jan 2024 10:00:00 +0000', ...answer }));
      t.equal(series.cover?.text, 'About it.', name);
      t.strictSame(
        series.patches.map((patch) => patch.files),
        [['file.c']],
        name,
      );
      t.equal(series.notes.length, 1, name);
      t.match(series.notes[0], /^(?:1|a) reply was dropped/, name);
    }
  },
);

t.test('quoted-printable, base64 and CRLF mails give the same diff as a plain one', async (t) => {
  const line = 'ünïcode\t= "€" ';
  const diff = aDiff('file.c', line);
  const body = `Grüße.\n---\n${diff}`;
  const charset = 'Content-Type: text/plain; charset=UTF-8';
  const encoding = (name: string) => [charset, `Content-Transfer-Encoding: ${name}`, 'MIME-Version: 1.0'];
  const quoted = [...Buffer.from(body)]
    .map((byte) => {
      if (byte === 10) return '\n';
      return byte === 61 || byte > 126 || byte < 32
        ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte);
    })
    .join('')
    .replace(/ $/gm, '=20')
    .replace(/^(.{60})(.{10,})$/gm, '$1=\n$2');
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{72}/g, '$&\n');
  const mails = {
    plain: aMail({ subject: '[PATCH] x', headers: encoding('8bit'), body }),
    'quoted-printable': aMail({ subject: '[PATCH] x', headers: encoding('quoted-printable'), body: quoted }),
    base64: aMail({ subject: '[PATCH] x', headers: encoding('base64'), body: base64(body) }),
    'CRLF mail': aMail({ subject: '[PATCH] x', headers: encoding('8bit'), body }).replaceAll('\n', '\r\n'),
    'CRLF in base64': aMail({
      subject: '[PATCH] x',
      headers: encoding('base64'),
      body: base64(body.replaceAll('\n', '\r\n')),
    }),
  };
  for (const [name, mail] of Object.entries(mails)) {
    const [patch] = (await read(mail)).patches;
    const found = Buffer.from(patch?.diff ?? []).toString();
    t.equal(found.slice(found.indexOf('diff --git')).trimEnd(), diff.trimEnd(), name);
    t.strictSame(patch?.files, ['file.c'], name);
  }
  t.match((await read(mails['CRLF in base64'])).notes, [/^patch 1 had CRLF/]);
});

t.test('a diff keeps bytes that are not UTF-8', async (t) => {
  const mail = aMail({ subject: '[PATCH] x', body: `m\n---\n${aDiff('file.c', 'n\xe4h')}` });
  const series = await readSeries({ kind: 'bytes', bytes: Buffer.from(mail, 'latin1'), name: '-' });
  t.match(Buffer.from(series.patches[0]?.diff ?? []).toString('latin1'), /^\+n\xe4h$/m);
});

t.test('a patch in an attachment is read, whether it is a diff or a whole mail', async (t) => {
  const multipart = (content: string, more = '') =>
    aMail({
      subject: '[PATCH 1/1] outer',
      headers: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="cut"'],
      body: `--cut\nContent-Type: text/plain\n\nSee the attachment.\n--cut\nContent-Type: text/x-patch; name="a.patch"\nContent-Disposition: attachment; filename="a.patch"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(content).toString('base64')}\n${more}--cut--\n`,
    });
  const diff = await read(multipart(aDiff()));
  t.strictSame([diff.patches[0]?.subject, diff.patches[0]?.files], ['outer', ['file.c']]);
  const inner = aMail({ subject: '[PATCH] inner' }).replace('Ann Example <ann@', 'Bob Example <bob@');
  const mail = await read(multipart(inner));
  t.strictSame(
    [mail.patches[0]?.subject, mail.patches[0]?.author, mail.patches[0]?.files],
    ['inner', 'Bob Example <bob@example.org>', ['file.c']],
  );
  const two = (subject: string) =>
    `--cut\nContent-Type: text/x-patch\nContent-Disposition: attachment; filename="b.patch"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(aMail({ subject })).toString('base64')}\n`;
  const whole = await read(multipart(numbered('first', 1, 2), two('[PATCH 2/2] second')));
  t.strictSame(
    whole.patches.map((patch) => patch.subject),
    ['first', 'second'],
  );
});

t.test('folded and encoded subjects and names are decoded', async (t) => {
  const mail = aMail({
    subject: '=?UTF-8?Q?[PATCH_v3_1/1]_gr=C3=BC=C3=9Fe_und_ein_sehr?=\n =?UTF-8?B?IGxhbmdlciBCZXRyZWZm?=',
  }).replace('From: Ann Example', 'From: =?ISO-8859-1?Q?J=F6rg?=');
  const series = await read(mail);
  t.equal(series.version, 3);
  t.equal(series.patches[0]?.subject, 'grüße und ein sehr langer Betreff');
  t.equal(series.patches[0]?.author, 'Jörg <ann@example.org>');
});

t.test('a body line that begins with "From " starts no new mail, quoted or not', async (t) => {
  const body = `From here on it works.\n\n>From quoted text too.\n\n${ENVELOPE}\n\nwas the line.\n---\n${aDiff()}`;
  const series = await read(aMail({ subject: '[PATCH 1/1] x', body }));
  t.equal(series.patches.length, 1);
  t.match(
    series.patches[0]?.message,
    /^From here on it works\.\n\n>From quoted text too\.\n\nFrom 1234.*\n\nwas/,
  );
  const archived = await read(
    aMail({ subject: '[PATCH 1/1] x', body }).replace(ENVELOPE, 'From mboxrd@z Thu Jan  1 00:00:00 1970'),
  );
  t.match(archived.patches[0]?.message, /^From here on it works\.\n\nFrom quoted text too\./);
});

t.test('a missing patch is named', async (t) => {
  const fault = await faultOf(
    read(numbered('a', 1, 5, 'PATCH v2'), numbered('c', 3, 5, 'PATCH v2'), numbered('d', 4, 5, 'PATCH v2')),
  );
  t.equal(fault.code, 'SERIES_INCOMPLETE');
  t.equal(fault.blame, 'request');
  t.equal(fault.message, 'standard input is incomplete: version 2 lacks patches 2 and 5 of 5');
  const bare = await faultOf(
    read(numbered('a', 1, 2), aMail({ subject: '[PATCH 2/2] b', body: 'No diff here.\n' })),
  );
  t.equal(bare.message, 'standard input is incomplete: version 1 lacks patch 2 of 2');
  t.strictSame(bare.details, ['mail 2/2 contains no diff: b']);
});

t.test('the newest version is taken; one that is not whole is never left out for an older one', async (t) => {
  const old = [numbered('a', 1, 2), numbered('b', 2, 2)];
  const fresh = [numbered('a', 1, 2, 'PATCH v2'), numbered('b', 2, 2, 'PATCH v2')];
  const both = await read(...fresh, ...old);
  t.equal(both.version, 2);
  t.strictSame(both.notes, ['version 1 (2 patches) was left out because version 2 is newer']);
  const torn = await faultOf(read(...old, fresh[0] ?? ''));
  t.equal(torn.code, 'SERIES_INCOMPLETE');
  t.equal(torn.message, 'standard input is incomplete: version 2 lacks patch 2 of 2');
  t.strictSame(torn.details, ['version 1 is whole, and older']);
  t.equal(torn.next, 'add the missing mails; to try version 1, remove the mails of version 2');
  const single = await read(aMail({ subject: '[PATCH] a' }), aMail({ subject: '[PATCH v2] a' }));
  t.equal(single.version, 2);
  t.equal(single.patches.length, 1);
});

t.test('the same mail twice is taken once; two different patches for one number are a fault', async (t) => {
  const twice = await read(numbered('a', 1, 2), numbered('a', 1, 2), numbered('b', 2, 2));
  t.equal(twice.patches.length, 2);
  t.strictSame(twice.notes, ['mail 1/2 came 2 times; the latest was taken']);
  const fault = await faultOf(read(numbered('a', 1, 2), numbered('z', 1, 2), numbered('b', 2, 2)));
  t.equal(fault.code, 'SERIES_AMBIGUOUS');
  t.match(fault.message, /"a", "z"/);
});

t.test('two complete series of one version are a fault, whichever is newer', async (t) => {
  const fault = await faultOf(
    read(
      numbered('a', 1, 2),
      numbered('b', 2, 2),
      numbered('x', 1, 3),
      numbered('y', 2, 3),
      numbered('z', 3, 3),
    ),
  );
  t.equal(fault.code, 'SERIES_AMBIGUOUS');
  t.equal(fault.message, 'standard input contains a series of 2 and one of 3 patches, both version 1');
  const old = await read(
    numbered('a', 1, 2, 'PATCH v2'),
    numbered('b', 2, 2, 'PATCH v2'),
    ...[numbered('p', 1, 1), numbered('a', 1, 2), numbered('b', 2, 2)],
  );
  t.equal(old.version, 2, 'two series of an older version are no problem');
});

t.test('a copy of a patch without a number is left out', async (t) => {
  const headers = ['Message-ID: <a@example.org>'];
  const one = aMail({ subject: '[PATCH] a', headers });
  const series = await read(
    one,
    one,
    aMail({ subject: '[PATCH] b', headers: ['Message-ID: <b@example.org>'] }),
  );
  t.strictSame(
    series.patches.map((patch) => patch.subject),
    ['a', 'b'],
  );
  t.strictSame(series.notes, [
    '1 repeated copy of a patch was left out',
    'not every subject has a number (n/m), so the patches stay in the order in which they came',
  ]);
});

t.test('a patch in a character set that git does not know is read, and a note says so', async (t) => {
  const headers = ['Content-Type: text/plain; charset=unknown-8bit'];
  const series = await read(aMail({ subject: '[PATCH] a', headers }));
  t.strictSame(series.patches[0]?.files, ['file.c']);
  t.strictSame(series.notes, [
    'patch 1 names a character set that git does not know; its text was taken as it is',
  ]);
});

t.test('what git cannot decode, and a patch without an author, are faults of the request', async (t) => {
  const undecodable = await faultOf(read(aMail({ subject: '[PATCH] =?UTF-8?Q?never ended' })));
  t.strictSame([undecodable.code, undecodable.blame], ['SERIES_UNREADABLE', 'request']);
  const anonymous = await faultOf(read(aMail({ subject: '[PATCH] a' }).replace(/^From: .*\n/m, '')));
  t.strictSame([anonymous.code, anonymous.blame], ['SERIES_NO_AUTHOR', 'request']);
  t.match(anonymous.message, /"a"$/);
});

t.test('base-commit is read, and a note names prerequisites', async (t) => {
  const base = 'a'.repeat(40);
  const body = `m\n---\n${aDiff()}\nbase-commit: ${base}\nprerequisite-patch-id: ${'b'.repeat(40)}\n`;
  const series = await read(numbered('a', 1, 2), aMail({ subject: '[PATCH 2/2] b', body }));
  t.equal(series.baseCommit, base);
  t.strictSame(series.notes, ['the series names 1 prerequisite patch that it does not contain']);
  t.equal((await read(numbered('a', 1, 1))).baseCommit, null);
});

t.test('a mail without a date gets a fixed one, so that its commit is always the same', async (t) => {
  const series = await read(aMail({ subject: '[PATCH] a', date: null }));
  t.equal(series.patches[0]?.date, 'Sat, 1 Jan 2000 00:00:00 +0000');
  t.match(series.notes, [/^patch 1 has no readable date/]);
});

t.test(
  'empty input, mails without a patch, a diff without headers and a missing file are faults of the request',
  async (t) => {
    t.equal((await faultOf(read(''))).code, 'SERIES_EMPTY');
    t.equal((await faultOf(read(' \n\n'))).code, 'SERIES_EMPTY');
    t.equal((await faultOf(read(aMail({ subject: 'hello', body: 'World.\n' })))).code, 'SERIES_EMPTY');
    t.equal(
      (await faultOf(read(aMail({ subject: '[PATCH 0/1] cover', body: 'World.\n' })))).code,
      'SERIES_EMPTY',
    );
    t.equal((await faultOf(read(aDiff()))).code, 'SERIES_NOT_MAIL');
    const directory = t.testdir({ empty: {} });
    const absent = await faultOf(readSeries({ kind: 'file', path: join(directory, 'no.mbox') }));
    t.strictSame([absent.code, absent.blame], ['INPUT_NOT_FOUND', 'request']);
    t.equal(
      (await faultOf(readSeries({ kind: 'directory', path: join(directory, 'no') }))).code,
      'INPUT_NOT_FOUND',
    );
    t.equal(
      (await faultOf(readSeries({ kind: 'directory', path: join(directory, 'empty') }))).code,
      'SERIES_EMPTY',
    );
  },
);

t.test('a directory is read by n/m, else in the natural order of its names', async (t) => {
  const directory = t.testdir({
    counted: {
      'x.patch': numbered('first', 1, 2),
      'a.eml': numbered('second', 2, 2),
      'notes.txt': 'not a patch',
    },
    plain: {
      '10-c.patch': aMail({ subject: '[PATCH] c' }),
      '2-b.patch': aMail({ subject: '[PATCH] b' }),
      '1-a.patch': numbered('a', 1, 1),
    },
    mixed: { cur: { '1': aMail({ subject: '[PATCH] stray' }), '2': numbered('only', 1, 1) }, new: {} },
    maildir: { cur: { '1:2,S': numbered('first', 1, 2) }, new: { '2': numbered('second', 2, 2) }, tmp: {} },
  });
  const subjects = async (name: string) =>
    (await readSeries({ kind: 'directory', path: join(directory, name) })).patches.map(
      (patch) => patch.subject,
    );
  t.strictSame(await subjects('counted'), ['first', 'second']);
  t.strictSame(await subjects('plain'), ['a', 'b', 'c']);
  t.strictSame(await subjects('maildir'), ['first', 'second']);
  t.strictSame(await subjects('mixed'), ['only'], 'the names in a maildir are no order');
});

t.test('a gzipped mailbox is unpacked, and a damaged one is a fault', async (t) => {
  const directory = t.testdir({});
  const packed = gzipSync(numbered('first', 1, 1));
  const path = join(directory, 't.mbox.gz');
  writeFileSync(path, packed);
  t.equal((await readSeries({ kind: 'file', path })).patches.length, 1);
  writeFileSync(path, packed.subarray(0, 40));
  t.equal((await faultOf(readSeries({ kind: 'file', path }))).code, 'SERIES_UNREADABLE');
});

t.test(
  'a range is read without touching the checkout, whatever the repository is configured to do',
  async (t) => {
    const repository = t.testdir({ 'file.c': 'first\nold\n' });
    const run = (...args: string[]) =>
      runGit(['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], { cwd: repository });
    await run('init', '-q', '-b', 'main');
    await run('add', '.');
    await run('commit', '-qm', 'base');
    const base = (await run('rev-parse', 'HEAD')).stdout.trim();
    mkdirSync(join(repository, 'sub'));
    writeFileSync(join(repository, 'file.c'), Buffer.from('first\nn\xe4h\n', 'latin1'));
    await run('commit', '-qam', 'one\n\nFrom here on.\n');
    writeFileSync(join(repository, 'sub/new.c'), 'x\n');
    await run('add', '.');
    await run('commit', '-qm', '[media] two: of it');
    await run('commit', '-q', '--allow-empty', '-m', 'nothing');
    writeFileSync(join(repository, 'file.c'), 'dirty\n');
    for (const setting of [
      'diff.noprefix true',
      'format.subjectPrefix ODD',
      'format.coverLetter true',
      'format.attach x',
    ])
      await run('config', ...setting.split(' '));
    const before = (await run('status', '--porcelain=v2', '--branch')).stdout;
    const series = await readSeries({
      kind: 'range',
      repository: join(repository, 'sub'),
      range: `${base}..`,
    });
    t.strictSame(
      series.patches.map((patch) => [patch.subject, patch.files]),
      [
        ['one', ['file.c']],
        ['two: of it', ['sub/new.c']],
      ],
    );
    t.strictSame(series.notes, [`1 commit without changes in ${base}.. was left out`]);
    t.equal(series.baseCommit, base);
    t.equal(series.cover, null);
    t.match(Buffer.from(series.patches[0]?.diff ?? []).toString('latin1'), /^\+n\xe4h$/m);
    t.equal((await run('status', '--porcelain=v2', '--branch')).stdout, before);
    const fault = async (range: string, where = repository) =>
      (await faultOf(readSeries({ kind: 'range', repository: where, range }))).code;
    t.equal(await fault('main..main'), 'SERIES_EMPTY');
    t.equal(await fault('absent..main'), 'SERIES_BAD_RANGE');
    t.equal(await fault('main...main'), 'SERIES_BAD_RANGE');
    t.equal(await fault('--output=x..main'), 'SERIES_BAD_RANGE');
    t.equal(await fault('a..b', join(repository, 'absent')), 'HOST_NO_REPOSITORY');
  },
);
