// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';
import { bareName } from './frame.ts';
import { INNOCENT } from './kinds/innocent.ts';

const SYSCALL_PREFIX =
  /^(?:__(?:x64|ia32|arm64)_(?:compat_)?sys_|__(?:se|do)_sys_|__sys_|____?sys_|compat_SyS_|compat_SYSC_|SyS_|SYSC_|ksys_)/;

/** A culprit's name as titles have it. */
export function titleName(name: string): string {
  const bare = bareName(name);
  return SYSCALL_PREFIX.test(bare)
    ? bare.replace(SYSCALL_PREFIX, (prefix) =>
        /_sys_$/.test(prefix) && /^__(x64|ia32|arm64)/.test(prefix) ? 'sys_' : '',
      )
    : bare;
}

/** The first function that is not machinery: reliable frames only. */
export function findCulprit(names: readonly string[], skip: readonly RegExp[] = []): string | null {
  for (const name of names) {
    const bare = bareName(name);
    if (INNOCENT.some((pattern) => pattern.test(bare)) || skip.some((pattern) => pattern.test(bare)))
      continue;
    return titleName(bare);
  }
  return null;
}

/** The names of a trace that count for the culprit. */
export function reliableNames(frames: readonly Frame[]): string[] {
  return frames.filter((frame) => frame.reliable).map((frame) => frame.function);
}
