// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { RunKeys } from './keys.ts';
import { makeSquashfs } from './squashfs.ts';
import { type FileContent, placeDirectory, placeFile } from './tree.ts';

/** A file of the overlay: `path` is below `/overlay` in the guest, and begins with a slash. */
export type OverlayFile = { readonly path: string; readonly mode?: number } & FileContent;

export interface OverlayContent {
  readonly keys: RunKeys;
  /** Modules are put flat into `/overlay/modules`, their debug information left out. */
  readonly modulesDirectory?: string;
  readonly files?: readonly OverlayFile[];
}

/** Makes the disk that one run's machine gets beside the image: keys, the kernel's modules, files. */
export async function bakeOverlay(
  path: string,
  content: OverlayContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const scratch = await mkdtemp(`${path}.`);
  try {
    const put = (file: OverlayFile) => placeFile(scratch, file.path, file, file.mode ?? 0o644);
    await placeDirectory(scratch, 'modules');
    await put({ path: '/keys/authorized_keys', content: `${content.keys.clientPublicLine}\n` });
    await put({ path: '/keys/host', content: content.keys.hostPrivateKey, mode: 0o600 });
    for (const file of content.files ?? []) await put(file);
    if (content.modulesDirectory !== undefined)
      await copyModules(content.modulesDirectory, join(scratch, 'modules'), options.signal);
    await makeSquashfs(scratch, path, options.signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function copyModules(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const found = await readdir(from, { recursive: true }).catch(() => null);
  if (found === null)
    throw new Fault({
      blame: 'lab',
      code: 'IMAGE_MODULES_MISSING',
      message: `the kernel's modules are not there: ${from}`,
      next: 'run the same command again: the kernel is made anew',
    });
  for (const path of found) {
    if (path.endsWith('.ko'))
      await runCommand(
        'strip',
        ['-g', '-o', join(to, basename(path)), join(from, path)],
        signal ? { signal } : {},
      );
  }
}
