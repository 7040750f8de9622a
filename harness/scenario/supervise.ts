// SPDX-License-Identifier: MIT
import { Fault, type Guest, type Timeouts, toFault } from '../model/index.ts';
import { CUT_SHORT } from './record.ts';
import type { Stage } from './step.ts';

const TICK_MS = 500;

/** Watches over the steps while they are performed. */
export interface Supervision {
  /** The stage's guest; what it answers counts as a sign of life. */
  readonly guest: Guest;
  /** Aborts when the steps must end: with a Fault, or with `CUT_SHORT` when their grace after a finding is over. */
  readonly signal: AbortSignal;
  /** Whether there is a finding, in the log or by a step. */
  hasFinding(): boolean;
  /** Starts the grace of the remaining steps. */
  noteFinding(): void;
  end(): void;
}

/**
 * Supervises steps until `end`. The signal aborts for the first of three reasons: the stage's own signal; the grace after
 * the first finding is over; or guest and console were both silent for `noOutputMs` and the guest did not answer a trivial
 * command then (`GUEST_SILENT`). A guest that answers is merely busy, and the step goes on.
 */
export function superviseSteps(stage: Stage): Supervision {
  const stop = new AbortController();
  const done = new AbortController();
  const tracked = trackSignsOfLife(stage.guest, stage.now);
  let findingAt: number | null = null;
  const noteFinding = () => {
    findingAt ??= stage.now();
  };
  void stage.firstFinding.then(noteFinding, noteFinding);

  async function tick(): Promise<void> {
    const { graceMs, noOutputMs } = stage.timeouts;
    if (findingAt !== null && stage.now() >= findingAt + graceMs) return stop.abort(CUT_SHORT);
    const silentMs = Math.min(tracked.silentMs(), stage.consoleSilentMs());
    if (silentMs < noOutputMs) return;
    const fault = await probeGuest(
      tracked.guest,
      stage.timeouts,
      `guest and console were silent for ${secondsOf(silentMs)}`,
    );
    if (fault && !done.signal.aborted) stop.abort(fault);
  }

  async function watch(): Promise<void> {
    while (!done.signal.aborted && !stop.signal.aborted && !stage.signal.aborted) {
      await tick();
      await stage.sleep(TICK_MS, done.signal);
    }
  }

  void watch();
  return {
    guest: tracked.guest,
    signal: AbortSignal.any([stage.signal, stop.signal]),
    hasFinding: () => findingAt !== null,
    noteFinding,
    end: () => done.abort(),
  };
}

/**
 * Asks the guest for a trivial command. Null when it answers; otherwise the Fault: that of the connection where that was
 * lost, or `GUEST_SILENT`. The lab has that until somebody shows that the machine hangs.
 */
export async function probeGuest(
  guest: Guest,
  { aliveMs }: Pick<Timeouts, 'aliveMs'>,
  what: string,
): Promise<Fault | null> {
  const answer = await guest.run('true', { timeoutMs: aliveMs }).catch(toFault);
  if (answer instanceof Fault) return answer;
  if (answer.exitCode === 0) return null;
  return new Fault({
    blame: 'lab',
    code: 'GUEST_SILENT',
    message: `${what}, and the guest did not answer a trivial command within ${secondsOf(aliveMs)}`,
  });
}

function secondsOf(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Wraps a guest and remembers its last sign of life: a command ended, or a job wrote something. */
function trackSignsOfLife(guest: Guest, now: () => number): { readonly guest: Guest; silentMs(): number } {
  let lastSignAt = now();
  const outputs: (() => number)[] = [];
  let written = 0;
  const noteSign = <Value>(value: Value): Value => {
    lastSignAt = now();
    return value;
  };
  return {
    silentMs() {
      const total = outputs.reduce((sum, output) => sum + output(), 0);
      if (total !== written) noteSign(total);
      written = total;
      return now() - lastSignAt;
    },
    guest: {
      run: async (command, options) => {
        const result = await guest.run(command, options);
        return result.timedOut ? result : noteSign(result);
      },
      async start(command, options) {
        const job = noteSign(await guest.start(command, options));
        outputs.push(() => job.output().stdout.length + job.output().stderr.length);
        return job;
      },
      upload: async (...args) => noteSign(await guest.upload(...args)),
      close: () => guest.close(),
    },
  };
}
