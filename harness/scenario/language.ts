// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Step, StepText } from './step.ts';
import { STEPS } from './steps/index.ts';
import { insmodBody } from './steps/insmod.ts';
import { readBody } from './steps/read.ts';
import { amount, duration, name, pattern } from './words.ts';

const kinds = STEPS.map((one) => one.kind);

const stepList: z.ZodType<readonly StepText[]> = z
  .lazy(() => z.array(stepText))
  .meta({ id: 'Steps', description: 'Steps, done one after the other until one fails.' });

const stepText: z.ZodType<StepText> = z
  .strictObject({
    label: z.string().min(1).optional().meta({ description: 'what reports and signatures call the step' }),
    continue: z.boolean().optional().meta({ description: 'the steps after it are done even when it fails' }),
    ...Object.fromEntries(
      STEPS.map((one) => [one.kind, one.schema(stepList).optional().meta({ description: one.description })]),
    ),
  })
  .refine(
    (step) => kinds.filter((kind) => (step as StepText)[kind] !== undefined).length === 1,
    `a step does exactly one thing: ${kinds.join(', ')}`,
  )
  .meta({
    id: 'Step',
    description: 'One step: exactly one key says what is done.',
  }) as unknown as z.ZodType<StepText>;

const parameterValue = z.union([z.string(), z.number(), z.boolean()]);
const parameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'this must be a name of letters, digits and underscores');

const splatPattern = {
  title: z.string().min(1).optional().meta({ description: 'the whole title of the complaint' }),
  matches: pattern.optional().meta({ description: 'a regular expression that the title has somewhere' }),
  why: z.string().min(1).meta({ description: 'why it is right that the kernel says this' }),
};

const splatWish = z
  .strictObject(splatPattern)
  .refine((one) => (one.title === undefined) !== (one.matches === undefined), 'give either title or matches');

const scenario = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'this must be words of small letters and digits, joined by hyphens'),
  description: z.string().min(1),
  tags: z.array(z.string().regex(/^[a-z0-9-]+$/, 'this must be a word of small letters')).default([]),
  parameters: z
    .record(
      parameterName,
      z.union([parameterValue, z.strictObject({ default: parameterValue, description: z.string() })]),
    )
    .default({})
    .meta({
      description:
        'values that steps use by name in double braces after a dollar sign; the command line may give others',
    }),
  matrix: z
    .record(parameterName, z.array(parameterValue).min(1))
    .default({})
    .meta({ description: 'parameters with several values: the scenario is run with each combination' }),
  machine: z
    .strictObject({
      cpus: z.int().min(1).max(8).default(2),
      memoryMib: z.int().min(128).max(65536).default(1024),
      kernelArgs: z.array(z.string().min(1)).default([]),
    })
    .default({ cpus: 2, memoryMib: 1024, kernelArgs: [] }),
  modules: z
    .array(insmodBody)
    .default([])
    .meta({ description: 'modules of the kernel under test, loaded in this order first' }),
  l2: z
    .record(
      name,
      z.strictObject({
        kernel: z.string().min(1).meta({ description: 'the kernel definition that it starts' }),
        image: z
          .string()
          .min(1)
          .default('l2')
          .meta({ description: 'the directory under images/ with its init' }),
      }),
    )
    .default({})
    .meta({ description: 'VMs that can be started inside the guest, by name' }),
  setup: stepList
    .default([])
    .meta({ description: 'when one of these fails, the scenario is to blame and not the kernel' }),
  steps: stepList,
  expect: z
    .strictObject({
      dmesg: z
        .union([z.literal('clean'), z.strictObject({ splats: z.array(splatWish).min(1) })])
        .default('clean')
        .meta({ description: 'no complaint of the kernel, or exactly these' }),
      allow: z.array(splatWish).default([]).meta({ description: 'complaints that may come or not' }),
      state: z.array(readBody).default([]).meta({ description: 'what files hold after the steps' }),
      machine: z
        .enum(['running', 'panicked', 'hung', 'reset'])
        .default('running')
        .meta({ description: 'how the machine stands in the end; steps after a death are not done' }),
    })
    .default({ dmesg: 'clean', allow: [], state: [], machine: 'running' }),
  cleanup: stepList
    .default([])
    .meta({ description: 'always done, to the end, also after a failure; judges nothing' }),
  clone: z
    .enum(['auto', 'never'])
    .default('auto')
    .meta({ description: 'never: each trial boots its machine, where others are thawed from a booted one' }),
  repeats: amount
    .default(1)
    .meta({ description: 'trials on each kernel; the command line may ask for more' }),
  timeout: duration.default('10m').meta({ description: 'for the whole trial, scaled on slow machines' }),
});

/** A scenario as it is written, with its defaults filled in and its placeholders still there. */
export type Scenario = z.infer<typeof scenario>;

/** The schema of a scenario. Placeholders are texts wherever a text may stand. */
export const scenarioSchema: z.ZodType<Scenario> = scenario;

/** The published JSON Schema (draft 7) of scenario files, for editors. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(scenario, { target: 'draft-7', io: 'input', reused: 'inline' });
  return { $schema, title: 'ktrial scenario', ...rest };
}

/** The kind of a step and what stands under it. The schema has made sure that there is exactly one. */
export function kindOf(step: StepText): { readonly kind: Step; readonly body: unknown } {
  const kind = STEPS.find((one) => step[one.kind] !== undefined);
  if (!kind) throw new TypeError('a step without a kind');
  return { kind, body: step[kind.kind] };
}

/** What a step is called: its label, or what its kind says about it. */
export function labelOf(step: StepText): string {
  if (step.label !== undefined) return step.label;
  const { kind, body } = kindOf(step);
  return kind.describe(body);
}
