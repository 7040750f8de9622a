// SPDX-License-Identifier: MIT
import { Fault, type GuestResult, quoteArgs } from '../model/index.ts';
import { quoteOutput } from './check.ts';
import { DELAY_MODULE, MODULE_DIRECTORY } from './modules.ts';
import type { SettledStep, StepContext, StepOutcome } from './step.ts';

/** A delay at the entry of a kernel function, and what is performed meanwhile. */
export interface Widening {
  readonly function: string;
  /** Null: whatever task it is. */
  readonly comm: string | null;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly times: number;
  readonly skip: number;
  readonly probability: number;
  readonly expect: 'hit' | 'any';
  readonly steps: readonly SettledStep[];
}

const START_MS = 60_000;
const STOP_MS = 60_000;
/** For a guest in which something went wrong already. */
const LAST_STOP_MS = 10_000;

/** What steps inside see of the delay, in microseconds. */
export const DELAY_VARIABLE = 'KTRIAL_DELAY_US';

const PARAMETERS = `/sys/module/${DELAY_MODULE}/parameters`;

/**
 * Delays tasks at the entry of a function while the inner steps are performed, and reads back how often and how long. In a
 * control nothing is delayed. Faults: `SCENARIO_NO_DELAY` (scenario) where the kernel cannot delay there,
 * `SCENARIO_NOT_WIDENED` (scenario) when the steps passed and no task was delayed, `SCENARIO_DELAY_NOT_SPENT` (lab) when a
 * delay was shorter than asked, `SCENARIO_DELAY_LOST` (lab) when the guest does not say what it measured.
 */
export async function performWidened(widening: Widening, context: StepContext): Promise<StepOutcome> {
  if (context.stage.widened !== true) {
    const done = await context.performList(widening.steps);
    return { failures: [], details: ['control: not widened'], stopped: !done };
  }
  await start(widening, context);
  const startedAt = context.stage.now();
  let done: boolean;
  try {
    const env = { [DELAY_VARIABLE]: String(microseconds(widening.delayMs)) };
    done = await context.performList(widening.steps, { env });
  } catch (error) {
    // What stops the steps stays the reason; a machine that ended has no delay either.
    await stop(context, LAST_STOP_MS).catch(() => {});
    throw error;
  }
  const result = await stop(context, STOP_MS);
  const counts = readCounts(result, widening);
  const numbers = { ...counts, elapsedUs: Math.round((context.stage.now() - startedAt) * 1000) };
  if (done) requireDelays(widening, numbers);
  const details = [describeCounts(numbers)];
  return { failures: [], details, numbers, stopped: !done };
}

/** Exit codes of ours: what is missing must not look like what the kernel refuses. */
const NO_MODULE = 66;
const NO_FUNCTION = 67;
const AMBIGUOUS = 68;

async function start(widening: Widening, context: StepContext): Promise<void> {
  const { function: name, comm, delayMs, jitterMs, times, skip, probability } = widening;
  const path = `${MODULE_DIRECTORY}/${DELAY_MODULE}.ko`;
  const insmod = quoteArgs([
    ...['insmod', path, `function=${name}`, ...(comm === null ? [] : [`comm=${comm}`])],
    ...[`delay_us=${microseconds(delayMs)}`, `jitter_us=${microseconds(jitterMs)}`],
    ...[`times=${times}`, `skip=${skip}`, `per_million=${Math.max(1, Math.round(probability * 1e6))}`],
    `seed=${context.stage.seed}`,
  ]);
  const dots = name.replaceAll('.', '\\.');
  const command = `[ -f ${path} ] || exit ${NO_MODULE}
lines=$(grep -F ' ${name}' /proc/kallsyms)
found=$(echo "$lines" | grep -cE ' [tTwW] ${dots}([[:space:]]|$)')
[ "$found" -le 1 ] || { echo "$found"; exit ${AMBIGUOUS}; }
[ "$found" = 1 ] || { echo "$lines" | grep -oE ' [tTwW] ${dots}\\.[^[:space:]]+' | cut -c 4-; exit ${NO_FUNCTION}; }
${insmod} && exit
code=$?
dmesg | grep '${DELAY_MODULE}: ' | tail -n 3 >&2
exit $code`;
  const result = await context.guest.run(command, { timeoutMs: context.scale(START_MS) });
  if (result.exitCode === 0) return;
  throw noDelay(name, result);
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

function noDelay(name: string, result: GuestResult): Fault {
  const fault = (message: string, next?: string) =>
    new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NO_DELAY',
      message: `tasks cannot be delayed at ${name}: ${message}`,
      details: quoteOutput(result),
      ...(next === undefined ? {} : { next }),
    });
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  switch (result.exitCode) {
    case NO_MODULE:
      return fault(`the guest has no module ${DELAY_MODULE}`);
    case NO_FUNCTION:
      return lines.length > 0
        ? fault(`the compiler made ${lines.join(', ')} of it`, `name one of these: function: ${lines[0]}`)
        : fault(
            'the kernel under test has no such function',
            'load the module that has it first; a function that the compiler put into its callers has no entry',
          );
    case AMBIGUOUS:
      return fault(`the kernel under test has ${lines[0]} functions of that name`);
  }
  if (result.timedOut) return fault('the guest did not do it in time');
  if (/file exists/i.test(result.stderr))
    return fault('another step delays tasks already', 'put one step widen after the other');
  // Its first line may be the kernel's, about loading such a module.
  const said = [...result.stderr.matchAll(/ktrial_delay: (.*)/g)].at(-1)?.[1];
  return fault(
    said ?? `insmod ended with exit code ${result.exitCode}`,
    'the kernel forbids probes where they could harm it: name a function that calls this one, or that it calls',
  );
}

/** Ends the delays, waits for one that goes on, and reads what was measured. */
function stop(context: StepContext, timeoutMs: number): Promise<GuestResult> {
  const command = `echo 1 >${PARAMETERS}/stop && cat ${PARAMETERS}/result && rmmod ${DELAY_MODULE}`;
  return context.guest.run(command, { timeoutMs: context.scale(timeoutMs) });
}

/** What the module counts, by its names for it. */
const COUNTS = {
  entries: 'entries',
  passed: 'passed',
  refused: 'refused',
  missed: 'missed',
  hits: 'hits',
  spun: 'spun',
  asked_us: 'askedUs',
  spent_us: 'spentUs',
  spent_min_us: 'spentMinUs',
  spent_max_us: 'spentMaxUs',
} as const;

type Counts = Readonly<Record<(typeof COUNTS)[keyof typeof COUNTS], number>>;

function readCounts(result: GuestResult, { function: name }: Widening): Counts {
  const read = (key: string) => new RegExp(`\\b${key}=(\\d+)\\b`).exec(result.stdout)?.[1];
  const pairs = Object.entries(COUNTS).map(([key, own]) => [own, read(key)] as const);
  if (result.exitCode !== 0 || pairs.some(([, value]) => value === undefined))
    throw new Fault({
      blame: 'lab',
      code: 'SCENARIO_DELAY_LOST',
      message: `the guest does not say how long tasks were delayed at ${name}: ${result.timedOut ? 'it did not answer in time' : `got exit code ${result.exitCode}`}`,
      details: quoteOutput(result),
    });
  return Object.fromEntries(pairs.map(([own, value]) => [own, Number(value)])) as Counts;
}

type Numbers = Counts & { readonly elapsedUs: number };

/** The two clocks differ a little. */
const CLOCK_TOLERANCE = 1.1;
const CLOCK_GRAIN_US = 50_000;

function requireDelays(widening: Widening, numbers: Numbers): void {
  const { function: name, comm, expect } = widening;
  const { hits, askedUs, spentUs, spentMaxUs, elapsedUs } = numbers;
  const task = comm === null ? 'no task' : `no task named ${comm}`;
  if (hits === 0 && expect === 'hit')
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NOT_WIDENED',
      message: `${task} was delayed at ${name}: the trial did not test what the scenario says`,
      details: [describeCounts(numbers)],
      next: `see which task calls ${name}, and that comm: is its name; expect: any accepts a trial without a delay`,
    });
  const isShort = spentUs < askedUs;
  // One CPU cannot have spent more time than there was: then its counter does not run at the rate that the kernel thinks.
  const isWrong = spentMaxUs > elapsedUs * CLOCK_TOLERANCE + CLOCK_GRAIN_US;
  if (!isShort && !isWrong) return;
  const [got, expected] = isShort ? [spentUs, askedUs] : [elapsedUs, spentMaxUs];
  throw new Fault({
    blame: 'lab',
    code: 'SCENARIO_DELAY_NOT_SPENT',
    message: `the delay at ${name} was not really spent: got ${toSeconds(got)}${isShort ? '' : ' on this computer’s clock'}, expected ${toSeconds(expected)}`,
    details: [describeCounts(numbers)],
  });
}

function toSeconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

function describeCounts({ hits, entries, refused, missed, spentUs, spentMinUs, spentMaxUs }: Counts): string {
  const others = [
    ...(refused > 0 ? [`${refused} in interrupts refused`] : []),
    ...(missed > 0 ? [`${missed} missed by the probe`] : []),
  ];
  const times = hits > 0 ? `, together ${toSeconds(spentUs)}` : '';
  const range = hits > 1 ? ` (${toSeconds(spentMinUs)} to ${toSeconds(spentMaxUs)} each)` : '';
  return [`delayed ${hits} of ${entries} entries${times}${range}`, ...others].join('; ');
}
