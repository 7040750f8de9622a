// SPDX-License-Identifier: MIT
import t from 'tap';
import { describeLost } from './describe-lost.ts';
import { type ConfigExplanation, parseExplanation } from './explain-config.ts';

/** What the Kconfig of 6.12 says of some options, as the program prints it. */
const PRINTED = [
  '{"name":"ZRAM","known":true,"type":"tristate","value":"n","visible":"n","prompt":true,"depends":{"text":"BLK_DEV [=n] && BLOCK [=n] && SYSFS [=y] && MMU [=y]","value":"n","missing":[{"text":"BLK_DEV [=n]","alone":true},{"text":"BLOCK [=n]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"BLK_DEV","known":true,"type":"bool","value":"n","visible":"n","prompt":true,"depends":{"text":"BLOCK [=n]","value":"n","missing":[{"text":"BLOCK [=n]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"BLOCK","known":true,"type":"bool","value":"n","visible":"y","prompt":true,"depends":null,"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"PROVE_LOKING","known":false}',
  '{"name":"LIBCRC32C","known":true,"type":"tristate","value":"y","visible":"n","prompt":false,"depends":null,"promptIf":null,"selectedBy":[{"text":"EXT4_FS [=n] && BLOCK [=y]","value":"n"},{"text":"OPENVSWITCH [=y] && NET [=y]","value":"y"}],"ranges":[],"chosen":null}',
  '{"name":"HIDDEN","known":true,"type":"bool","value":"n","visible":"n","prompt":false,"depends":null,"promptIf":null,"selectedBy":[{"text":"A [=n] && B [=y]","value":"n"}],"ranges":[],"chosen":null}',
  '{"name":"TTY","known":true,"type":"bool","value":"y","visible":"n","prompt":true,"depends":null,"promptIf":{"text":"EXPERT [=n]","value":"n","missing":[{"text":"EXPERT [=n]","alone":true}]},"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"EXPERT","known":true,"type":"bool","value":"n","visible":"y","prompt":true,"depends":null,"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"HZ_1000","known":true,"type":"bool","value":"n","visible":"y","prompt":true,"depends":null,"promptIf":null,"selectedBy":[],"ranges":[],"chosen":"HZ_250"}',
  '{"name":"NR_CPUS","known":true,"type":"integer","value":"64","visible":"y","prompt":true,"depends":null,"promptIf":null,"selectedBy":[],"ranges":["[NR_CPUS_RANGE_BEGIN [=2] NR_CPUS_RANGE_END [=512]]"],"chosen":null}',
  '{"name":"USB_X","known":true,"type":"tristate","value":"m","visible":"m","prompt":true,"depends":{"text":"USB [=m]","value":"m","missing":[{"text":"USB [=m]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"EITHER","known":true,"type":"bool","value":"n","visible":"n","prompt":true,"depends":{"text":"A [=n] || B [=n]","value":"n","missing":[{"text":"A [=n] || B [=n]","alone":false}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"A","known":true,"type":"bool","value":"n","visible":"n","prompt":true,"depends":{"text":"B [=n]","value":"n","missing":[{"text":"B [=n]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"name":"B","known":true,"type":"bool","value":"n","visible":"n","prompt":true,"depends":{"text":"A [=n]","value":"n","missing":[{"text":"A [=n]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}',
  '{"names":["PROVE_LOCKING","ZRAM"]}',
];

const parsed = parseExplanation(PRINTED.join('\n'));
if (typeof parsed === 'string') throw new Error(parsed);
const explanation: ConfigExplanation = parsed;

function describe(name: string, value: string, got: string, offBy: string | null = null) {
  const off = { name: 'CONFIG_BLOCK', value: 'n', file: '/k/reduced.config', line: 12, from: offBy };
  const lost = { name: `CONFIG_${name}`, value, got, file: 'mine.config', line: 2 };
  return describeLost(lost, explanation, offBy === null ? [lost] : [off, lost]);
}

t.test('an option says what it depends on, what of that is missing, and what to set', async (t) => {
  t.strictSame(describe('ZRAM', 'm', 'n'), {
    known: true,
    lines: [
      'depends on: BLK_DEV [=n] && BLOCK [=n] && SYSFS [=y] && MMU [=y]',
      '  missing: BLK_DEV [=n]',
      '    BLK_DEV depends on: BLOCK [=n]',
      '      missing: BLOCK [=n]',
      '  missing: BLOCK [=n]',
    ],
    remedy: ['CONFIG_BLOCK=y', 'CONFIG_BLK_DEV=y'],
  });
  t.match(
    describe('ZRAM', 'm', 'n', 'ktrial/reduced').lines.join('\n'),
    /missing: BLOCK \[=n\], which ktrial\/reduced sets to n/,
  );
  t.match(describe('USB_X', 'y', 'm').lines, ['depends on: USB [=m]', '  missing: USB [=m]']);
  t.strictSame(describe('EITHER', 'y', 'n'), {
    known: true,
    lines: ['depends on: A [=n] || B [=n]', '  missing: A [=n] || B [=n]'],
    remedy: [],
  });
});

t.test('options that wait for each other end', async (t) => {
  t.ok(describe('A', 'y', 'n').lines.length < 10);
});

t.test('each other reason has its words', async (t) => {
  const cases: [string, string, string, RegExp][] = [
    ['PROVE_LOKING', 'y', 'n', /no such option in this source; did you mean CONFIG_PROVE_LOCKING\?/],
    ['LIBCRC32C', 'n', 'y', /^forced to y by: OPENVSWITCH \[=y\] && NET \[=y\]$/],
    ['HIDDEN', 'y', 'n', /^it has no prompt: .*selected by: A \[=n\] && B \[=y\]/s],
    ['TTY', 'n', 'y', /can only be changed if: EXPERT \[=n\]/],
    ['HZ_1000', 'y', 'n', /in its choice CONFIG_HZ_250 is chosen/],
    ['NR_CPUS', '9999', '64', /range \[NR_CPUS_RANGE_BEGIN \[=2\] NR_CPUS_RANGE_END \[=512\]\]/],
    ['NR_CPUS', 'y', '64', /it is an integer: got y/],
    ['TTY', 'm', 'y', /it is a bool: it can be y or n, not m/],
    ['TTY', '5', 'y', /it is a bool: got 5, expected y or n/],
    ['ZRAM', '"y"', 'n', /it is a tristate: got "y", expected y, m or n/],
    ['EXPERT', 'n', 'y', /one of its choice must be y/],
  ];
  for (const [name, value, got, words] of cases)
    t.match(describe(name, value, got).lines.join('\n'), words, `${name}=${value}`);
  t.strictSame(describe('TTY', 'n', 'y').remedy, ['CONFIG_EXPERT=y']);
  t.equal(describe('PROVE_LOKING', 'y', 'n').known, false);
  t.equal(describe('NEVER_ASKED', 'y', 'n').known, null);
});

t.test('the code of a source may print anything instead of an explanation', async (t) => {
  for (const text of ['', '\n', 'Segmentation fault', '{', '[]', 'null', '{"name":1}', '{"names":["x"]}'])
    t.type(parseExplanation(text), 'string', JSON.stringify(text));
  t.type(parseExplanation(`${PRINTED[0]}\nnonsense`), 'string');
  const odd = parseExplanation('{"name":"__proto__","known":false}');
  t.ok(typeof odd !== 'string' && odd.options.has('__proto__'));
});
