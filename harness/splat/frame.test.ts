// SPDX-License-Identifier: MIT
import t from 'tap';
import { parseAddressFrame, parseFrames, parsePlainFrame, testPlainFrame } from './frame.ts';
import { readPointer } from './trace.ts';

/** Function, module, file, line, whether it is sure. */
type Read = readonly [string, string | null, string | null, number | null, boolean];

const ROWS: Readonly<Record<string, Read | null>> = {
  ' pond_poll (drivers/pond/pond.c:42)': ['pond_poll', null, 'drivers/pond/pond.c', 42, true],
  'pond_poll (drivers/pond/pond.c:42 (discriminator 5)) pond': [
    'pond_poll',
    'pond',
    'drivers/pond/pond.c',
    42,
    true,
  ],
  'pond_poll (./include/linux/pond.h:7 fs/../drivers/pond/pond.c:42 (discriminator 1)) ': [
    'pond_poll',
    null,
    'drivers/pond/pond.c',
    42,
    true,
  ],
  ' ? pond_poll (drivers/pond/pond.c:42) [pond]': ['pond_poll', 'pond', 'drivers/pond/pond.c', 42, false],
  ' pond_poll (??:?) pond': ['pond_poll', 'pond', null, null, true],
  ' [<ffffffff81e384c2>] :pond:pond_poll+0x195/0x107c': ['pond_poll', 'pond', null, null, true],
  '[c000000007211117] c000000000d81b48 .pond_poll+0x80/0x54c': ['.pond_poll', null, null, null, true],
  ' pond_poll+0x1/0x10 ./drivers/pond/pond.c:42': ['pond_poll', null, 'drivers/pond/pond.c', 42, true],
  'pond is dry (drivers/pond/pond.c:42)': null,
  ' pond_poll (drivers/pond)': null,
};

for (const [line, expected] of Object.entries(ROWS))
  t.test(`a frame is read from: ${line}`, async (t) => {
    const [frame] = parseFrames(line);
    t.strictSame(
      frame ? [frame.function, frame.module, frame.file, frame.line, frame.reliable] : null,
      expected,
    );
  });

t.test('arm: a symboliser puts places into both halves', async (t) => {
  const frames = parseFrames(
    '[<80e0db32>] (pond_poll drivers/pond/pond.c:42 [inline]) from [<80b50840>] (pond_dive+0x2f3/0x5e0 drivers/pond/pond.c:99)',
  );
  t.strictSame(
    frames.map((frame) => [frame.function, frame.file, frame.line]),
    [
      ['pond_poll', 'drivers/pond/pond.c', 42],
      ['pond_dive', 'drivers/pond/pond.c', 99],
    ],
  );
});

t.test('an instruction pointer keeps its place in the source', async (t) => {
  const lines = [
    'RIP: 0010:pond_poll (./include/linux/pond.h:7 drivers/pond/pond.c:42) pond',
    'RIP: 0010:pond_poll+0x1/0x10 drivers/pond/pond.c:42',
    'pc : pond_poll (drivers/pond/pond.c:42 (discriminator 2))',
  ];
  for (const line of lines) {
    const pointer = readPointer(line);
    t.strictSame(
      [pointer?.function, pointer?.file, pointer?.line],
      ['pond_poll', 'drivers/pond/pond.c', 42],
      line,
    );
  }
  t.equal(readPointer(lines[0] ?? '')?.module, 'pond');
  t.equal(readPointer('    pc: c00000000088ccce: .pond_poll+0x22c/0x638')?.function, '.pond_poll', 'xmon');
  t.equal(readPointer('RIP: 0033:pond_poll (user.c:1)'), undefined, 'user space');
});

t.test('an address alone is a frame without a name', async (t) => {
  t.equal(parseAddressFrame(' ? 0xffffffff9e7d556a')?.function, '0xffffffff9e7d556a');
  t.equal(parseAddressFrame(' ? 0xffffffff9e7d556a')?.reliable, false);
  t.equal(parseAddressFrame(' 0xfdc88c28')?.reliable, true);
  t.equal(parseAddressFrame('0xfdc88c28 is no address'), null);
});

t.test('a plain frame is recognised in bytes just as in text', async (t) => {
  const lines = [
    ...[' pond_poll+0x1a/0x2b', 'pond_poll+0x1/0x2', ' ? pond_poll.isra.0+0x1a/0x2b', '  a.b$c_9+0xf/0xff'],
    ...[
      '',
      ' ',
      '?',
      ' ?',
      ' ? ',
      '? +0x1/0x2',
      ' +0x1/0x2',
      ' 9pond+0x1/0x2',
      ' pond',
      ' pond+',
      ' pond+0x',
    ],
    ...[
      ' pond+0x1',
      ' pond+0x1/',
      ' pond+0x1/0x',
      ' pond+0xg/0x1',
      ' pond+0x1/0x2 ',
      ' pond+0x1/0xG',
      'a: b+0x1/0x2',
    ],
    ...[' po\xe9nd+0x1/0x2', ' ?pond+0x1/0x2', ' ?  pond+0x1/0x2', '\tpond+0x1/0x2', ' pond+0X1/0x2'],
  ];
  for (const line of lines) {
    const bytes = Buffer.from(`x${line}\n`, 'latin1');
    const frame = parsePlainFrame(line);
    const expected = frame === null ? null : frame.reliable ? 'reliable' : 'guessed';
    t.equal(testPlainFrame(bytes, 1, bytes.length - 1), expected, JSON.stringify(line));
  }
  t.equal(
    testPlainFrame(Buffer.from(' pond+0x1/0x2 [heron]'), 0, 21),
    null,
    'a module is left to the slower way',
  );
});
