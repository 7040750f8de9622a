// SPDX-License-Identifier: MIT
import { type ChildProcess, fork } from 'node:child_process';
import { type FuzzResult, type FuzzTarget, listFuzzTargets, type SlowestCase } from '../testing/index.ts';

/**
 * Feeds random and mutated input to everything that reads what comes from outside. Usage: fuzz.js CASES SEED [WORD…], where
 * words choose targets by their names; fuzz.js --case NUMBER SEED WORD… tries only the case of that number of each. Exit code
 * 1 when an input crashes, hangs, is too slow or breaks a property.
 */

/** Cases between two reports of a worker. */
const BATCH = 500;
const WORKERS = 2;
/** A worker that reports nothing for so long, in milliseconds, hangs. */
const HANG_MS = 120_000;
const PROGRESS_MS = 15_000;

/** Cases of one target with a seed of their own. */
interface Batch {
  readonly target: string;
  /** The number of batches of the same target before it. */
  readonly round: number;
  readonly seed: number;
  readonly cases: number;
}

interface BatchReport extends FuzzResult {
  readonly batch: Batch;
}

const seedOf = (seed: number, round: number) => (seed * 1_000_003 + round) | 0;

/** Batches of all targets in turn, so that a run that is cut short has tried them all. */
function planBatches(targets: readonly FuzzTarget[], cases: number, seed: number): Batch[] {
  const total = targets.reduce((sum, target) => sum + target.weight, 0);
  const left = targets.map((target) => ({
    target: target.name,
    cases: Math.ceil((cases * target.weight) / total),
  }));
  const batches: Batch[] = [];
  for (let round = 0; left.some((one) => one.cases > 0); round += 1)
    for (const one of left) {
      const size = Math.min(BATCH, one.cases);
      one.cases -= size;
      if (size > 0) batches.push({ target: one.target, round, seed: seedOf(seed, round), cases: size });
    }
  return batches;
}

/** A worker tries the batches that it is sent, one after the other. */
async function work(): Promise<void> {
  const targets = await listFuzzTargets();
  let current: Batch | null = null;
  const fail = (why: unknown) => {
    const text = why instanceof Error ? (why.stack ?? why.message) : String(why);
    process.send?.({
      batch: current,
      tried: 0,
      failure: { input: 'one of the batch', why: text },
      slowest: null,
    });
  };
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  process.on('message', (batch: Batch) => {
    current = batch;
    const target = targets.find((one) => one.name === batch.target);
    if (!target) return fail(`there is no target ${batch.target}`);
    target.search(batch).then((result) => process.send?.({ batch, ...result }), fail);
  });
}

async function main(args: readonly string[]): Promise<number> {
  const isCase = args[0] === '--case';
  const [count, seed] = args.slice(isCase ? 1 : 0).map(Number);
  const words = args.slice(isCase ? 3 : 2);
  const targets = (await listFuzzTargets()).filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (!isCount(count, isCase ? 0 : 1) || !isCount(seed, 0) || targets.length === 0) {
    process.stderr.write(
      'usage: fuzz.js CASES SEED [WORD of a target’s name…], or fuzz.js --case NUMBER SEED [WORD…]\n',
    );
    return 2;
  }
  return isCase ? tryCase(targets, count, seed) : tryAll(targets, count, seed);
}

function isCount(value: number | undefined, least: number): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= least;
}

/** Tries a single case of each target, which a longer run printed. */
async function tryCase(targets: readonly FuzzTarget[], number: number, seed: number): Promise<number> {
  let failures = 0;
  for (const { name, search } of targets) {
    const first = number % BATCH;
    const result = await search({ seed: seedOf(seed, Math.floor(number / BATCH)), cases: 1, first });
    process.stdout.write(`${name}${describeSlowest(result.slowest, number)}\n`);
    if (!result.failure) continue;
    failures += 1;
    process.stdout.write(`NOT SO: ${result.failure.input}\n${result.failure.why}\n`);
  }
  return failures === 0 ? 0 : 1;
}

function describeSlowest(slowest: SlowestCase | null, number: number): string {
  if (slowest === null) return '';
  return `; worst time per byte ${slowest.nanosecondsPerByte.toFixed(0)} ns (case ${number}, ${slowest.bytes} bytes)`;
}

async function tryAll(targets: readonly FuzzTarget[], cases: number, seed: number): Promise<number> {
  const batches = planBatches(targets, cases, seed);
  const tried = new Map(targets.map(({ name }) => [name, 0]));
  const worst = new Map<string, { readonly slowest: SlowestCase; readonly number: number }>();
  let failures = 0;
  const total = () => [...tried.values()].reduce((sum, one) => sum + one, 0);
  const progress = setInterval(() => process.stderr.write(`${total()} of ${cases} cases\n`), PROGRESS_MS);
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      let worker: ChildProcess | null = null;
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        worker ??= fork(process.argv[1] ?? '', ['--worker']);
        const report = await tryBatch(worker, batch);
        const { target, round } = batch;
        const { slowest } = report;
        tried.set(target, (tried.get(target) ?? 0) + report.tried);
        const most = worst.get(target)?.slowest.nanosecondsPerByte ?? 0;
        if (slowest && slowest.nanosecondsPerByte > most)
          worst.set(target, { slowest, number: round * BATCH + slowest.number });
        if (!report.failure) continue;
        failures += 1;
        // At once: the rest of the run may take an hour.
        process.stdout.write(
          `NOT SO: ${target} (seed ${batch.seed}, ${batch.cases} cases)\n${report.failure.input.slice(0, 4000)}\n${report.failure.why.slice(0, 4000)}\n\n`,
        );
        worker.kill('SIGKILL');
        worker = null;
      }
      worker?.kill('SIGKILL');
    }),
  );
  clearInterval(progress);
  for (const [name, count] of tried) {
    const { slowest = null, number = 0 } = worst.get(name) ?? {};
    process.stdout.write(`${String(count).padStart(9)}  ${name}${describeSlowest(slowest, number)}\n`);
  }
  process.stdout.write(`${total()} cases, seed ${seed}: ${failures} failures\n`);
  return failures === 0 ? 0 : 1;
}

/** What a worker says of a batch, or that it hangs or died. */
function tryBatch(worker: ChildProcess, batch: Batch): Promise<BatchReport> {
  return new Promise((resolve) => {
    const settle = (report: BatchReport) => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(report);
    };
    const fail = (why: string) =>
      settle({ batch, tried: 0, failure: { input: 'one of the batch', why }, slowest: null });
    const onMessage = (report: unknown) => settle(report as BatchReport);
    const onExit = (code: number | null, signal: string | null) => fail(`the worker died: ${signal ?? code}`);
    const timer = setTimeout(() => fail(`no answer within ${HANG_MS / 1000} s: it hangs`), HANG_MS);
    worker.once('message', onMessage);
    worker.once('exit', onExit);
    worker.send(batch);
  });
}

if (process.argv[2] === '--worker') await work();
else process.exit(await main(process.argv.slice(2)));
