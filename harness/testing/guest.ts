// SPDX-License-Identifier: MIT
import type { Guest, GuestJob, GuestResult, GuestRunOptions } from '../model/index.ts';
import type { FakeClock } from './clock.ts';

/** How a command in a fake guest ends: a whole result, or only what differs from a quick success without output. */
export type Answer = Partial<GuestResult>;

/** What a fake guest says to a command; null: it never ends. May throw, as a guest does whose connection dies. */
export type Replies = (command: string, options?: Partial<GuestRunOptions>) => Answer | null;

/** A command's result: success without output, but for what is given. */
export function aResult(answer: Answer = {}): GuestResult {
  return { exitCode: 0, signal: null, stdout: '', stderr: '', durationMs: 5, timedOut: false, ...answer };
}

export interface FakeGuest extends Guest {
  /** Everything that was asked of it, in order: `run …`, `start …`, `kill PID SIGNAL`, `upload PATH`. */
  readonly log: string[];
  /** Ends a job that was started, by its command's beginning. */
  end(commandStart: string, answer?: Answer): void;
}

/**
 * A guest without a machine. A command that never ends times out in `run` and goes on in `start`. With a clock, commands
 * and waits take their time.
 */
export function aGuest(replies: Replies = () => ({}), clock?: Pick<FakeClock, 'sleep'>): FakeGuest {
  const log: string[] = [];
  const jobs: { readonly command: string; readonly pid: number; result: GuestResult | null }[] = [];
  return {
    log,
    end(commandStart, answer = {}) {
      for (const job of jobs) if (job.command.startsWith(commandStart)) job.result ??= aResult(answer);
    },
    async run(command, options) {
      log.push(`run ${command}`);
      const answer = replies(command, options);
      const takesMs = answer === null ? Number.POSITIVE_INFINITY : (answer.durationMs ?? 0);
      await clock?.sleep(Math.min(takesMs, options.timeoutMs));
      if (answer !== null && takesMs <= options.timeoutMs) return aResult(answer);
      return aResult({ exitCode: null, timedOut: true, durationMs: options.timeoutMs });
    },
    async start(command, options = {}) {
      log.push(`start ${command}`);
      const answer = replies(command, options);
      const job = { command, pid: 100 + jobs.length, result: answer ? aResult(answer) : null };
      jobs.push(job);
      const guestJob: GuestJob = {
        pid: job.pid,
        async wait(timeoutMs) {
          if (job.result === null) await clock?.sleep(timeoutMs);
          return job.result;
        },
        output() {
          return { stdout: job.result?.stdout ?? '', stderr: job.result?.stderr ?? '' };
        },
        async kill(signal) {
          log.push(`kill ${job.pid} ${signal}`);
          job.result ??= aResult({ exitCode: null, signal });
        },
      };
      return guestJob;
    },
    async upload(_content, path) {
      log.push(`upload ${path}`);
    },
    async close() {
      log.push('close');
    },
  };
}

/** Waits for a job by polling, because a test ends a fake guest's job at any time. */
export async function awaitJob(job: GuestJob, timeoutMs: number, pass: (ms: number) => Promise<void>) {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const result = await job.wait(0);
    const leftMs = endsAt - performance.now();
    if (result || leftMs <= 0) return result;
    await pass(Math.min(2, leftMs));
  }
}
