// SPDX-License-Identifier: MIT

/**
 * Every time limit of one trial, in milliseconds of real time. Made from the machine's measured boot; nobody scales a limit a
 * second time. Scenario authors write times for a fast machine, and `scale` turns those into real time.
 */
export interface Timeouts extends Readonly<Record<keyof typeof GUEST_LIMITS, number>> {
  /** How many times slower than the fast machine this one is; 1 or more. */
  readonly factor: number;
  /** Real milliseconds for a time that a scenario was written with. */
  scale(ms: number): number;
  /** From power-on to the guest's first command. Not scaled: nothing has been measured yet. */
  readonly bootMs: number;
  /** From the start of a clone to its first command. Not scaled: one that takes longer on the busiest computer never comes up. */
  readonly cloneUpMs: number;
  /** The whole scenario, as it asks for. Scaled. */
  readonly scenarioMs: number;
  /** The whole trial, after which its machine is stopped from outside. More than all other limits together at any factor. */
  readonly trialMs: number;
}

/**
 * Limits of what the guest does, in milliseconds on a fast machine. All are scaled: the guest's CPUs execute the work that
 * they wait for.
 */
const GUEST_LIMITS = {
  /** No output: a guest and a console that are both silent for so long under a running step do not answer. */
  noOutputMs: 180_000,
  /** Step: what is left for the remaining steps, and for the cleanup, once there is a finding. */
  graceMs: 10_000,
  /** Step: a guest that answers at all answers a trivial command within this. */
  aliveMs: 5_000,
  /** Step: all of a scenario's cleanup together. */
  cleanupMs: 120_000,
  /** Last words: a guest whose session was lost accepts another one within this. */
  reconnectMs: 10_000,
  /** Last words: a guest powers off within this. */
  powerOffMs: 30_000,
  /**
   * Last words: the same after a splat that explains why it cannot. A successful power-off takes about 0.1 s, and no watchdog of
   * the kernel reports before 10 s.
   */
  powerOffAfterSplatMs: 2_000,
  /** Last words: collecting the guest's own log. */
  collectMs: 60_000,
  /** Last words: the last output of a dying kernel reaches the console within this. */
  lastWordsMs: 2_000,
  /** No output: a splat is complete when the console has been silent for so long. */
  quietMs: 1_000,
};

/** Boot to the first guest command, in milliseconds, of the fast machine that scenarios are written for. */
const REFERENCE_BOOT_MS = 4_000;
/** Beyond this factor a machine is not slow but stuck. */
const MAXIMUM_FACTOR = 20;
/** An emulated debug kernel on a busy computer boots in minutes. */
const BOOT_MS = { kvm: 120_000, tcg: 600_000 };
const CLONE_UP_MS = 60_000;
/** What this computer does for a trial before and after its machine runs: disks are made, files are read and hashed. */
const HOST_WORK_MS = 600_000;

export interface TimeoutsRequest {
  readonly accelerator: 'kvm' | 'tcg';
  /** How long a boot takes here, measured, in milliseconds; null before anything was measured. */
  readonly measuredBootMs: number | null;
  /** The scenario's own limit for a fast machine, in milliseconds. */
  readonly scenarioMs: number;
  /** What remains after a finding, for a fast machine, in milliseconds. */
  readonly graceMs?: number;
}

/** Makes the limits of one trial. Pure. */
export function makeTimeouts(request: TimeoutsRequest): Timeouts {
  const { accelerator, measuredBootMs, scenarioMs } = request;
  const limits = { ...GUEST_LIMITS, graceMs: request.graceMs ?? GUEST_LIMITS.graceMs };
  const factor = Math.min(MAXIMUM_FACTOR, Math.max(1, (measuredBootMs ?? 0) / REFERENCE_BOOT_MS));
  const scale = (ms: number) => Math.round(ms * factor);
  const scaled = Object.entries(limits).map(([name, ms]) => [name, scale(ms)] as const);
  const guestMs = Object.values(limits).reduce((sum, ms) => sum + ms, scenarioMs);
  return {
    ...(Object.fromEntries(scaled) as typeof GUEST_LIMITS),
    factor,
    scale,
    bootMs: BOOT_MS[accelerator],
    cloneUpMs: CLONE_UP_MS,
    scenarioMs: scale(scenarioMs),
    trialMs: BOOT_MS[accelerator] + CLONE_UP_MS + HOST_WORK_MS + MAXIMUM_FACTOR * guestMs,
  };
}
