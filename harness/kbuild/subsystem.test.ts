// SPDX-License-Identifier: MIT
import t from 'tap';
import { classifyFile, detectOptions, findChangedFiles, findModules, foreseeFile } from './index.ts';
import type { TreeReader } from './tree.ts';

/** A tree as 6.12 has it, from the texts of its files. */
function aTree(files: Readonly<Record<string, string>>): TreeReader {
  return {
    read: async (path) => files[path] ?? null,
    async grep(pattern, pathspecs) {
      const line = new RegExp(pattern.replaceAll('[[:space:]]', '\\s'));
      const globs = pathspecs.map((spec) => {
        const isStrict = spec.startsWith(':(glob)');
        const text = spec.replace(':(glob)', '').replace(/[.+()]/g, '\\$&');
        return new RegExp(`^${text.replaceAll('*', isStrict ? '[^/]*' : '.*')}$`);
      });
      return Object.entries(files)
        .filter(([path]) => globs.some((glob) => glob.test(path)))
        .flatMap(([path, text]) =>
          text
            .split('\n')
            .filter((one) => line.test(one))
            .map((one) => ({ path, text: one })),
        );
    },
  };
}

const NONE: ReadonlyMap<string, string> = new Map();

const FILES: Readonly<Record<string, string>> = {
  Kbuild: `obj-y += init/
obj-y += kernel/
obj-y += arch/$(SRCARCH)/
obj-$(CONFIG_NET) += net/
obj-y += drivers/
obj-y += $(ARCH_DRIVERS)
obj-$(CONFIG_SAMPLES) += samples/
`,
  Kconfig: 'source "drivers/Kconfig"\nsource "net/Kconfig"\n',
  'arch/x86/Kbuild': 'obj-y += kernel/\n',
  'arch/x86/Makefile': 'drivers-$(CONFIG_PCI) += arch/x86/pci/\n',
  'arch/x86/pci/Makefile': 'obj-y := common.o # always\n',
  'arch/x86/kernel/Makefile':
    'ifeq ($(CONFIG_X86_32),y)\nobj-y += old.o\nelse\nobj-y += new.o\nendif\nifdef CONFIG_SMP\n  obj-y += smp.o\nendif\nobj-y += head_$(BITS).o\n',
  'kernel/Makefile':
    'obj-y = fork.o\nobj-y += sched/\nobj-$(subst m,y,$(CONFIG_KHEADERS)) += kheaders.o\nifneq ($(CONFIG_A)$(CONFIG_B),)\nobj-y += either.o\nendif\nifneq ($(filter y m,$(CONFIG_TINY)),)\nobj-y += tiny.o\nendif\n',
  'kernel/sched/Makefile': 'obj-y += build_policy.o\n',
  'kernel/sched/build_policy.c': '#include "rt.c"\n',
  'kernel/sched/rt.c': '',
  'kernel/fork.c': '#include <linux/everywhere.h>\n',
  'include/linux/everywhere.h': '',
  'include/linux/vault.h': '',
  'drivers/Makefile': 'obj-y += block/\nobj-$(CONFIG_VAULT) += vault/\nobj-$(CONFIG_GPU) += gpu/\n',
  'drivers/Kconfig': 'source "drivers/block/Kconfig"\nsource "drivers/vault/Kconfig"\n',
  'drivers/block/Makefile': 'obj-$(CONFIG_ZRAM) += zram/\nobj-$(CONFIG_BRD) += brd.o\n',
  'drivers/block/Kconfig': `menuconfig BLK_DEV
	bool "Block devices"
	depends on BLOCK

if BLK_DEV
source "drivers/block/zram/Kconfig"

config BRD
	tristate "RAM disk"
	help
	  if you say Y here,
	  config is what you have. depends on NOTHING

endif # BLK_DEV
`,
  'drivers/block/zram/Makefile': `zram-y := zcomp.o zram_drv.o
zram-$(CONFIG_ZRAM_ZSTD) += \\
	backend_zstd.o

obj-$(CONFIG_ZRAM) += zram.o
`,
  'drivers/block/zram/Kconfig': `config ZRAM
	tristate "Compressed RAM disk"
	depends on BLOCK && MMU && (CRYPTO || CRYPTO=n)
	select ZSMALLOC

config ZRAM_ZSTD
	bool "zstd"
	depends on ZRAM
`,
  'drivers/block/zram/zram_drv.c': '#include "zram_drv.h"\n',
  'drivers/block/zram/zram_drv.h': '',
  'drivers/vault/Makefile':
    'vault-objs := core.o $(addprefix parts/, lock.o key.o)\nobj-$(CONFIG_VAULT) += vault.o\nobj-y += $(vault_always)\nvault_always := door.o\n',
  'drivers/vault/Kconfig': `config VAULT
	bool
config BANK
	tristate "A bank"
	depends on MONEY || GOLD
	select VAULT
config MONEY
	bool "Money"
config GOLD
	bool "Gold"
`,
  'drivers/vault/core.c': '#include <linux/vault.h>\n',
  'drivers/gpu/Makefile': 'include $(src)/amd/objects.mk\nobj-$(CONFIG_GPU) += gpu-drv.o\n',
  'drivers/gpu/amd/objects.mk': 'gpu-drv-y += amd/chip.o\n',
  'net/Makefile': 'obj-$(CONFIG_INET) += ipv4/\n',
  'net/Kconfig': 'if NET\nconfig INET\n\tbool "TCP/IP"\nendif\n',
  'net/ipv4/Makefile': 'obj-y := tcp.o\n',
  'samples/Makefile': 'obj-$(CONFIG_SAMPLE_TOY) += toy/\n',
  'samples/toy/Makefile': 'obj-$(CONFIG_SAMPLE_TOY) += toy.o\n',
};

const tree = aTree(FILES);

/** The conditions of the simplest way to a file, for people. */
async function missingOf(path: string, values = NONE): Promise<string> {
  const [file] = await findChangedFiles([path], tree, 'x86');
  if (!file || file.routes.length === 0) return 'no makefile names it';
  return foreseeFile(file, values).missing.join(' and ');
}

t.test('the makefiles say what compiles a file', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['drivers/block/zram/zram_drv.c', 'CONFIG_ZRAM'],
    ['drivers/block/zram/backend_zstd.c', 'CONFIG_ZRAM_ZSTD and CONFIG_ZRAM'],
    ['drivers/block/brd.c', 'CONFIG_BRD'],
    ['net/ipv4/tcp.c', 'CONFIG_INET and CONFIG_NET'],
    ['kernel/fork.c', ''],
    ['kernel/kheaders.c', 'CONFIG_KHEADERS'],
    ['kernel/tiny.c', 'CONFIG_TINY'],
    ['kernel/either.c', 'CONFIG_A or CONFIG_B'],
    ['arch/x86/pci/common.c', 'CONFIG_PCI'],
    ['arch/x86/kernel/old.c', 'CONFIG_X86_32=y'],
    ['arch/x86/kernel/smp.c', 'CONFIG_SMP'],
    ['arch/x86/kernel/head_64.S', ''],
    ['drivers/vault/core.c', 'CONFIG_VAULT'],
    ['drivers/vault/parts/key.c', 'CONFIG_VAULT'],
    ['drivers/vault/door.c', 'CONFIG_VAULT'],
    ['drivers/gpu/amd/chip.c', 'CONFIG_GPU'],
    ['samples/toy/toy.c', 'CONFIG_SAMPLE_TOY and CONFIG_SAMPLES'],
    ['drivers/block/zram/forgotten.c', 'no makefile names it'],
    ['arch/arm64/kernel/setup.c', 'no makefile names it'],
  ];
  for (const [path, expected] of rows) t.equal(await missingOf(path), expected, path);
  t.equal(await missingOf('arch/x86/kernel/new.c'), '', 'the other branch of ifeq');
  t.equal(
    await missingOf('arch/x86/kernel/new.c', new Map([['X86_32', 'y']])),
    'CONFIG_X86_32=m/n',
    'and not where the first one is taken',
  );
});

t.test('a header, and a source file that others include, are compiled with what includes them', async (t) => {
  const files = await findChangedFiles(
    [
      'drivers/block/zram/zram_drv.h',
      'kernel/sched/rt.c',
      'include/linux/everywhere.h',
      'include/linux/vault.h',
    ],
    tree,
    'x86',
  );
  t.strictSame(
    files.map(({ through }) => through),
    ['drivers/block/zram/zram_drv.c', 'kernel/sched/build_policy.c', 'kernel/fork.c', 'drivers/vault/core.c'],
  );
  const [zram, rt, everywhere, vault] = files.map((file) => foreseeFile(file, NONE));
  t.match(zram, { isBuilt: false, missing: ['CONFIG_ZRAM'] });
  t.match(rt, { isBuilt: true });
  t.match(everywhere, { isBuilt: true });
  t.match(vault, { isBuilt: false, missing: ['CONFIG_VAULT'] });
});

async function optionsFor(
  paths: readonly string[],
  asked = NONE,
  usual = asked,
  firm = NONE,
): Promise<string> {
  const files = await findChangedFiles(paths, tree, 'x86');
  const options = await detectOptions(files, { asked, usual, firm }, tree, 'x86');
  return [...options].map(([name, value]) => `${name}=${value}`).join(' ');
}

t.test('options are modules where that is possible, with the menus that they depend on', async (t) => {
  const usual = new Map([['BLOCK', 'y']]);
  t.equal(
    await optionsFor(['drivers/block/zram/zram_drv.c'], NONE, usual),
    'CONFIG_ZRAM=m CONFIG_BLK_DEV=y',
    'BLOCK is there; MMU is nothing that anybody can choose',
  );
  t.equal(
    await optionsFor(['drivers/block/zram/backend_zstd.c'], NONE, usual),
    'CONFIG_ZRAM_ZSTD=y CONFIG_ZRAM=m CONFIG_BLK_DEV=y',
  );
  t.equal(
    await optionsFor(['drivers/block/brd.c'], NONE, usual),
    'CONFIG_BRD=m CONFIG_BLK_DEV=y',
    'help is no Kconfig',
  );
  t.equal(
    await optionsFor(['drivers/vault/core.c']),
    'CONFIG_BANK=m CONFIG_MONEY=y',
    'what has no prompt is selected by something that has one',
  );
  t.equal(await optionsFor(['kernel/fork.c', 'Documentation/a.rst']), '');
  t.equal(
    await optionsFor(['drivers/block/zram/zram_drv.c'], new Map([['ZRAM', 'y']])),
    '',
    'what the configuration asks for stays as it is',
  );
  const off = new Map([['ZRAM', 'n']]);
  t.equal(
    await optionsFor(['drivers/block/zram/zram_drv.c'], off, usual, off),
    '',
    'what the user switches off, too',
  );
  t.match(
    await optionsFor(['drivers/block/zram/zram_drv.c'], off, usual),
    /ZRAM=m/,
    'what ktrial switches off, not',
  );
});

t.test('the modules that a series changes are those of its files, by their file names', async (t) => {
  const files = await findChangedFiles(
    ['drivers/block/zram/zram_drv.c', 'drivers/gpu/amd/chip.c', 'kernel/fork.c', 'drivers/block/brd.c'],
    tree,
    'x86',
  );
  const values = new Map([
    ['ZRAM', 'm'],
    ['GPU', 'm'],
    ['BRD', 'y'],
  ]);
  t.strictSame(findModules(files, values), ['zram', 'gpu-drv']);
});

t.test('a changed file is classed by its path', async (t) => {
  const rows: Readonly<Record<string, readonly string[]>> = {
    code: [
      'mm/slub.c',
      'include/linux/fs.h',
      'arch/x86/entry/entry_64.S',
      'rust/kernel/lib.rs',
      'samples/vfio-mdev/mtty.c',
    ],
    documentation: ['Documentation/mm/slab.rst', 'MAINTAINERS', 'drivers/staging/TODO', 'fs/ext4/README.txt'],
    tools: ['tools/testing/selftests/mm/a.c', 'tools/perf/builtin.c'],
    build: [
      'drivers/block/Makefile',
      'mm/Kconfig.debug',
      'Kbuild',
      'scripts/mod/modpost.c',
      'kernel/configs/debug.config',
    ],
    other: ['.mailmap', 'drivers/a.fw'],
  };
  for (const [kind, paths] of Object.entries(rows))
    for (const path of paths) t.equal(classifyFile(path), kind, path);
});

t.test('makefiles of 5.10 name the top directories themselves', async (t) => {
  const old = aTree({
    Makefile:
      'core-y := init/ usr/ arch/$(SRCARCH)/\ndrivers-y := drivers/ sound/\nnet-$(CONFIG_NET) := net/\nlibs-y := lib/\n',
    'drivers/Makefile': 'obj-y += char/\n',
    'drivers/char/Makefile': 'obj-y += mem.o\n',
    'net/Makefile': 'obj-y := socket.o\n',
    'lib/Makefile': 'lib-y := string.o\nlib-$(CONFIG_SORT) += sort.o\n',
  });
  const files = await findChangedFiles(['drivers/char/mem.c', 'net/socket.c', 'lib/sort.c'], old, 'x86');
  t.strictSame(
    files.map((file) => foreseeFile(file, NONE).missing.join(' and ')),
    ['', 'CONFIG_NET', 'CONFIG_SORT'],
  );
});
