// SPDX-License-Identifier: MIT
import t from 'tap';
import { findSymbol, parseSymbols } from './table.ts';

const row = (name: string, address: string, type: string, size: string, section: string) =>
  `${name.padEnd(20)}|${address.padStart(16, '0')}|   ${type}  |              FUNC|${size.padStart(16, size === '' ? ' ' : '0')}|     |${section}`;

const TABLE = parseSymbols(
  [
    'Symbols from vmlinux:',
    'Name                  Value           Class        Type         Size             Line  Section',
    row('first', 'ffffffff81000000', 'T', '12', '.text'),
    row('alias', 'ffffffff81000000', 'W', '12', '.text'),
    row('twin', 'ffffffff81000020', 't', '30', '.text'),
    row('twin', 'ffffffff81000050', 't', '38', '.text'),
    row('same', 'ffffffff81000090', 't', '10', '.text'),
    row('same', 'ffffffff810000a0', 't', '10', '.text'),
    row('asm_entry', 'ffffffff810000b0', 't', '', '.text'),
    row('made.isra.0', 'ffffffff81000100', 't', '20', '.text'),
    row('made.isra.0.cold', 'ffffffff81000120', 't', '8', '.text'),
    row('.Llocal', 'ffffffff81000004', 't', '', '.text'),
    row('data', 'ffffffff81000008', 'D', '8', '.data'),
    row('late', '0', 't', '5', '.init.text'),
  ].join('\n'),
);

const addressOf = (name: string, size: number | null) =>
  findSymbol(TABLE, name, size)?.address.toString(16) ?? null;

t.test(
  'the size that a kernel prints is the distance to the next symbol, and the size in the ELF fits too',
  async (t) => {
    t.equal(addressOf('first', 0x20), 'ffffffff81000000');
    t.equal(addressOf('first', 0x12), 'ffffffff81000000');
    t.equal(addressOf('alias', 0x20), 'ffffffff81000000');
    t.equal(addressOf('asm_entry', 0x50), 'ffffffff810000b0', 'a function without a size in the ELF');
  },
);

t.test('a size that fits nothing means another build, and finds nothing', async (t) => {
  t.equal(addressOf('first', 0x40), null);
  t.equal(addressOf('first', null), 'ffffffff81000000', 'without a size the name decides');
});

t.test('statics of one name are told apart by size, and those of one size not at all', async (t) => {
  t.equal(addressOf('twin', 0x30), 'ffffffff81000020');
  t.equal(addressOf('twin', 0x40), 'ffffffff81000050');
  t.equal(addressOf('twin', null), null);
  t.equal(addressOf('same', 0x10), null);
});

t.test('the last function of a section may be printed as larger than it is', async (t) => {
  t.equal(addressOf('late', 0x333), '0');
  t.equal(addressOf('late', 0x4), null);
  t.equal(findSymbol(TABLE, 'late', 5)?.section, '.init.text');
});

t.test(
  'a name is found with and without what the compiler appended; data and local labels are not',
  async (t) => {
    t.equal(addressOf('made.isra.0', 0x20), 'ffffffff81000100');
    t.equal(addressOf('made', 0x20), 'ffffffff81000100');
    t.equal(addressOf('made.cold', 0x8), 'ffffffff81000120');
    t.equal(addressOf('data', null), null);
    t.equal(addressOf('.Llocal', null), null);
    t.equal(addressOf('absent', null), null);
  },
);
