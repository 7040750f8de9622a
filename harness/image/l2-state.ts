// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { digestFile, digestOf, exists, makeScratch, runCommand } from '../host/index.ts';
import { Fault, type Image, L2_WAITS, type L2Shape, l2Argv } from '../model/index.ts';
import { openImageStore, ROOT_FILE } from './store.ts';

/** A VM inside the guest of which a state is wanted. */
export interface L2StateRequest extends L2Shape {
  /** The image whose QEMU runs it. */
  readonly image: Image;
  readonly kernel: string;
  readonly initramfs: string;
  /** The `init` that is in the initramfs. */
  readonly init: string;
}

/** A saved VM: paths of its state, and of what is on its console by then. */
export interface L2State {
  readonly state: string;
  readonly console: string;
}

export interface L2StateOptions {
  readonly cacheDirectory: string;
  /** How long such a VM may boot here, in seconds; less than one is usual. 60 unless given. */
  readonly bootS?: number;
  readonly signal?: AbortSignal;
}

/** Waits for the line on the console, then has the monitor, which reads this program's output, save the state; and ends QEMU. */
const SAVE = `
n=0
until grep -q "^$3" "$1" 2>/dev/null; do n=$((n + 1)); [ $n -le $4 ] || break; sleep 0.1; done
[ $n -gt $4 ] || echo "migrate file:$2"
echo quit`;

/**
 * Boots a VM as it runs inside the guest, with the QEMU of the guest's image but on this computer, until it waits for a card, and saves
 * its state: emulation inside emulation takes twenty times as long for the same. Returns what is in the cache. Null where
 * that cannot be: for an init that does not say that it waits, or where this computer does not run the image's QEMU. Fault
 * `IMAGE_NO_STATE` (lab) when the VM did not come to its wait.
 */
export async function saveL2State(request: L2StateRequest, options: L2StateOptions): Promise<L2State | null> {
  if (arch() !== 'x64' || !(await readFile(request.init, 'utf8')).includes(L2_WAITS)) return null;
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
  const qemu = [
    join(root, 'lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', libraries.join(':')],
    join(root, 'usr/bin/qemu-system-x86_64'),
    ...['-L', join(root, 'usr/share/qemu'), '-L', join(root, 'usr/share/seabios')],
    ...l2Argv(saving, saving),
    ...['-monitor', 'stdio'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ];
  const pipe = `{ ${SAVE}\n} | { shift 4; exec "$@"; }`;
  await runCommand('sh', ['-c', pipe, 'sh', console, state, L2_WAITS, String(10 * bootS), ...qemu], {
    timeoutMs: 2 * bootS * 1000,
    ...(signal ? { signal } : {}),
  });
  if (await exists(state)) return;
  const said = await readFile(console, 'utf8').catch(() => '');
  throw new Fault({
    blame: 'lab',
    code: 'IMAGE_NO_STATE',
    message: `the VM with the kernel ${saving.kernel} did not say "${L2_WAITS}" within ${bootS} s`,
    details: said.trimEnd().split('\n').slice(-5),
  });
}
