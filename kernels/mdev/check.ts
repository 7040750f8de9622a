// SPDX-License-Identifier: MIT
//
// Proves what README.md says of these patches, on a real kernel source:
//   node dist/kernels/mdev/check.js SOURCE_DIR [--build BUILD_DIR]
// SOURCE_DIR is pristine Linux 5.10.223 and is only read. With --build, each state is also compiled as an external
// module against BUILD_DIR, a finished out-of-tree build of that source. Prints a line for each state; ends at the
// first thing that is not so, with a non-zero exit code.
import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { argv, echo, $ as shell, tmpdir } from 'zx';

const MODULE = 'drivers/vfio/mdev';
const FILES = [
  ...['mdev_core.c', 'mdev_private.h', 'mdev_sysfs.c'].map((file) => `${MODULE}/${file}`),
  'include/linux/mdev.h',
];
/** Needed to compile; no patch touches them. */
const NEIGHBOURS = ['Makefile', 'mdev_driver.c', 'vfio_mdev.c'].map((file) => `${MODULE}/${file}`);

/** All that may differ between the source as it is and the source with the `merged` series: two moves. */
const MOVES = {
  [`${MODULE}/mdev_core.c`]: [
    '-	char *env_string = "MDEV_STATE=unregistered";',
    '-	char *envp[] = { env_string, NULL };',
    '-',
    "-	/* We still have the caller's reference to use for the uevent */",
    '-	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, envp);',
  ],
  [`${MODULE}/mdev_private.h`]: ['-	struct device *iommu_device;', '+	struct device *iommu_device;'],
  [`${MODULE}/mdev_sysfs.c`]: [
    '+	char *env_string = "MDEV_STATE=unregistered";',
    '+	char *envp[] = { env_string, NULL };',
    '+',
    '+	/* The caller still holds a reference to the parent device */',
    '+	kobject_uevent_env(&parent->dev->kobj, KOBJ_CHANGE, envp);',
  ],
  'include/linux/mdev.h': [],
};

const source = resolve(String(argv._[0] ?? ''));
const build = argv.build === undefined ? null : resolve(String(argv.build));
assert(
  argv._.length === 1 && existsSync(join(source, MODULE)),
  'usage: check.js SOURCE_DIR [--build BUILD_DIR]',
);

const here = findPatches();
const scratch = tmpdir();
const $ = shell({
  cwd: scratch,
  quiet: true,
  env: {
    ...shell.env,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'check',
    GIT_AUTHOR_EMAIL: 'check@example.org',
    GIT_COMMITTER_NAME: 'check',
    GIT_COMMITTER_EMAIL: 'check@example.org',
  },
});

try {
  for (const file of [...FILES, ...NEIGHBOURS]) {
    await mkdir(dirname(join(scratch, file)), { recursive: true });
    await copyFile(join(source, file), join(scratch, file));
  }
  // Kbuild wins over Makefile; the patched header must come before the one of the source.
  await writeFile(
    join(scratch, MODULE, 'Kbuild'),
    'LINUXINCLUDE := -I$(src)/../../../include $(LINUXINCLUDE)\ninclude $(src)/Makefile\n',
  );
  await $`git init -q && git add ${FILES} && git commit -q -m pristine && git tag pristine`;
  await report('pristine');

  // After the patch that moves things aside the tree holds all ten changes; each further patch takes one out.
  const patches = (await readdir(join(here, 'unfix'))).sort();
  assert.equal(patches.length, 11, 'one patch of moves and ten un-fixes');
  for (const [index, patch] of patches.entries()) {
    await $`git am -q ${join(here, 'unfix', patch)}`;
    await $`git tag ${`with-${10 - index}`}`;
    await report(`unfix/${patch}`);
  }

  for (const series of ['v2', 'merged']) {
    for (const options of [[], ['-3']]) {
      await $`git checkout -q --detach with-0`;
      await $`git am -q ${options} --empty=drop ${join(here, 'series', `${series}.mbox`)}`;
      const commits = (await $`git rev-list --reverse with-0..HEAD`).stdout.trim().split('\n');
      assert.equal(commits.length, 10, `${series}.mbox makes ten commits`);
      for (const [index, commit] of commits.entries()) {
        await $`git checkout -q --detach ${commit}`;
        // Only v2's own tenth patch leads to a state that the un-fix stack does not know.
        const known = series === 'merged' || index < 9;
        if (known)
          assert.equal(
            await diff(`with-${index + 1}`),
            '',
            `${series} ${index + 1} is the un-fix stack backwards`,
          );
        if (options.length === 0) await report(`${series} ${String(index + 1).padStart(2)}/10`);
      }
    }
  }

  // HEAD is now the end of the merged series.
  for (const [file, moved] of Object.entries(MOVES)) {
    const changed = (await diff('pristine', file))
      .split('\n')
      .filter((line) => /^[-+](?![-+]{2})/.test(line));
    assert.deepEqual(
      changed.sort(),
      [...moved].sort(),
      `${file} differs from the source by the listed moves only`,
    );
  }
  echo('merged end state: the source as it is, but for the listed moves');
} finally {
  await $`rm -rf ${scratch}`;
}

async function diff(from: string, ...paths: readonly string[]): Promise<string> {
  return (await $`git diff -U0 ${from} HEAD -- ${paths}`).stdout;
}

async function report(state: string): Promise<void> {
  const subject = (await $`git log -1 --format=%s`).stdout.trim();
  let compiled = '';
  if (build !== null) {
    const made = await $`make -C ${source} O=${build} M=${join(scratch, MODULE)} modules 2>&1`;
    const warnings = made.stdout.split('\n').filter((line) => /warning:/i.test(line));
    assert.deepEqual(warnings, [], `${state} compiles without a warning`);
    compiled = ', compiles';
  }
  echo(`${state}: applies${compiled}: ${subject}`);
}

/** This folder of the checkout, seen from the compiled script as well. */
function findPatches(): string {
  for (let at = import.meta.dirname; dirname(at) !== at; at = dirname(at)) {
    const found = join(at, 'kernels', 'mdev');
    if (existsSync(join(found, 'series', 'v2.mbox'))) return found;
  }
  throw new Error('kernels/mdev/series/v2.mbox is not above this script');
}
