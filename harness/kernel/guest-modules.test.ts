// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSmallKernelLab, SMALL_MAKEFILE, type SmallKernelLab } from '../testing/small-kernel.ts';
import { findStoredGuestModule, lackedByGuestModule, openBuildTree, requireGuestModules } from './index.ts';

t.setTimeout(240_000);

/** What make does for an external module, in a few lines: it needs what `modules_prepare` left. */
const EXTERNAL = (recipe: string) => `ifdef M
modules: ; @test -f $(O)/prepared && ${recipe}
else
modules_prepare: ; @mkdir -p $(O)/include/config && echo $(RELEASE) >$(O)/include/config/kernel.release && touch $(O)/prepared
RELEASE := 5.10.0
${SMALL_MAKEFILE}endif
`;

const COMPILE = 'cd $(M) && $(CC) -c -o pond.ko pond.c';

interface Lab extends SmallKernelLab {
  readonly sources: string;
  /** Replaces the module's source. */
  write(code: string): void;
  /** Builds the kernel and then the module, and returns the kernel's digest and what was said. */
  make(): Promise<{ readonly kernel: string; readonly said: readonly string[] }>;
  find(kernel: string): Promise<string | null>;
}

function openLab(t: Parameters<typeof openSmallKernelLab>[0], recipe = COMPILE): Lab {
  const lab = openSmallKernelLab(t);
  const sources = join(lab.cache, '..', 'modules');
  const write = (code: string) => {
    mkdirSync(join(sources, 'pond'), { recursive: true });
    writeFileSync(join(sources, 'pond/pond.c'), code);
  };
  write('int pond;\n');
  writeFileSync(join(lab.tree, 'Makefile'), EXTERNAL(recipe));
  return {
    ...lab,
    sources,
    write,
    async make() {
      await using tree = await openBuildTree(lab.definition, { cacheDirectory: lab.cache, jobs: 2 });
      const result = await tree.build({ commit: tree.baseCommit });
      if (!result.ok) throw new Error(result.logTail.join('\n'));
      const said: string[] = [];
      await tree.buildGuestModules({
        kernel: result.kernel,
        modules: ['pond'],
        sources,
        onProgress: (text) => said.push(text),
      });
      return { kernel: result.kernel.digest, said: said.filter((text) => text.startsWith('building')) };
    },
    find: (kernel) => findStoredGuestModule(lab.cache, sources, kernel, 'pond'),
  };
}

t.test('a module is built once for a kernel and its sources, and found by both', async (t) => {
  const lab = openLab(t);
  const { kernel, said } = await lab.make();
  t.strictSame(said, ['building pond for its guests']);
  const file = (await lab.find(kernel)) ?? '';
  t.equal(readFileSync(file).subarray(1, 4).toString(), 'ELF');
  t.strictSame((await lab.make()).said, [], 'it is not built again');
  t.equal(await lab.find('0'.repeat(64)), null, 'it is for no other kernel');

  lab.write('int deeper_pond;\n');
  t.equal(await lab.find(kernel), null, 'other sources are another module');
  t.strictSame((await lab.make()).said, ['building pond for its guests']);
  t.not(await lab.find(kernel), file);
});

t.test('one that does not compile is this computer’s trouble, with the compiler’s error', async (t) => {
  const lab = openLab(t);
  lab.write('int pond = ;\n');
  await t.rejects(lab.make(), {
    blame: 'lab',
    code: 'KERNEL_GUEST_MODULE_FAILED',
    message: /^pond cannot be built: pond\.c:1:12: error: /,
    details: [/error/],
  });
});

t.test('a tree that is prepared for another release is refused', async (t) => {
  const lab = openLab(t);
  writeFileSync(
    join(lab.tree, 'Makefile'),
    EXTERNAL(COMPILE).replace('RELEASE := 5.10.0', 'RELEASE := 6.0.0'),
  );
  await t.rejects(lab.make(), {
    code: 'KERNEL_GUEST_MODULE_FAILED',
    message: /got 6\.0\.0, expected 5\.10\.0$/,
  });
});

t.test('what a build leaves in the module’s place does not get out of the sandbox as a link', async (t) => {
  const lab = openLab(t, 'ln -sf /etc/passwd $(M)/pond.ko');
  await t.rejects(lab.make(), { code: 'KERNEL_GUEST_MODULE_FAILED', message: /make left no pond\.ko$/ });
});

t.test('a configuration that cannot have the module is refused, with what to add', async (t) => {
  const able = ['CONFIG_MODULES=y', 'CONFIG_KPROBES=y', 'CONFIG_SYSFS=y'];
  const requirement =
    (...lines: readonly string[]) =>
    () =>
      requireGuestModules({ definition: { name: 'small' }, config: `${lines.join('\n')}\n` }, [
        'ktrial_delay',
      ]);
  t.doesNotThrow(requirement(...able));
  t.throws(requirement('CONFIG_MODULES=y', '# CONFIG_KPROBES is not set', 'CONFIG_SYSFS=y'), {
    blame: 'request',
    code: 'KERNEL_NO_GUEST_MODULE',
    message: /ktrial_delay, which small cannot have: expected CONFIG_KPROBES=y$/,
    next: 'add --config CONFIG_KPROBES=y, or put that into the kernel definition',
  });
  t.throws(requirement(...able, 'CONFIG_MODVERSIONS=y'), { message: /expected CONFIG_MODVERSIONS=n$/ });
});

t.test('what a module uses may be a module or built in', async (t) => {
  const lackedWith = (...lines: readonly string[]) =>
    lackedByGuestModule(['CONFIG_MODULES=y', 'CONFIG_SYSFS=y', ...lines, ''].join('\n'), 'mdev_probe');
  t.strictSame(lackedWith('CONFIG_VFIO_MDEV=m', 'CONFIG_VFIO_MDEV_DEVICE=m'), []);
  t.strictSame(lackedWith('CONFIG_VFIO_MDEV=y', 'CONFIG_VFIO_MDEV_DEVICE=m'), []);
  t.strictSame(lackedWith('CONFIG_VFIO_MDEV=m'), ['CONFIG_VFIO_MDEV_DEVICE=m']);
});
