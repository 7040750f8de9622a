// SPDX-License-Identifier: MIT
import { makeTimeouts } from '../model/index.ts';
import { expandScenario, type Performance, parseScenario, performScenario } from '../scenario/index.ts';
import { aClock, type FakeClock } from './clock.ts';
import { aGuest, type FakeGuest, type Replies } from './guest.ts';

type Stage = Parameters<typeof performScenario>[1];

/** What came of a scenario in a fake guest. */
export interface Play {
  readonly performance: Performance;
  readonly guest: FakeGuest;
  readonly clock: FakeClock;
  /** Signatures of its findings, without the scenario's name. */
  readonly found: readonly string[];
}

/** Performs the scenario `x` in a fake guest, with a clock that jumps. Commands take their `durationMs`. */
export async function playScenario(
  body: string,
  replies: Replies = () => ({}),
  more: (clock: FakeClock) => Partial<Stage> = () => ({}),
): Promise<Play> {
  const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('no scenario');
  const clock = aClock();
  const changed = more(clock);
  const guest = (changed.guest as FakeGuest | undefined) ?? aGuest(replies, clock);
  const performance = await performScenario(settled, {
    findSplats: () => [],
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal: new AbortController().signal,
    timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 4_000, scenarioMs: settled.timeoutMs }),
    consoleSilentMs: () => 0,
    firstFinding: new Promise(() => {}),
    seed: 1,
    onStepStarted: () => {},
    onStepEnded: () => {},
    ...changed,
    guest,
  });
  const found = performance.findings.map((one) => one.signature.replace('expectation:x:', ''));
  return { performance, guest, clock, found };
}
