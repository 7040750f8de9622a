// SPDX-License-Identifier: MIT

/**
 * Every time limit of one trial, in milliseconds of real time. Made once, from the machine's measured boot; nobody scales a
 * limit a second time. Scenario authors write times for a fast machine, and `scale` turns those into real time.
 */
export interface Timeouts {
  /** How many times slower than the fast machine this one is; 1 or more. */
  readonly factor: number;
  /** Real milliseconds for a time that a scenario was written with. */
  scale(ms: number): number;
  /** From power-on to the guest's first command. Not scaled: nothing has been measured yet. */
  readonly bootMs: number;
  /** The whole scenario, as it asks for. Scaled. */
  readonly scenarioMs: number;
  /** A guest and a console that are both silent for so long under a running step do not answer. Scaled. */
  readonly noOutputMs: number;
  /** What is left for the remaining steps once there is a finding. Scaled. */
  readonly graceMs: number;
  /** A guest that answers at all answers a trivial command within this. Scaled. */
  readonly aliveMs: number;
  /** All of a scenario's cleanup together. Scaled. */
  readonly cleanupMs: number;
  /** A guest whose session was lost accepts another within this. Scaled. */
  readonly reconnectMs: number;
  /** A guest powers off within this. Scaled. */
  readonly powerOffMs: number;
  /** The same after a complaint that explains why it cannot. Scaled. */
  readonly powerOffAfterSplatMs: number;
  /** Collecting the guest's own log. Scaled. */
  readonly collectMs: number;
  /** The last output of a dying kernel reaches the console within this. Scaled. */
  readonly lastWordsMs: number;
  /** The whole trial, after which its machine is stopped from outside: more than all of the above together. */
  readonly trialMs: number;
}

/** Boot to the first guest command, in milliseconds, of the fast machine that scenarios are written for. */
const REFERENCE_BOOT_MS = 4_000;
/** Beyond this factor a machine is not slow but stuck. */
const MAXIMUM_FACTOR = 20;

export interface TimeoutsRequest {
  readonly accelerator: 'kvm' | 'tcg';
  /** What a boot takes here, measured, in milliseconds; null before anything was measured. */
  readonly measuredBootMs: number | null;
  /** The scenario's own limit for a fast machine, in milliseconds. */
  readonly scenarioMs: number;
  /** What remains after a finding, for a fast machine, in milliseconds. */
  readonly graceMs?: number;
}

/** Makes the limits of one trial. Pure. */
export function makeTimeouts(request: TimeoutsRequest): Timeouts {
  const measured = request.measuredBootMs ?? 0;
  const factor = Math.min(MAXIMUM_FACTOR, Math.max(1, measured / REFERENCE_BOOT_MS));
  const scale = (ms: number) => Math.round(ms * factor);
  const bootMs = request.accelerator === 'kvm' ? 120_000 : 600_000;
  return {
    factor,
    scale,
    bootMs,
    scenarioMs: scale(request.scenarioMs),
    noOutputMs: scale(180_000),
    graceMs: scale(request.graceMs ?? 10_000),
    aliveMs: scale(5_000),
    cleanupMs: scale(120_000),
    reconnectMs: scale(10_000),
    powerOffMs: scale(30_000),
    powerOffAfterSplatMs: scale(15_000),
    collectMs: scale(60_000),
    lastWordsMs: scale(2_000),
    trialMs: bootMs + 20 * 60_000 + MAXIMUM_FACTOR * request.scenarioMs,
  };
}
