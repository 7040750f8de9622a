// SPDX-License-Identifier: MIT
import type { Kind } from './family.ts';
import { FAULT_KINDS } from './fault.ts';
import { HANG_KINDS } from './hang.ts';
import { LOCK_KINDS } from './lock.ts';
import { MEMORY_KINDS } from './memory.ts';
import { OPTIONAL_KINDS } from './optional.ts';
import { PANIC_KINDS } from './panic.ts';
import { SANITIZER_KINDS } from './sanitizer.ts';
import { WARNING_KINDS } from './warning.ts';

/** All kinds, the more specific before the more general. */
export const KINDS: readonly Kind[] = [
  ...SANITIZER_KINDS,
  ...FAULT_KINDS,
  ...LOCK_KINDS,
  ...HANG_KINDS,
  ...MEMORY_KINDS,
  ...WARNING_KINDS,
  ...PANIC_KINDS,
  ...OPTIONAL_KINDS,
];
