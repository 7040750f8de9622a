// SPDX-License-Identifier: MIT
import { cp, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { digestFile, exists, runCommand } from '../host/index.ts';
import { PROJECT_ROOT, TEST_CACHE, testKernel } from '../testing/index.ts';
import { bakeImage, bakeL2Root } from './index.ts';

// Packages are fetched the first time.
t.setTimeout(30 * 60_000);

await testKernel(); // the environment that commands run in

/** A separate cache for what is baked; packages come from the shared one. */
async function freshCache(t: { teardown(undo: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-bake-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await symlink(join(TEST_CACHE, 'apt'), join(directory, 'apt'));
  return directory;
}

const RECIPE = join(PROJECT_ROOT, 'images/guest.yaml');

t.test(
  'the same inputs give the same image, byte for byte, and this computer’s files are not changed',
  async (t) => {
    const shell = await digestFile('/bin/sh');
    const first = await bakeImage(RECIPE, 'x86_64', { cacheDirectory: TEST_CACHE });
    const before = process.umask(0o077);
    const second = await bakeImage(RECIPE, 'x86_64', { cacheDirectory: await freshCache(t) }).finally(() =>
      process.umask(before),
    );
    t.equal(first.digest, second.digest);
    t.not(first.rootPath, second.rootPath);
    t.equal(await digestFile(first.rootPath), await digestFile(second.rootPath));
    t.equal(await digestFile('/bin/sh'), shell);
    const { stdout } = await runCommand('unsquashfs', ['-lln', second.rootPath]);
    t.match(stdout, /^-rwxr-xr-x 0\/0 .*squashfs-root\/sbin\/init$/m, 'init is our file, and not a link');
    t.match(stdout, /squashfs-root\/bin\/sh -> /);
  },
);

t.test('a changed file gives another image', async (t) => {
  const cacheDirectory = await freshCache(t);
  const images = join(cacheDirectory, 'recipes');
  await cp(join(PROJECT_ROOT, 'images'), images, { recursive: true });
  const own = await bakeImage(RECIPE, 'x86_64', { cacheDirectory: TEST_CACHE });
  const same = await bakeImage(join(images, 'guest.yaml'), 'x86_64', { cacheDirectory: TEST_CACHE });
  t.strictSame(same, own, 'the path of the recipe does not matter');
  await runCommand('sh', ['-c', 'echo "# one line more" >> guest/init'], { cwd: images });
  const other = await bakeImage(join(images, 'guest.yaml'), 'x86_64', { cacheDirectory });
  t.not(other.digest, own.digest);
  t.not(await digestFile(other.rootPath), await digestFile(own.rootPath));
});

t.test('the root of a VM inside the guest is the same each time', async (t) => {
  const init = join(PROJECT_ROOT, 'images/l2/init');
  const first = await bakeL2Root(init, { cacheDirectory: await freshCache(t) });
  const second = await bakeL2Root(init, { cacheDirectory: await freshCache(t) });
  t.not(dirname(first), dirname(second));
  t.equal(await digestFile(first), await digestFile(second));
  t.ok(await exists(first));
});

t.test('each C file beside the init of a VM inside the guest is a program of its root', async (t) => {
  const cacheDirectory = await freshCache(t);
  const images = join(cacheDirectory, 'l2');
  const init = join(images, 'init');
  const list = async () => {
    const archive = await bakeL2Root(init, { cacheDirectory });
    const { stdout } = await runCommand('cpio', ['-i', '-t', '-v', '--quiet', '-F', archive]);
    return { archive, programs: stdout.split('\n').filter((line) => line.startsWith('-rwxr-xr-x')) };
  };
  await cp(join(PROJECT_ROOT, 'images/l2'), images, { recursive: true });
  const own = await list();
  t.strictSame(
    own.programs.map((line) => line.replace(/.* /, '')),
    ['bin/busybox', 'bin/serial-blocks', 'init'],
  );
  await writeFile(join(images, 'other.c'), 'int main(void) { return 3; }\n');
  const more = await list();
  t.not(more.archive, own.archive, 'another root');
  t.equal(more.programs.length, own.programs.length + 1);
  await writeFile(join(images, 'other.c'), 'int main(void) { return 4; }\n');
  t.not((await list()).archive, more.archive, 'another root');
  await writeFile(join(images, 'other.c'), 'int main(void) { return x; }\n');
  await t.rejects(list(), {
    code: 'IMAGE_NO_PROGRAM',
    blame: 'scenario',
    message: `${join(images, 'other.c')} does not compile`,
  });
  for (const name of ['mount.c', 'busybox.c']) {
    await rename(join(images, 'other.c'), join(images, name));
    await t.rejects(list(), {
      code: 'IMAGE_NO_PROGRAM',
      message: `${join(images, name)} has the name of a program of busybox that the init needs`,
    });
    await rename(join(images, name), join(images, 'other.c'));
  }
});
