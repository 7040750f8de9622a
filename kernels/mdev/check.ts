// SPDX-License-Identifier: MIT
//
// Proves what README.md says of these patches, on a real kernel source:
//   node dist/kernels/mdev/check.js SOURCE_DIR [--build BUILD_DIR]
// SOURCE_DIR is pristine Linux 5.10.223, or the two directories of it that the series touches, and is only read. With --build, each state is also compiled as an external
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

/**
 * The files as they were posted: the number of patches applied, and the blob id from there on, as the `index` lines of the
 * mails abbreviate it.
 */
const POSTED: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  [`${MODULE}/mdev_core.c`]: {
    0: 'b96fedc77ee5',
    1: '1299d2e72ce2',
    2: '00ca61392de9',
    4: '836d31985f14',
    6: '1a317e409355',
    7: '1040a4a2dcbc',
    8: '2b98da2ee361',
    10: 'a5da24d662f4',
  },
  [`${MODULE}/mdev_private.h`]: {
    0: '379758c52b1b',
    2: 'ddcf9c72bd8a',
    8: '067dc5d8c5de',
    10: '781f111d66d2',
  },
  [`${MODULE}/mdev_sysfs.c`]: {
    0: '5193a0e0ce5a',
    5: 'cbf94b8165ea',
    8: '9f774b91d275',
    9: 'ffa3dcebf201',
  },
  'include/linux/mdev.h': { 0: 'd7aee90e5da5', 3: '4924d8038814' },
};

/** What the posted cover letter counts. */
const POSTED_SIZE = '4 files changed, 89 insertions(+), 111 deletions(-)';

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

  /** Trees of the posted files, one for each number of patches. */
  const posted: string[] = [await requirePosted('with-0', 0)];
  /** Trees of `v2`, likewise. */
  const applied: string[] = [];

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
        if (options.length > 0) continue;
        if (series === 'v2') {
          posted.push(await requirePosted(commit, index + 1));
          applied.push((await $`git rev-parse ${commit}^{tree}`).stdout.trim());
        }
        await report(`${series} ${String(index + 1).padStart(2)}/10`);
      }
    }
    if (series === 'v2') await applyPosted(posted, applied);
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

/** Takes the later additions out of a state; asserts that the posted files are left, and returns their tree. */
async function requirePosted(commit: string, count: number): Promise<string> {
  await $`git read-tree ${commit} && git apply --cached -R ${join(here, 'later-additions.patch')}`;
  for (const [file, ids] of Object.entries(POSTED)) {
    const last = Math.max(
      ...Object.keys(ids)
        .map(Number)
        .filter((one) => one <= count),
    );
    const id = (await $`git rev-parse :${file}`).stdout.trim();
    assert.equal(id.slice(0, 12), ids[last], `${file} after ${count} patches is the posted one`);
  }
  const tree = (await $`git write-tree`).stdout.trim();
  await $`git read-tree HEAD`;
  echo(`posted ${count}/10: the four files have the posted blob ids`);
  return tree;
}

/**
 * Applies a mailbox with the posted changes to the un-fixed tree, plainly as somebody would who saved the thread; asserts
 * that each patch leads to the state of `v2`.
 */
async function applyPosted(posted: readonly string[], applied: readonly string[]): Promise<void> {
  const size = (await $`git diff --shortstat ${posted[0]} ${posted[10]}`).stdout.trim();
  assert.equal(size, POSTED_SIZE, 'the posted series has the size that its cover letter counts');
  await $`git checkout -q --detach with-0`;
  for (const [index, expected] of applied.entries()) {
    const change = (await $`git diff --full-index ${posted[index]} ${posted[index + 1]}`).stdout;
    const mail = join(scratch, '.git', 'posted.mbox');
    await writeFile(
      mail,
      [
        `From ${'0'.repeat(40)} Mon Sep 17 00:00:00 2001`,
        'From: check <check@example.org>',
        'Date: Mon, 1 Jan 2024 00:00:00 +0000',
        `Subject: [PATCH ${index + 1}/10] posted`,
        '',
        '---',
        change,
      ].join('\n'),
    );
    await $`git am -q ${mail}`;
    const got = (await $`git rev-parse HEAD^{tree}`).stdout.trim();
    assert.equal(got, expected, `posted patch ${index + 1} leads to the state of v2`);
  }
  echo('posted series: applies to the un-fixed tree with `git am`, and makes the states of v2');
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
