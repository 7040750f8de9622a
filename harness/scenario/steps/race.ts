// SPDX-License-Identifier: MIT
import { Fault, type GuestJob, type GuestResult } from '../../model/index.ts';
import { checkEnd, quoteOutput } from '../check.ts';
import { listTargetQuantities } from '../errno-write.ts';
import { IMPOSSIBLE_EXIT, NO_MODULE_EXIT, raceCommand } from '../race-command.ts';
import { type Race, settledRace, settleRace, type WrittenRace, writtenRace } from '../race-language.ts';
import { createRaceReader, type RaceReader, type RaceResult } from '../race-output.ts';
import { defineStep, type Failure, type StepContext, type StepOutcome } from '../step.ts';
import { DELAY_VARIABLE } from '../widen.ts';

const LOOK_MS = 500;
const STOP_MS = 10_000;
const EVIDENCE_CHARACTERS = 4 * 1024 * 1024;
const EVIDENCE_NAME = 'race.txt';

/** Lets actors meet at a barrier in the guest, round after round. */
export const race = defineStep<WrittenRace, Race>({
  kind: 'race',
  description:
    'Lets actors meet at a barrier in the guest and start within microseconds of each other, or at swept offsets, round after round, and counts the rounds that hit.',
  written: () => writtenRace,
  settled: () => settledRace,
  settle: settleRace,
  describe: (body) => `race ${body.actors.map((one) => one.name).join(' against ')}`,
  waits: (body) => body.time,
  cpus: (body) => Math.max(2, ...body.actors.map(({ cpu }) => (typeof cpu === 'number' ? cpu + 1 : 1))),
  quantities: (body) => [
    ...(body.rounds === undefined
      ? []
      : [{ limit: 'rounds', amount: body.rounds, path: ['rounds'] } as const]),
    ...(['before', 'after', 'actors'] as const).flatMap((list) =>
      body[list].flatMap(({ write }, index) =>
        write
          ? listTargetQuantities(write).map((one) => ({ ...one, path: [list, index, 'write', ...one.path] }))
          : [],
      ),
    ),
  ],
  async perform(body, context) {
    const delay = context.env[DELAY_VARIABLE];
    const reader = createRaceReader(
      (records) => context.stage.findSplats(records),
      delay === undefined ? null : Number(delay),
    );
    const job = await context.guest.start(
      raceCommand(body, (ms) => context.scale(ms)),
      { env: context.env },
    );
    let [isCut, hasEnded] = [false, false];
    context.whenCut(() => {
      isCut = true;
      // Nobody waits for it any more. The guest may be gone.
      if (!hasEnded) void job.kill('KILL').catch(() => {});
      reader.read(job.output().stdout);
      return describeRace(reader.result(), job.output().stdout);
    });
    const ended = await awaitEnd(job, body, reader, context, () => isCut);
    hasEnded = true;
    reader.read(ended.stdout);
    const result = reader.result();
    const described = describeRace(result, ended.stdout);
    if (result.end === null) return { ...described, failures: explainDeath(ended) };
    return { ...described, failures: checkRace(body, result, described.details ?? []) };
  },
});

async function awaitEnd(
  job: GuestJob,
  { untilHit }: Race,
  reader: RaceReader,
  { guest, scale }: StepContext,
  isCut: () => boolean,
): Promise<GuestResult> {
  let stopped = false;
  while (!isCut()) {
    const ended = await job.wait(LOOK_MS);
    if (ended) return ended;
    if (!untilHit || stopped) continue;
    reader.read(job.output().stdout);
    // The guest's program knows of results, and only we know what a splat is.
    stopped = reader.result().hits > 0;
    if (stopped) await guest.run(`kill -TERM ${job.pid}`, { timeoutMs: scale(STOP_MS) });
  }
  throw new Error('nobody waits for this race any more');
}

function describeRace(result: RaceResult, output: string): Omit<StepOutcome, 'failures'> {
  const { rounds, hits, seconds, firstHit, points, actors, splats, end } = result;
  const numbers = {
    rounds,
    hits,
    seconds: round(seconds),
    hitsPerSecond: seconds > 0 ? round(hits / seconds) : 0,
    roundMs: round(result.roundMs),
    spreadUs: round(result.spreadUs),
    spreadMaxUs: round(result.spreadMaxUs),
    ...(firstHit
      ? {
          firstHitRound: firstHit.round,
          firstHitOffsetUs: firstHit.offsetUs,
          firstHitSeconds: round(firstHit.atMs / 1000),
        }
      : {}),
  };
  const first = firstHit ? `, the first in round ${firstHit.round} at ${firstHit.offsetUs} us` : '';
  const details = [
    `${rounds} rounds in ${seconds.toFixed(1)} s, ${hits} hit${first}`,
    `starts: within ${numbers.spreadUs} us of the plan in half of the rounds, ${numbers.spreadMaxUs} us at most`,
    ...[...actors].map(
      ([name, tallies]) => `${name}: ${[...tallies].map(([got, times]) => `${got} ${times}`).join(', ')}`,
    ),
    ...splats.map((one) => `round ${one.round} at ${one.offsetUs} us: ${one.title}`),
    ...(end ? [`ended: ${end.reason}`] : []),
  ];
  const evidence = rounds > 0 ? { [EVIDENCE_NAME]: output.slice(0, EVIDENCE_CHARACTERS) } : {};
  return { numbers, points, details, evidence };
}

/**
 * What a race without an end was. Fault `SCENARIO_RACE_IMPOSSIBLE` or `SCENARIO_NO_MODULE` (scenario) where it could not
 * begin.
 */
function explainDeath(ended: GuestResult): readonly Failure[] {
  const said = ended.stderr.trim().replace(/^race: /, '');
  if (ended.exitCode === IMPOSSIBLE_EXIT)
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_RACE_IMPOSSIBLE',
      message: said,
      next: 'give the machine more CPUs: machine: {cpus: 2}',
    });
  if (ended.exitCode === NO_MODULE_EXIT)
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NO_MODULE',
      message: `the kernel under test was built without the module ${said}`,
      next: 'add the option that builds it to the kernel definition',
    });
  const failures = checkEnd(ended, [0], 'race');
  if (failures.length > 0) return failures;
  return [{ what: 'end', title: 'race did not say how it ended', details: quoteOutput(ended) }];
}

function checkRace(
  { actors, before, after, timeoutMs }: Race,
  { end, actors: results, rounds }: RaceResult,
  details: readonly string[],
): readonly Failure[] {
  const unexpected = actors.flatMap(({ name, expect }) =>
    [...(results.get(name) ?? [])]
      .filter(([got]) => got === 'timeout' || (expect !== null && !expect.includes(got)))
      .map(([got, times]): Failure => {
        if (got === 'timeout')
          return {
            what: `${name} deadline`,
            title: `${name} did not end within ${timeoutMs / 1000} s`,
            details,
          };
        const title = `${name}: got ${got} ${times} time(s) in ${rounds} rounds, expected ${expect?.join(' or ')}`;
        return { what: `${name} ${describeKind(got)}`, title, details };
      }),
  );
  if (end?.reason !== 'before' && end?.reason !== 'after') return unexpected;
  const [number, index, got = ''] = end.detail;
  const action = (end.reason === 'before' ? before : after)[Number(index) - 1];
  const title = `${end.reason} round ${number}, action ${index} (${action?.does.kind}): got ${got}, expected ${action?.expect?.join(' or ')}`;
  return [...unexpected, { what: `${end.reason} ${index} ${describeKind(got)}`, title, details }];
}

function describeKind(result: string): string {
  if (/^\d+$/.test(result)) return 'exit code';
  return /^SIG/.test(result) ? `signal ${result.slice(3)}` : `errno ${result}`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
