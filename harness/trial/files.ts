// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile, listFiles } from '../host/index.ts';
import type { FileRef } from '../model/index.ts';
import { OVERLAY_FILE } from '../vm/index.ts';
import { LOG_FILE } from './collect.ts';
import { SPLATS_FILE, TEXTS_FILE } from './splat-files.ts';
import { MACHINE_LOGS, nameOfCloneLog } from './start.ts';
import { SUBTESTS_FILE } from './subtests.ts';

/** Names of a trial's files for programs; another file is named by its own name. */
const NAMED: Readonly<Record<string, string>> = {
  console: MACHINE_LOGS.console,
  dmesg: LOG_FILE,
  qemu: MACHINE_LOGS.qemu,
  cloneConsole: nameOfCloneLog(MACHINE_LOGS.console),
  cloneQemu: nameOfCloneLog(MACHINE_LOGS.qemu),
  splats: SPLATS_FILE,
  splatTexts: TEXTS_FILE,
  subtests: SUBTESTS_FILE,
  overlay: OVERLAY_FILE,
};

/** Every file in a trial's directory, with its digest and size. One that cannot be read is left out. */
export async function listTrialFiles(directory: string): Promise<Readonly<Record<string, FileRef>>> {
  const files: Record<string, FileRef> = {};
  for (const name of await listFiles(directory).catch(() => [])) {
    const path = join(directory, name);
    try {
      const { size } = await stat(path);
      const key = Object.keys(NAMED).find((one) => NAMED[one] === name) ?? name;
      files[key] = { name, digest: await digestFile(path), bytes: size };
    } catch {
      // It is gone, or the disk fails: then nothing can be promised of it.
    }
  }
  return files;
}
