// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { type Fault, isFault } from '../model/index.ts';
import { readKernelDefinition } from './index.ts';

const MAIL =
  'From: Ann <ann@example.org>\nSubject: [PATCH] x: y\n\nwhy\n---\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n';
const FILES = {
  'kernels/config/machine.config': 'CONFIG_M=y # all\n',
  'kernels/config/machine-x86_64.config': 'CONFIG_MX=y # q35\n',
  'kernels/config/machine-arm64.config': 'CONFIG_MA=y # virt\n',
  'kernels/config/debug.config': 'CONFIG_D=y # all\n',
  'kernels/config/serial-x86_64.config': 'CONFIG_S=y # one architecture only\n',
  'kernels/base.yaml':
    'name: base\ndescription: shipped\nsource: {git: {repository: /nowhere, ref: v1}}\nconfig:\n  fragments: [ktrial/machine]\n  options: {CONFIG_D: m, CONFIG_A: m, CONFIG_B: "8"}\npatches: [p.patch]\nmodules: false\n',
  'kernels/p.patch': MAIL,
  'mine/a.config': 'CONFIG_A=y # mine\n',
  'mine/q.patch': MAIL,
  'mine/whole':
    '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.0 Kernel Configuration\n#\nCONFIG_W=y\n',
};

function layOut(t: Test, files: Readonly<Record<string, string>>): string {
  const directory = t.testdir();
  for (const [name, content] of Object.entries({ ...FILES, ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

function read(directory: string, name = 'mine/k.yaml') {
  return readKernelDefinition(join(directory, name), join(directory, 'kernels'));
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it was taken');
}

t.test('a definition goes on from another one, and its own words win', async (t) => {
  const directory = layOut(t, {
    'mine/k.yaml':
      'name: k\nextends: base\nconfig:\n  fragments: [ktrial/debug, a.config]\n  options: {CONFIG_B: "9", CONFIG_C: n}\npatches: [q.patch]\ntoolchain: llvm-16\n',
  });
  const at = (file: string) => join(directory, file);
  t.match(await read(directory), {
    name: 'k',
    description: 'shipped',
    arch: 'x86_64',
    source: { git: { repository: '/nowhere', ref: 'v1' } },
    config: {
      base: 'allnoconfig',
      file: null,
      fragments: [
        { path: at('kernels/config/machine.config'), name: 'ktrial/machine' },
        { path: at('kernels/config/machine-x86_64.config'), name: 'ktrial/machine' },
        { path: at('kernels/config/debug.config'), name: 'ktrial/debug' },
        { path: at('mine/a.config'), name: null },
      ],
      places: { CONFIG_B: { file: at('mine/k.yaml'), line: 5 } },
    },
    toolchain: 'llvm-16',
    patches: [at('kernels/p.patch'), at('mine/q.patch')],
    modules: false,
    path: at('mine/k.yaml'),
  });
  t.strictSame(
    (await read(directory)).config.options,
    { CONFIG_B: '9', CONFIG_C: 'n' },
    'options of the lower one give way to fragments above that set them',
  );
});

t.test('chains, paths, architectures and what is replaced', async (t) => {
  const directory = layOut(t, {
    'mine/one.yaml': 'name: one\nextends: ../kernels/base.yaml\narch: arm64\nconfig: {base: defconfig}\n',
    'mine/k.yaml': 'name: k\nextends: one.yaml\ndescription: mine\nconfig: {file: whole}\nmodules: true\n',
    'mine/up.yaml': 'name: up\nextends: k.yaml\nconfig: {base: tinyconfig, options: {CONFIG_A: y}}\n',
    'mine/other.yaml':
      'name: other\nextends: k.yaml\nsource: {git: {repository: /elsewhere, ref: v2}}\npatches: [q.patch]\n',
  });
  const k = await read(directory);
  t.match(k, { description: 'mine', arch: 'arm64', modules: true });
  t.equal(k.config.file, join(directory, 'mine/whole'));
  t.ok(k.config.fragments.some(({ path }) => path.endsWith('machine-arm64.config')));
  t.notOk(k.config.fragments.some(({ path }) => path.endsWith('machine-x86_64.config')));
  const up = await read(directory, 'mine/up.yaml');
  t.match(up.config, { base: 'tinyconfig', file: null, options: { CONFIG_A: 'y', CONFIG_D: 'm' } });
  const other = await read(directory, 'mine/other.yaml');
  t.match(other.source, { git: { repository: '/elsewhere' } });
  t.strictSame(other.patches, [join(directory, 'mine/q.patch')], 'patches belong to their source');
});

t.test('what cannot be composed is refused with its place', async (t) => {
  const other = 'name: o\nextends: k.yaml\n';
  const cases: [string, string, RegExp, RegExp?][] = [
    ['extends: nope\n', 'KERNEL_UNKNOWN', /k\.yaml:2: there is no kernel definition nope/, /base/],
    ['extends: ./nope.yaml\n', 'INPUT_NOT_FOUND', /k\.yaml:2: .*nope\.yaml/],
    ['extends: k.yaml\n', 'KERNEL_EXTENDS_ITSELF', /k\.yaml:2: .*k\.yaml → .*k\.yaml/],
    ['extends: o.yaml\n', 'KERNEL_EXTENDS_ITSELF', /o\.yaml:2: .*k\.yaml → .*o\.yaml → .*k\.yaml/],
    ['extends: ""\n', 'DOCUMENT_INVALID', /k\.yaml:2/],
    ['config: {}\n', 'DOCUMENT_INVALID', /expected one source/],
    ['source: {directory: x}\n', 'DOCUMENT_INVALID', /expected config:/],
    [
      'extends: base\nconfig: {fragments: [ktrial/debgu]}\n',
      'CONFIG_UNKNOWN_FRAGMENT',
      /k\.yaml:3: there is no fragment ktrial\/debgu/,
      /write ktrial\/debug; /,
    ],
    [
      'extends: base\nconfig: {fragments: [ktrial/machine-x86_64]}\n',
      'CONFIG_UNKNOWN_FRAGMENT',
      /no fragment ktrial\/machine-x86_64/,
      /write ktrial\/machine; /,
    ],
    ['extends: base\nconfig: {fragments: [ktrial/../p]}\n', 'CONFIG_UNKNOWN_FRAGMENT', /ktrial\/\.\.\/p/],
    ['extends: base\nconfig: {fragments: [ktrial/]}\n', 'CONFIG_UNKNOWN_FRAGMENT', /no fragment ktrial\//],
    [
      'extends: base\narch: arm64\nconfig: {fragments: [ktrial/serial]}\n',
      'CONFIG_UNKNOWN_FRAGMENT',
      /ktrial\/serial has nothing for arm64/,
    ],
    ['extends: base\nconfig: {fragments: [.]}\n', 'INPUT_NOT_A_FILE', /k\.yaml:3: /],
    ['extends: base\nconfig: {options: {ZRAM: m}}\n', 'DOCUMENT_INVALID', /CONFIG_ZRAM/],
    [
      'extends: base\nconfig: {options: {CONFIG_ZRAM: yes}}\n',
      'CONFIG_BAD_LINE',
      /k\.yaml:3: config\.options: got CONFIG_ZRAM=yes: expected y, m, n/,
    ],
    ['extends: base\nconfig: {options: {CONFIG_Z: "$(id)"}}\n', 'CONFIG_BAD_LINE', /CONFIG_Z=\$\(id\)/],
    ['extends: base\nconfig: {options: {CONFIG_Z: "y\\nCONFIG_Q=y"}}\n', 'CONFIG_BAD_LINE', /k\.yaml:3/],
    ['extends: base\nconfig: {options: {CONFIG_Z: []}}\n', 'DOCUMENT_INVALID', /k\.yaml:3/],
    ['extends: base\nconfig: {base: defconfig, file: whole}\n', 'DOCUMENT_INVALID', /got base and file/],
    ['extends: base\nconfig: {file: nope}\n', 'INPUT_NOT_FOUND', /k\.yaml:3: .*nope/],
    ['extends: base\nconfig: {file: q.patch}\n', 'CONFIG_EMPTY', /k\.yaml:3: .*q\.patch has no option/],
    ['extends: base\ntoolchain: icc\n', 'DOCUMENT_INVALID', /expected gcc, llvm/],
    ['extends: base\narch: vax\n', 'DOCUMENT_INVALID', /expected one of x86_64, arm64/],
  ];
  for (const [rest, code, message, next] of cases) {
    const directory = layOut(t, { 'mine/k.yaml': `name: k\n${rest}`, 'mine/o.yaml': other });
    const fault = await faultOf(read(directory));
    t.match([fault.blame, fault.code], ['request', code], rest);
    t.match(fault.message, message, rest);
    if (next) t.match(fault.next, next, rest);
  }
});

t.test('all problems of a chain are told at once', async (t) => {
  const directory = layOut(t, {
    'mine/low.yaml':
      'name: low\ndescription: x\nsource: {directory: /nowhere}\nconfig: {fragments: [gone.config]}\n',
    'mine/k.yaml':
      'name: k\nextends: low.yaml\nconfig:\n  fragments: [ktrial/nope]\n  options: {CONFIG_A: what}\n',
  });
  const fault = await faultOf(read(directory));
  t.match(fault.message, /and 3 more/);
  for (const part of [
    /low\.yaml:4: .*gone\.config/,
    /low\.yaml:3: /,
    /k\.yaml:4: .*nope/,
    /k\.yaml:5: .*what/,
  ])
    t.match(fault.details.join('\n'), part);
});

t.test('options may be written as YAML writes numbers and texts', async (t) => {
  const directory = layOut(t, {
    'mine/k.yaml':
      'name: k\nextends: base\nconfig:\n  options:\n    CONFIG_Y: y\n    CONFIG_N: n\n    CONFIG_I: 8\n    CONFIG_H: 0x10\n    CONFIG_T: \'"a text"\'\n  fragments: [tree/kvm_guest.config]\n',
  });
  const { config } = await read(directory);
  t.match(config.options, {
    CONFIG_Y: 'y',
    CONFIG_N: 'n',
    CONFIG_I: '8',
    CONFIG_H: '0x10',
    CONFIG_T: '"a text"',
  });
  t.match(config.fragments.at(-1), { path: 'kvm_guest.config', name: 'tree/kvm_guest.config' });
});
