// SPDX-License-Identifier: MIT
import t from 'tap';
import { aDiff, aMail, faultOf } from '../testing/mail.ts';
import { readSeries } from './index.ts';

t.setTimeout(240_000);

const read = (...mails: readonly string[]) =>
  readSeries({ kind: 'bytes', bytes: Buffer.from(mails.join('')), name: 'mailbox' });
const patch = (place: string, more: readonly string[] = []) =>
  aMail({ subject: `[PATCH ${place}] x: ${place.replace(/v\d+ /, '')}`, headers: more });
const cover = (place: string, more: readonly string[] = []) =>
  aMail({ subject: `[PATCH ${place}] all of it`, headers: more, body: 'About it.\n' });
const id = (name: string) => `Message-ID: <${name}@example.org>`;
const to = (...names: readonly string[]) => [
  `In-Reply-To: <${names.at(-1)}@example.org>`,
  `References: ${names.map((name) => `<${name}@example.org>`).join(' ')}`,
];

/** Mailboxes from which no series may come. */
const NOTHING: Readonly<Record<string, readonly [mails: readonly string[], code: string, message: RegExp]>> =
  {
    'patch 1 of 0': [[patch('1/0')], 'SERIES_MISNUMBERED', /got number 1 of 0, expected at least one patch/],
    'patch 0 of 0': [[patch('0/0')], 'SERIES_EMPTY', /1 mail, but no patch/],
    'patch 3 of 2': [[patch('3/2')], 'SERIES_MISNUMBERED', /got number 3 of 2, expected 0 to 2/],
    'patch 1 of 00': [[patch('1/00')], 'SERIES_MISNUMBERED', /got number 1 of 0/],
    'a whole series and one patch more': [
      [patch('1/2'), patch('2/2'), patch('3/2')],
      'SERIES_MISNUMBERED',
      /got number 3 of 2/,
    ],
    'patch 1 of 0 beside an unnumbered one': [
      [patch('1/0'), aMail({ subject: '[PATCH] y' })],
      'SERIES_MISNUMBERED',
      /got number 1 of 0/,
    ],
    'patch 1 of 0 of a newer version': [
      [patch('1/1'), patch('v2 1/0')],
      'SERIES_MISNUMBERED',
      /got number 1 of 0/,
    ],
    'no byte': [[''], 'SERIES_EMPTY', /no mail/],
    blanks: [[' \n\t\r\n\n'], 'SERIES_EMPTY', /no mail/],
    'a byte order mark': [['\ufeff'], 'SERIES_EMPTY', /no mail/],
    'a cover letter of nothing': [[cover('0/0')], 'SERIES_EMPTY', /no patch/],
    'a cover letter alone': [[cover('0/1')], 'SERIES_EMPTY', /no patch/],
    'replies alone': [
      [aMail({ subject: 'Re: [PATCH] x' }), aMail({ subject: 'AW: [PATCH] x' })],
      'SERIES_EMPTY',
      /2 mails, but no patch/,
    ],
    'a patch without a diff': [[aMail({ subject: '[PATCH] x', body: 'No.\n' })], 'SERIES_EMPTY', /no patch/],
    'numbered patches without a diff': [
      [aMail({ subject: '[PATCH 1/1] x', body: 'No.\n' })],
      'SERIES_INCOMPLETE',
      /version 1 lacks patch 1 of 1/,
    ],
    'half a series': [[patch('1/3'), patch('3/3')], 'SERIES_INCOMPLETE', /lacks patch 2 of 3/],
    'many patches missing': [[patch('900/900')], 'SERIES_INCOMPLETE', /lacks patches 1 to 899 of 900/],
    'a newer version that is not whole beside an older one': [
      [patch('1/2'), patch('2/2'), patch('v2 1/2')],
      'SERIES_INCOMPLETE',
      /version 2 lacks patch 2 of 2/,
    ],
    'a newer cover letter whose patches are not there': [
      [cover('0/2', [id('old')]), patch('1/2'), patch('2/2'), cover('v2 0/3', [id('new'), ...to('old')])],
      'SERIES_INCOMPLETE',
      /version 2 lacks patches 1 to 3 of 3/,
    ],
    'a newer version in the thread of the older one that is not whole': [
      [
        cover('0/2', [id('c1')]),
        patch('1/2', [id('p1'), ...to('c1')]),
        patch('2/2', [id('p2'), ...to('c1')]),
        cover('v2 0/2', [id('c2'), ...to('c1')]),
        patch('v2 1/2', [id('q1'), ...to('c1', 'c2')]),
      ],
      'SERIES_INCOMPLETE',
      /version 2 lacks patch 2 of 2/,
    ],
    'one in brackets of brackets': [[patch('[v2] 1/2')], 'SERIES_INCOMPLETE', /version 2 lacks patch 2 of 2/],
    'a diff that is only text': [
      [aMail({ subject: '[PATCH] x', body: 'diff --git a/x b/x\n' })],
      'SERIES_DAMAGED',
      /git cannot read its diff/,
    ],
    'two series of one version': [
      [patch('1/1'), patch('1/2'), patch('2/2')],
      'SERIES_AMBIGUOUS',
      /a series of [12] and one of [12] patches/,
    ],
  };

t.test('nothing is never a series', async (t) => {
  for (const [name, [mails, code, message]] of Object.entries(NOTHING)) {
    const fault = await faultOf(read(...mails));
    t.strictSame([fault.code, fault.blame], [code, 'request'], name);
    t.match(fault.message, message, name);
    t.ok(fault.message.length < 400, name);
  }
});

t.test('an empty file among patches is told, and so is what else a directory lacks', async (t) => {
  const path = t.testdir({
    empty: { 'a.patch': aMail({ subject: '[PATCH] a' }), 'b.patch': '' },
    blank: { 'a.patch': aMail({ subject: '[PATCH] a' }), 'b.patch': '\n\n' },
    others: { 'a.diff': aDiff(), 'README.txt': 'x' },
    none: {},
    maildir: { cur: {}, new: {}, tmp: {} },
  });
  for (const [name, message] of [
    ['empty', /the patch file .*b\.patch is empty$/],
    ['blank', /the patch file .*b\.patch is empty$/],
    ['others', /contains no \*\.patch, \*\.mbox or \*\.eml file/],
    ['none', /contains no \*\.patch, \*\.mbox or \*\.eml file/],
    ['maildir', /the maildir .* contains no mail/],
  ] as const)
    t.match(
      await faultOf(readSeries({ kind: 'directory', path: `${path}/${name}` })),
      { code: 'SERIES_EMPTY', message },
      name,
    );
});

t.test('a cover letter with a diff is noted', async (t) => {
  const series = await read(patch('0/1'), patch('1/1'));
  t.equal(series.patches.length, 1);
  t.match(series.notes, ['the cover letter contains a diff, which is not applied']);
});

const v2 = [
  cover('v2 0/3', [id('c2')]),
  patch('v2 1/3', [id('p21'), ...to('c2')]),
  patch('v2 2/3', [id('p22'), ...to('c2')]),
  patch('v2 3/3', [id('p23'), ...to('c2')]),
];

t.test('patches that were sent again as replies replace those of the version before', async (t) => {
  const of = async (...mails: readonly string[]) => {
    const { version, patches, notes, cover } = await read(...v2, ...mails);
    return {
      version,
      ids: patches.map(({ messageId }) => messageId?.slice(1, 4)),
      cover: cover?.messageId,
      notes,
    };
  };
  const again = patch('v3 2/3', [id('p32'), ...to('c2', 'p22')]);
  t.match(await of(again), {
    version: 3,
    ids: ['p21', 'p32', 'p23'],
    notes: ['version 3 is a partial reroll: patch 2 is from version 3, patches 1 and 3 are from version 2'],
  });
  const more = patch('v4 3/3', [id('p43'), ...to('c2', 'p23')]);
  t.match(await of(again, more), {
    version: 4,
    ids: ['p21', 'p32', 'p43'],
    notes: [
      'version 4 is a partial reroll: patch 3 is from version 4, patch 2 is from version 3, patch 1 is from version 2',
    ],
  });
  const third = patch('v4 2/3', [id('p42'), ...to('c2', 'p22', 'p32')]);
  t.match(await of(again, third), { version: 4, ids: ['p21', 'p42', 'p23'] }, 'a reroll of a reroll');
  const review = aMail({
    subject: 'Re: [PATCH v2 2/3] x: 2/3',
    headers: [id('r'), ...to('c2', 'p22')],
    body: '> +new\nPlease change it.\n',
  });
  const answer = patch('v3 2/3', [id('p32'), 'In-Reply-To: <r@example.org>']);
  t.match(await of(review, answer), { version: 3, ids: ['p21', 'p32', 'p23'] }, 'as a reply to a reply');
  const letter = cover('v3 0/3', [id('c3'), ...to('c2')]);
  t.match(await of(letter), {
    version: 3,
    ids: ['p21', 'p22', 'p23'],
    cover: '<c3@example.org>',
    notes: ['version 3 is a partial reroll: the cover letter is from it, patches 1 to 3 are from version 2'],
  });
});

t.test('a whole new version in the thread is that version', async (t) => {
  const whole = [
    cover('v3 0/3', [id('c3'), ...to('c2')]),
    ...[1, 2, 3].map((number) => patch(`v3 ${number}/3`, [id(`p3${number}`), ...to('c2', 'c3')])),
  ];
  const series = await read(...v2, ...whole);
  t.strictSame(
    series.patches.map(({ messageId }) => messageId?.slice(1, 4)),
    ['p31', 'p32', 'p33'],
  );
  t.strictSame(series.notes, ['version 2 (3 patches) was left out because version 3 is newer']);
});

t.test('what answers no patch with its own number replaces none', async (t) => {
  for (const [name, mail] of Object.entries({
    'no reply at all': patch('v3 2/3', [id('p32')]),
    'a reply to the cover letter': patch('v3 2/3', [id('p32'), ...to('c2')]),
    'a reply to another patch': patch('v3 2/3', [id('p32'), ...to('c2', 'p21')]),
    'of another number of patches': patch('v3 2/4', [id('p32'), ...to('c2', 'p22')]),
    'a reply to itself': patch('v3 2/3', [id('p32'), ...to('p32')]),
  })) {
    const fault = await faultOf(read(...v2, mail));
    t.strictSame([fault.code, fault.blame], ['SERIES_INCOMPLETE', 'request'], name);
    t.match(fault.message, /version 3 lacks patches/, name);
  }
});
