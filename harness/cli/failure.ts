// SPDX-License-Identifier: MIT
import { exitCodeOf, Fault } from '../model/index.ts';

/** Anything thrown, as a Fault: the file system's words become the lab's fault, the rest a bug in ktrial. */
export function faultFrom(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const path = (error as NodeJS.ErrnoException | null)?.path;
  const where = path ? ` at ${path}` : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Fault({
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: `the disk is full${where}`,
      next: 'free some space: `ktrial doctor` shows how much is needed and where',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new Fault({
      blame: 'lab',
      code: 'HOST_NOT_ALLOWED',
      message: `not allowed${where}: ${(error as Error).message}`,
      next: 'choose another directory: --run-directory DIR, XDG_CACHE_HOME, XDG_STATE_HOME',
      cause: error,
    });
  }
  if (code === 'ENOENT' && path) {
    return new Fault({
      blame: 'request',
      code: 'HOST_NO_FILE',
      message: `there is no ${path}`,
      cause: error,
    });
  }
  return new Fault({
    blame: 'harness',
    code: 'KTRIAL_BUG',
    message: `a bug in ktrial: ${error instanceof Error ? error.message : String(error)}`,
    next: 'run it again with --debug and report what it prints',
    cause: error,
  });
}

const PARTY = {
  request: 'request',
  scenario: 'scenario',
  lab: 'lab',
  harness: 'ktrial',
  kernel: 'kernel',
} as const;

/** A fault as text for people: what, where, why, what next; a stack only on demand. */
export function describeFault(fault: Fault, debug: boolean): string {
  const lines = [`ktrial: ${fault.message} [${PARTY[fault.blame]}: ${fault.code}]`];
  for (const detail of fault.details) for (const line of detail.split('\n')) lines.push(`  ${line}`);
  if (fault.next !== undefined) lines.push(`  next: ${fault.next}`);
  if (debug) {
    lines.push(fault.stack ?? '');
    if (fault.cause instanceof Error) lines.push(`caused by: ${fault.cause.stack}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The exit code for anything thrown; 130 when the user interrupted. */
export function exitCodeFrom(fault: Fault, interrupted: boolean): number {
  return interrupted || fault.code === 'HOST_INTERRUPTED' ? 130 : exitCodeOf(fault);
}
