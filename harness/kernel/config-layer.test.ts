// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isFault } from '../model/index.ts';
import { layConfig, readConfigArguments } from './index.ts';

const WHOLE =
  '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.0 Kernel Configuration\n#\nCONFIG_W=y\n';

function layOut(t: Test): string {
  return t.testdir({
    kernels: {
      config: {
        'machine.config': 'CONFIG_M=y # all\n',
        'machine-x86_64.config': 'CONFIG_MX=y # q35\n',
      },
    },
    linux: { kernel: { configs: { 'kvm_guest.config': 'CONFIG_K=y\n' } } },
    cwd: {
      '.config': WHOLE,
      'old.config': WHOLE.replace('generated file;', 'generated make config:'),
      'a.config': 'CONFIG_A=y # mine\n',
      'empty.config': '\n',
      'bad.config': 'CONFIG_A=maybe\n',
    },
  });
}

function read(directory: string, args: readonly string[], checkout: string | null = null) {
  return readConfigArguments(args, {
    workingDirectory: join(directory, 'cwd'),
    kernelsDirectory: join(directory, 'kernels'),
    arch: 'x86_64',
    checkout,
  });
}

t.test('--config takes options, names, fragments and a whole configuration, in any order', async (t) => {
  const directory = layOut(t);
  const at = (path: string) => join(directory, path);
  const args = [
    ...['CONFIG_ZRAM=m', '.config', 'a.config', 'ktrial/machine', 'tree/xen.config', 'kvm_guest.config'],
    ...['CONFIG_CMDLINE="a b=c"', 'CONFIG_ZRAM=y', at('cwd/a.config')],
  ];
  t.strictSame(await read(directory, args, at('linux')), {
    file: at('cwd/.config'),
    fragments: [
      { path: at('cwd/a.config'), name: null },
      { path: at('kernels/config/machine.config'), name: 'ktrial/machine' },
      { path: at('kernels/config/machine-x86_64.config'), name: 'ktrial/machine' },
      { path: 'xen.config', name: 'tree/xen.config' },
      { path: 'kvm_guest.config', name: 'tree/kvm_guest.config' },
      { path: at('cwd/a.config'), name: null },
    ],
    options: { CONFIG_ZRAM: 'y', CONFIG_CMDLINE: '"a b=c"' },
  });
  t.equal((await read(directory, ['old.config'])).file, at('cwd/old.config'), 'the head of older kernels');
  t.strictSame(await read(directory, []), { file: null, fragments: [], options: {} });
});

t.test('what --config cannot take is refused', async (t) => {
  const directory = layOut(t);
  const long = join(directory, 'cwd/long.config');
  mkdirSync(join(directory, 'cwd/d.config'));
  writeFileSync(long, 'CONFIG_A=y\n'.repeat(60_000));
  const cases: [string, string, RegExp][] = [
    ['ZRAM=m', 'CONFIG_BAD_LINE', /--config: got ZRAM=m/],
    ['CONFIG_ZRAM=yes', 'CONFIG_BAD_LINE', /got CONFIG_ZRAM=yes: expected y, m, n/],
    ['CONFIG_ZRAM=', 'CONFIG_BAD_LINE', /expected y, m, n/],
    ['CONFIG_A="`id`"', 'CONFIG_BAD_LINE', /make would expand/],
    ['CONFIG_A=y\nCONFIG_B=y', 'CONFIG_BAD_LINE', /U\+000A|expected/],
    ['CONFIG_ZRAM', 'INPUT_NOT_FOUND', /CONFIG_ZRAM/],
    ['ktrial/machin', 'CONFIG_UNKNOWN_FRAGMENT', /ktrial\/machin/],
    ['kvm_guest.config', 'INPUT_NOT_FOUND', /kvm_guest\.config/],
    ['d.config', 'INPUT_NOT_A_FILE', /d\.config/],
    ['empty.config', 'CONFIG_EMPTY', /has no option/],
    ['bad.config', 'CONFIG_BAD_LINE', /bad\.config:1/],
    ['long.config', 'LIMIT_EXCEEDED', /60000 lines/],
    ['tree/../x.config', 'INPUT_NOT_FOUND', /x\.config/],
  ];
  for (const [arg, code, message] of cases) {
    const fault = await read(directory, [arg]).catch((error: unknown) => error);
    if (!isFault(fault)) throw fault;
    t.match([fault.blame, fault.code], ['request', code], arg);
    t.match(fault.message, message, arg);
  }
});

t.test('a layer on top wins: its options over all, its fragments over options below', async (t) => {
  const directory = layOut(t);
  const below = {
    base: 'defconfig',
    file: null,
    fragments: [{ path: join(directory, 'kernels/config/machine.config'), name: 'ktrial/machine' }],
    options: { CONFIG_A: 'n', CONFIG_B: 'n', CONFIG_C: 'n' },
    places: { CONFIG_B: { file: 'k.yaml', line: 3 }, CONFIG_C: { file: 'k.yaml', line: 4 } },
  };
  const laid = await layConfig(below, await read(directory, ['a.config', 'CONFIG_B=m', '.config']));
  t.match(laid, { base: 'defconfig', file: join(directory, 'cwd/.config') });
  t.strictSame(laid.options, { CONFIG_B: 'm', CONFIG_C: 'n' });
  t.strictSame(laid.places, { CONFIG_C: { file: 'k.yaml', line: 4 } });
  t.equal(laid.fragments.length, 2);
});
