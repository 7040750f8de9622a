// SPDX-License-Identifier: MIT
import { exists, isNeeded, runCommand, SYSTEM_PACKAGES, type SystemPackage } from '../host/index.ts';
import { openToolchain } from '../kernel/index.ts';
import { type Architecture, Fault, isFault } from '../model/index.ts';
import type { ArmsRequest } from './request.ts';

/** Requires the compilers and checkers that a request names. Faults of `openToolchain`. */
export async function requireToolchain(
  { kernel, checks }: Pick<ArmsRequest, 'kernel' | 'checks'>,
  signal: AbortSignal,
): Promise<void> {
  await openToolchain(kernel.toolchain, kernel.arch, { checks, signal });
}

/**
 * Requires what machines of another architecture than this computer's need: its own are needed for all that ktrial does, and
 * missing ones are told where they are used. Fault `CAMPAIGN_NO_ARCHITECTURE` (request).
 */
export async function requireArchitecture(arch: Architecture, signal: AbortSignal): Promise<void> {
  const wanted = SYSTEM_PACKAGES.filter(
    (one) => one.only === arch && !isNeeded(one) && isNeeded(one, [arch]),
  );
  const missing: string[] = [];
  for (const one of wanted) if (!(await isInstalled(one, signal))) missing.push(one.name);
  if (missing.length === 0) return;
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_ARCHITECTURE',
    message: `machines of ${arch} need packages that are not installed: ${missing.join(', ')}`,
    next: `sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  });
}

async function isInstalled({ shownBy }: SystemPackage, signal: AbortSignal): Promise<boolean> {
  if (shownBy.startsWith('/')) return exists(shownBy);
  return runCommand(shownBy, ['--version'], { accept: 'any', signal }).then(
    () => true,
    (cause: unknown) => {
      if (isFault(cause, 'HOST_PROGRAM_MISSING')) return false;
      throw cause;
    },
  );
}
