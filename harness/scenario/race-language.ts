// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { settledTarget, settleTarget, withOneSource, writtenTarget } from './errno-write.ts';
import { toList, writtenErrno, writtenExit } from './expectation.ts';
import {
  amount,
  count,
  duration,
  lineOrNothing,
  microseconds,
  milliseconds,
  moduleName,
  name,
  shorthand,
  shortTime,
  toMs,
  toNumber,
  toUs,
} from './scalar.ts';

const MOST_POINTS = 2000;
/** What the guest's program has room for. */
const MOST_ACTORS = 16;
const MOST_ACTIONS = 64;

const { gate: _gate, ...place } = writtenTarget;

const actionKeys = {
  command: z.string().min(1).optional().meta({ description: 'a shell command' }),
  write: withOneSource(
    z.strictObject({
      ...place,
      early: z.boolean().default(false).meta({ description: 'open the file before the barrier' }),
    }),
  ).optional(),
  insmod: shorthand(
    'module',
    z.strictObject({ module: moduleName, args: lineOrNothing.default('') }),
  ).optional(),
  rmmod: moduleName.optional(),
  expect: z
    .union([
      z.literal('any'),
      z
        .strictObject({ errno: writtenErrno.optional(), exit: writtenExit.optional() })
        .refine(
          ({ errno, exit }) => (errno === undefined) !== (exit === undefined),
          'give either errno or exit',
        )
        .meta({ oneOf: [{ required: ['errno'] }, { required: ['exit'] }] }),
    ])
    .optional()
    .meta({ description: 'acceptable errnos, or exit codes of a command' }),
};

const KINDS = ['command', 'write', 'insmod', 'rmmod'] as const;

type WrittenAction = z.output<z.ZodObject<typeof actionKeys>>;

/** A schema with the keys of an action, refined: it does one thing, and expects what that can come to. */
function withOneAction<Schema extends z.ZodType<WrittenAction>>(schema: Schema): Schema {
  return schema
    .refine(
      (one) => KINDS.filter((kind) => one[kind] !== undefined).length === 1,
      'give exactly one of command, write, insmod and rmmod',
    )
    .refine(
      ({ command, expect }) =>
        typeof expect !== 'object' || (command === undefined ? 'errno' : 'exit') in expect,
      'a command has an exit code; a write, insmod and rmmod have an errno',
    )
    .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });
}

const priority = z
  .string()
  .regex(
    /^(?:fifo [1-9][0-9]?|nice (?:-(?:1?[0-9]|20)|1?[0-9]))$/,
    'fifo 1 to fifo 99, or nice -20 to nice 19',
  );

const writtenActor = withOneAction(
  z.strictObject({
    name: name.meta({ description: 'what results and hit call it' }),
    ...actionKeys,
    cpu: z
      .union([z.int().min(0).max(7), z.literal('any')])
      .optional()
      .meta({ description: 'the CPU that it stays on; when absent, actors take the CPUs in turn' }),
    priority: priority.optional().meta({ description: 'fifo N (real time) or nice N' }),
  }),
);

const listed = withOneAction(z.strictObject(actionKeys));
const writtenActions = z
  .array(
    z
      .union([z.string().min(1), listed])
      .transform((one) =>
        typeof one === 'string' ? listed.parse({ command: one }) : one,
      ) as unknown as z.ZodType<WrittenAction>,
  )
  .max(MOST_ACTIONS);

const sweep = z
  .strictObject({ from: shortTime, to: shortTime, step: shortTime })
  .refine((one) => !(toUs(one.step) <= 0), 'the step of a sweep is longer than 0')
  .refine((one) => !(toUs(one.from) > toUs(one.to)), 'a sweep goes from the smaller offset to the greater')
  .refine((one) => !(countPoints(one) > MOST_POINTS), `a sweep has at most ${MOST_POINTS} offsets`);

const writtenHit = z
  .strictObject({
    actor: name.optional().meta({ description: 'whose result; when absent, that of any' }),
    errno: writtenErrno.optional(),
    exit: writtenExit.optional(),
  })
  .refine((one) => one.errno !== undefined || one.exit !== undefined, 'give errno or exit')
  .meta({ anyOf: [{ required: ['errno'] }, { required: ['exit'] }] });

/** A race as it is written. */
export const writtenRace = z
  .strictObject({
    rounds: amount.optional(),
    time: duration.optional().meta({ description: 'no round begins after it (not scaled)' }),
    offset: z
      .union([shortTime, sweep])
      .default('0us')
      .meta({ description: "from the first actor's start to that of the others; negative: they are first" }),
    jitter: shortTime.default('0us').meta({
      description: "at most so much more or less, at random by the trial's seed",
    }),
    timeout: duration.default('30s').meta({ description: 'for the actors of one round' }),
    before: writtenActions.default([]).meta({ description: 'done in the guest before each round' }),
    after: writtenActions.default([]).meta({ description: 'done in the guest after each round' }),
    actors: z.array(writtenActor).min(2).max(MOST_ACTORS),
    hit: writtenHit.optional().meta({
      description: 'what counts as a hit; when absent, what an actor does not expect. A splat always does',
    }),
    until: z.literal('hit').optional().meta({ description: 'the first hit is the end of the race' }),
  })
  .refine((one) => one.rounds !== undefined || one.time !== undefined, 'give rounds, time or both')
  .refine((one) => !(toUs(one.jitter) < 0), 'the jitter is not negative')
  .refine(
    ({ actors }) => new Set(actors.map((one) => one.name)).size === actors.length,
    'two actors have the same name',
  )
  .refine(
    ({ actors, hit }) => hit?.actor === undefined || actors.some((one) => one.name === hit.actor),
    'hit names an actor that is not in the race',
  )
  .meta({ anyOf: [{ required: ['rounds'] }, { required: ['time'] }] });

export type WrittenRace = z.output<typeof writtenRace>;

const { gate: _settledGate, ...settledPlace } = settledTarget;
const results = z.array(z.string().min(1)).min(1);

const settledAction = z.strictObject({
  does: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('command'), command: z.string().min(1) }),
    z.strictObject({ kind: z.literal('write'), ...settledPlace, early: z.boolean() }),
    z.strictObject({ kind: z.literal('insmod'), module: moduleName, args: z.string() }),
    z.strictObject({ kind: z.literal('rmmod'), module: moduleName }),
  ]),
  /** Acceptable errnos or exit codes; null: any. */
  expect: results.nullable(),
});

/** The settled form of `writtenRace`. */
export const settledRace = z.strictObject({
  rounds: count.nullable(),
  timeMs: milliseconds.nullable(),
  fromUs: microseconds,
  stepUs: microseconds,
  points: count,
  jitterUs: microseconds,
  timeoutMs: milliseconds,
  before: z.array(settledAction),
  after: z.array(settledAction),
  actors: z.array(
    z.strictObject({
      name,
      ...settledAction.shape,
      cpu: z.union([z.int().min(0), z.literal('any')]).nullable(),
      priority: priority.nullable(),
    }),
  ),
  hit: z.strictObject({ actor: name.nullable(), results }).nullable(),
  untilHit: z.boolean(),
});

export type Race = z.output<typeof settledRace>;
export type RaceAction = z.output<typeof settledAction>;

/** Settles a race. */
export function settleRace(written: WrittenRace): Race {
  const { offset, hit } = written;
  const isSweep = typeof offset === 'object';
  return {
    rounds: written.rounds === undefined ? null : toNumber(written.rounds),
    timeMs: written.time === undefined ? null : toMs(written.time),
    fromUs: toUs(isSweep ? offset.from : offset),
    stepUs: isSweep ? toUs(offset.step) : 0,
    points: isSweep ? countPoints(offset) : 1,
    jitterUs: toUs(written.jitter),
    timeoutMs: toMs(written.timeout),
    before: written.before.map((one) => settleAction(one, 'default')),
    after: written.after.map((one) => settleAction(one, 'default')),
    actors: written.actors.map((one) => ({
      name: one.name,
      ...settleAction(one, 'any'),
      cpu: one.cpu ?? null,
      priority: one.priority ?? null,
    })),
    hit: hit
      ? {
          actor: hit.actor ?? null,
          results: [...toList(hit.errno ?? []), ...toList(hit.exit ?? []).map(String)],
        }
      : null,
    untilHit: written.until === 'hit',
  };
}

/** Where nothing is said of it: `any` result, or that of an action that succeeds. */
function settleAction(action: WrittenAction, otherwise: 'any' | 'default'): RaceAction {
  const { command, expect = otherwise } = action;
  const does = settleDeed(action);
  if (expect === 'any') return { does, expect: null };
  if (expect === 'default') return { does, expect: [command === undefined ? 'success' : '0'] };
  return { does, expect: [...toList(expect.errno ?? []), ...toList(expect.exit ?? []).map(String)] };
}

function settleDeed({ command, write, insmod, rmmod }: WrittenAction): RaceAction['does'] {
  if (command !== undefined) return { kind: 'command', command };
  if (insmod !== undefined) return { kind: 'insmod', ...insmod };
  if (rmmod !== undefined) return { kind: 'rmmod', module: rmmod };
  if (write === undefined) throw new TypeError('an action without a kind');
  const { early, ...target } = write;
  const { gate: _, ...settled } = settleTarget(target);
  return { kind: 'write', ...settled, early };
}

function countPoints({ from, to, step }: Record<'from' | 'to' | 'step', string>): number {
  return Math.floor((toUs(to) - toUs(from)) / toUs(step)) + 1;
}
