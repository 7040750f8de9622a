// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { digestFile, digestOf, exists, makeScratch, runCommand } from '../host/index.ts';
import { Fault, type Image, L2_WAITS, type L2Shape, l2Argv } from '../model/index.ts';
import { openImageStore, ROOT_FILE } from './store.ts';

/** An L2 whose state is to be saved. */
export interface L2StateRequest extends L2Shape {
  /** The image whose QEMU runs it. */
  readonly image: Image;
  readonly kernel: string;
  readonly initramfs: string;
}

/** Paths of an L2's saved state, and of its console output up to that point. */
export interface L2State {
  readonly state: string;
  readonly console: string;
}

export interface L2StateOptions {
  readonly cacheDirectory: string;
  /** Limit for the boot, in seconds; it usually takes less than one. 60 unless given. */
  readonly bootS?: number;
  readonly signal?: AbortSignal;
}

/** Waits for the line $3 in the console file $1, then prints monitor commands that save the state to $2 and end QEMU. */
const SAVE = `
n=0
until grep -q "^$3" "$1" 2>/dev/null; do n=$((n + 1)); [ $n -le $4 ] || break; sleep 0.1; done
[ $n -gt $4 ] || echo "migrate file:$2"
echo quit`;

/**
 * Boots an L2 on this computer, with the QEMU of the guest's image, until its init polls for a card, and saves its state in the
 * cache: in emulation inside emulation the same boot takes twenty times as long. Null if nothing in the initramfs prints `L2_WAITS`, or if
 * this computer cannot run the image's QEMU. Fault `IMAGE_NO_STATE` (lab) if the VM does not print it in time.
 */
export async function saveL2State(request: L2StateRequest, options: L2StateOptions): Promise<L2State | null> {
  if (arch() !== 'x64' || !(await readFile(request.initramfs)).includes(L2_WAITS)) return null;
  const store = openImageStore(options.cacheDirectory);
  const { image, kernel, initramfs } = request;
  const files = await Promise.all([digestFile(kernel), digestFile(initramfs)]);
  const argv = l2Argv(request, { kernel: '', initramfs: '', console: '' });
  const digest = digestOf('l2-state', image.digest, ...files, ...argv);
  const known = await store.get(digest);
  if (known) return filesIn(known.directory);
  await using scratch = await makeScratch('l2-state', join(options.cacheDirectory, 'images'));
  const { signal, bootS = 60 } = options;
  const root = join(scratch.path, 'root');
  await runCommand('unsquashfs', ['-quiet', '-no-progress', '-no-xattrs', '-d', root, image.rootPath], {
    ...(signal ? { signal } : {}),
  });
  const made = await store.put(digest, async (into) => {
    await save({ ...request, root, bootS, ...filesIn(into) }, signal);
    return { name: 'l2-state' };
  });
  return filesIn(made.directory);
}

function filesIn(directory: string): L2State {
  return { state: join(directory, ROOT_FILE.state), console: join(directory, ROOT_FILE.console) };
}

interface Saving extends L2StateRequest, L2State {
  /** The image's root, unpacked. */
  readonly root: string;
  readonly bootS: number;
}

async function save(saving: Saving, signal: AbortSignal | undefined): Promise<void> {
  const { root, state, console, bootS } = saving;
  const libraries = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'].map((one) => join(root, one));
  // QEMU's monitor splits paths at blanks and its options split at commas: both files are named relative to their directory.
  const [directory, names] = [dirname(state), { state: basename(state), console: basename(console) }];
  const qemu = [
    join(root, 'lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', libraries.join(':')],
    join(root, 'usr/bin/qemu-system-x86_64'),
    ...['-L', join(root, 'usr/share/qemu'), '-L', join(root, 'usr/share/seabios')],
    ...l2Argv(saving, { ...saving, console: names.console }),
    ...['-monitor', 'stdio'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ];
  const pipe = `{ ${SAVE}\n} | { shift 4; exec "$@"; }`;
  await runCommand(
    'sh',
    ['-c', pipe, 'sh', names.console, names.state, L2_WAITS, String(10 * bootS), ...qemu],
    {
      cwd: directory,
      timeoutMs: 2 * bootS * 1000,
      ...(signal ? { signal } : {}),
    },
  );
  if (await exists(state)) return;
  const said = await readFile(console, 'utf8').catch(() => '');
  throw new Fault({
    blame: 'lab',
    code: 'IMAGE_NO_STATE',
    message: `the VM with the kernel ${saving.kernel} did not say "${L2_WAITS}" within ${bootS} s`,
    details: said.trimEnd().split('\n').slice(-5),
  });
}
