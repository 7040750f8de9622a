// SPDX-License-Identifier: MIT

/** Boot to the first guest command, in milliseconds, of the fast machine that time-outs in scenarios are written for. */
const REFERENCE_BOOT_MS = 4_000;
const SLOWEST = 20;

/** The factor by which a kernel's time-outs are scaled, from its own boot: a debug kernel under emulation is 10 to 20 times slower. */
export function timeScaleOf(bootMs: number): number {
  return Math.min(SLOWEST, Math.max(1, bootMs / REFERENCE_BOOT_MS));
}

/** How long a boot may take, in milliseconds, before anything has been measured. */
export function bootLimitMs(accelerator: 'kvm' | 'tcg'): number {
  return accelerator === 'kvm' ? 120_000 : 600_000;
}
