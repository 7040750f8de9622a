// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Fault } from '../model/index.ts';
import { settledChecks } from './checks/index.ts';
import { cloning, machineEnd, machineNeeds, parameterName, parameterValue } from './language.ts';
import { nameMap } from './name-map.ts';
import { pattern } from './pattern.ts';
import { count, milliseconds, name } from './scalar.ts';
import { settledStaticCheck } from './static/check.ts';
import type { SettledStep } from './step.ts';
import { STEPS } from './steps/index.ts';
import { settledInsmod } from './steps/insmod.ts';
import { settledRead } from './steps/read.ts';

const stepList: z.ZodType<readonly SettledStep[]> = z.lazy(() => z.array(settledStep));

const [firstKind, ...otherKinds] = STEPS.map((step) =>
  z.strictObject({
    kind: z.literal(step.kind),
    label: z.string().min(1),
    continue: z.boolean(),
    withinMs: milliseconds.optional(),
    body: step.settled(stepList),
  }),
);
if (!firstKind) throw new TypeError('there is no kind of step');

const settledStep: z.ZodType<SettledStep> = z.discriminatedUnion('kind', [firstKind, ...otherKinds]);

const splat = z.strictObject({
  title: z.string().min(1).nullable(),
  matches: pattern.nullable(),
  why: z.string().min(1),
});

const settledScenario = z.strictObject({
  format: z.literal(1),
  /** Unique among the variants and fit for a file name: `race`, `race@ports=2`. */
  name: z.string().min(1),
  /** The name without the variant. */
  scenario: z.string().min(1),
  description: z.string().min(1),
  parameters: nameMap(parameterName, parameterValue),
  machine: machineNeeds,
  modules: z.array(settledInsmod),
  /** What it is skipped without: modules, and a PCI device. Absent: nothing. */
  needs: z
    .strictObject({ modules: z.array(z.string().min(1)), pci: z.string().min(1).nullable() })
    .optional(),
  l2: nameMap(name, z.strictObject({ kernel: z.string().min(1), image: z.string().min(1) })),
  setup: stepList,
  steps: stepList,
  /** What is checked on the tree and the objects of a kernel that nothing boots. Absent: a machine performs the steps. */
  static: z.array(settledStaticCheck).min(1).optional(),
  expect: z.strictObject({
    /** Splats that must come; none for a clean log. */
    splats: z.array(splat),
    /** Splats that may come. */
    allow: z.array(splat),
    state: z.array(settledRead),
    machine: machineEnd,
    /** What is compared with the state after the setup, or must not be there at all. */
    checks: settledChecks.optional(),
  }),
  /** The fault that the base is to show, by the title of a finding. */
  reproduces: splat.optional(),
  cleanup: stepList,
  /** `never`: each trial boots its own machine. */
  clone: cloning,
  repeats: count,
  /** For the whole trial on a fast machine. */
  timeoutMs: milliseconds,
  /** For the remaining steps after the first finding, on a fast machine. */
  graceMs: milliseconds,
});

/** One splat that a scenario expects or allows: by its title, or by a pattern. */
export type ExpectedSplat = z.output<typeof splat>;

type Settled = z.output<typeof settledScenario>;

/** A scenario with every parameter and time settled: complete in itself, and JSON all through. */
export interface SettledScenario extends Readonly<Settled> {}

/**
 * Checks a settled scenario that was stored as JSON. Fault `SCENARIO_NOT_SETTLED` (lab): the file is damaged, or another
 * version of ktrial wrote it.
 */
export function parseSettledScenario(value: unknown): SettledScenario {
  const checked = settledScenario.safeParse(value);
  if (checked.success) return checked.data;
  throw new Fault({
    blame: 'lab',
    code: 'SCENARIO_NOT_SETTLED',
    message: 'a stored scenario does not have the form that this version of ktrial reads',
    details: checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    next: 'use the version of ktrial that stored it, or start a new run',
  });
}
