// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SMALL_MAKEFILE, SMALL_TREE } from './small-kernel.ts';

/** A directory that git takes for a kernel tree, ktrial too, and make builds in a second. */
export const OWN_TREE: Readonly<Record<string, string>> = {
  ...SMALL_TREE,
  Makefile: `VERSION = 6
PATCHLEVEL = 12
${SMALL_MAKEFILE.replace('olddefconfig:', 'defconfig: ; @echo CONFIG_USUAL=y >$(O)/.config\nolddefconfig:')}`,
  Kbuild: 'obj-y += core.o quiet.o\nobj-$(CONFIG_LOST) += lost.o\nobj-y += drivers/\n',
  Kconfig:
    'config LOST\n\ttristate "A file that make forgets"\n\tdepends on MENU\nconfig MENU\n\tbool "A menu"\n',
  'lost.c': 'int lost(void) { return 3; }\n',
  'drivers/Makefile': 'obj-$(CONFIG_TOY) += toy.o\n',
  'drivers/toy.c': 'int toy(void) { return 4; }\n',
  'Documentation/toy.rst': 'A toy.\n',
};

/** Runs git as a user does, in a directory. */
export function gitIn(directory: string, ...args: readonly string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Ann Example',
    GIT_AUTHOR_EMAIL: 'ann@example.org',
    GIT_COMMITTER_NAME: 'Ann Example',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
  };
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8' }).trim();
}

/** Writes files into a directory. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Makes a kernel tree in git on the branch `fix`, with one commit on `main`; `commit` adds one to it. */
export function makeOwnTree(directory: string) {
  writeFiles(directory, OWN_TREE);
  gitIn(directory, 'init', '-q', '-b', 'main');
  gitIn(directory, 'add', '.');
  gitIn(directory, 'commit', '-qm', 'the tree');
  gitIn(directory, 'checkout', '-q', '-b', 'fix');
  return {
    directory,
    commit(subject: string, files: Readonly<Record<string, string>>): string {
      writeFiles(directory, files);
      gitIn(directory, 'add', '.');
      gitIn(directory, 'commit', '-qm', subject);
      return gitIn(directory, 'rev-parse', 'HEAD');
    },
  };
}
