// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { writtenChecks } from './checks/index.ts';
import { kernelArg, LONGEST_ARGS } from './kernel-arg.ts';
import { nameMap } from './name-map.ts';
import { pattern } from './pattern.ts';
import { amount, duration, formed, INVISIBLE, line, moduleName, name, ONE_LINE, text } from './scalar.ts';
import { writtenStaticCheck } from './static/check.ts';
import type { Step, WrittenStep } from './step.ts';
import { STEPS } from './steps/index.ts';
import { writtenInsmod } from './steps/insmod.ts';
import { writtenRead } from './steps/read.ts';

const LONGEST_VALUE = 4096;
const LONGEST_MATRIX_VALUE = 64;
const LONGEST_LABEL = 200;

const label = formed(new RegExp(`^[^${INVISIBLE}]+$`), ONE_LINE, LONGEST_LABEL);

const KINDS = STEPS.map((one) => one.kind);

const stepList: z.ZodType<readonly WrittenStep[]> = z
  .lazy(() => z.array(writtenStep))
  .meta({ id: 'Steps', description: 'Steps, performed one after the other until one fails.' });

const writtenStep: z.ZodType<WrittenStep> = z
  .strictObject({
    label: label.optional().meta({ description: 'what reports and signatures call the step' }),
    continue: z
      .boolean()
      .optional()
      .meta({ description: 'the steps after it are performed even when it fails' }),
    within: duration
      .optional()
      .meta({ description: 'it fails when it takes longer, scaled on slow machines' }),
    ...Object.fromEntries(
      STEPS.map((one) => [one.kind, one.written(stepList).optional().meta({ description: one.description })]),
    ),
  })
  .refine(
    (step) => KINDS.filter((kind) => (step as WrittenStep)[kind] !== undefined).length === 1,
    `a step does exactly one thing: ${KINDS.join(', ')}`,
  )
  .meta({
    id: 'Step',
    description: 'One step: exactly one key says what is done.',
    oneOf: KINDS.map((kind) => ({ required: [kind] })),
  }) as unknown as z.ZodType<WrittenStep>;

/** A parameter's value: a text as it is written, which becomes a number where one is asked for. */
export const parameterValue = text.max(LONGEST_VALUE);
/** A value of the matrix becomes part of a directory's name. */
const matrixValue = text.max(LONGEST_MATRIX_VALUE);

export const parameterName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores');

const writtenSplat = z
  .strictObject({
    title: line.optional().meta({ description: 'the whole title' }),
    matches: pattern
      .optional()
      .meta({ description: 'a regular expression that matches somewhere in the title' }),
    why: z.string().min(1).meta({ description: 'why it is expected' }),
  })
  .refine((one) => (one.title === undefined) !== (one.matches === undefined), 'give either title or matches')
  .meta({ oneOf: [{ required: ['title'] }, { required: ['matches'] }] });

export const machineNeeds = z.strictObject({
  cpus: z.int().min(1).max(8),
  memoryMib: z.int().min(128).max(65536),
  kernelArgs: z.array(z.string().min(1)),
  // Settled scenarios in older journals do not have it.
  network: z.boolean().default(false),
});

const MACHINE_DEFAULTS = { cpus: 2, memoryMib: 1024, kernelArgs: [], network: false };

const writtenArgs = z.array(kernelArg).refine((args) => args.join(' ').length <= LONGEST_ARGS, {
  message: `the arguments have more than ${LONGEST_ARGS} characters: the kernel would cut its command line`,
  params: { code: 'OUT_OF_RANGE' },
});

const writtenMachine = z.strictObject({
  cpus: machineNeeds.shape.cpus.default(MACHINE_DEFAULTS.cpus),
  memoryMib: machineNeeds.shape.memoryMib.default(MACHINE_DEFAULTS.memoryMib),
  kernelArgs: writtenArgs.default(MACHINE_DEFAULTS.kernelArgs),
  network: machineNeeds.shape.network.meta({
    description: 'true: the machine has a network card, in a network in which nobody else is',
  }),
});

const writtenNeeds = z.strictObject({
  module: z
    .union([moduleName, z.array(moduleName)])
    .default([])
    .meta({ description: 'modules that its build makes' }),
  pci: z
    .string()
    .regex(
      /^[0-9a-f]{4}:([0-9a-f]{4}|\*)$/,
      'a PCI device as vendor:device in hexadecimal digits, or vendor:*',
    )
    .optional()
    .meta({ description: 'a PCI device of this computer that the machine gets, such as 15b3:*' }),
});

export const machineEnd = z.enum(['running', 'panicked', 'hung', 'reset']);
export const cloning = z.enum(['auto', 'never']);

/** The name of a kernel definition, or a path: what begins with a dash would be an option. */
const l2Kernel = line.max(255).regex(/^[^-]/, 'the name of a kernel definition or a path');

/** The name of a directory below images/, and no path out of it. */
const l2Image = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'the name of a directory below images/: small letters, digits and hyphens');

/** What stands where no steps are written: a scenario of kind static has none, and any other must have some, or say that it has none. */
const NO_STEPS: readonly WrittenStep[] = [];

/** What a static scenario cannot have: nothing is booted for it. */
const NEEDS_MACHINE = ['modules', 'setup', 'steps', 'cleanup'] as const;

const written = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'words of small letters and digits, joined by hyphens'),
  description: z.string().min(1),
  kind: z.literal('static').optional().meta({
    description: "static: its checks are made on each arm's tree and objects, and nothing is booted",
  }),
  parameters: nameMap(
    parameterName,
    z.union([parameterValue, z.strictObject({ default: parameterValue, description: z.string() })]),
  )
    .default({})
    .meta({
      description:
        'values that steps use by name in double braces after a dollar sign; the command line may give others',
    }),
  matrix: nameMap(parameterName, z.array(matrixValue).min(1))
    .default({})
    .meta({ description: 'parameters with several values: the scenario is run with each combination' }),
  machine: writtenMachine.default(MACHINE_DEFAULTS),
  modules: z.array(writtenInsmod).default([]).meta({
    description: 'modules of the kernel under test to load first, each after the modules that it depends on',
  }),
  needs: writtenNeeds.default({ module: [] }).meta({
    description:
      'what kernel and computer must have; where they have not, the scenario is skipped, with the reason',
  }),
  l2: nameMap(
    name,
    z.strictObject({
      kernel: l2Kernel.meta({ description: 'the kernel definition that it starts' }),
      image: l2Image.default('l2').meta({ description: 'the directory under images/ with its init' }),
    }),
  )
    .default({})
    .meta({ description: 'VMs that can be started inside the guest, by name' }),
  setup: stepList
    .default([])
    .meta({ description: 'when one of these fails, the scenario is to blame and not the kernel' }),
  steps: stepList.default(() => NO_STEPS),
  checks: z
    .array(writtenStaticCheck)
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'what a scenario of kind static checks' }),
  expect: z
    .strictObject({
      dmesg: z
        .union([z.literal('clean'), z.strictObject({ splats: z.array(writtenSplat).min(1) })])
        .default('clean')
        .meta({ description: 'no splat, or exactly these' }),
      allow: z.array(writtenSplat).default([]).meta({ description: 'splats that may come or not' }),
      state: z.array(writtenRead).default([]).meta({ description: 'what files contain after the steps' }),
      machine: machineEnd.default('running').meta({
        description: 'the state of the machine at the end; steps after its death are not performed',
      }),
      ...writtenChecks,
    })
    .default({ dmesg: 'clean', allow: [], state: [], machine: 'running' }),
  reproduces: writtenSplat.optional().meta({
    description: 'the fault that the kernel without the series is to show: a splat, or another finding',
  }),
  cleanup: stepList
    .default([])
    .meta({ description: 'always performed, to the end, also after a failure; its failures do not count' }),
  clone: cloning
    .default('auto')
    .meta({ description: 'never: each trial boots a machine; auto: it may get a clone of a booted one' }),
  repeats: amount
    .default(1)
    .meta({ description: 'trials on each kernel; the command line may ask for more' }),
  timeout: duration.default('10m').meta({ description: 'for the whole trial, scaled on slow machines' }),
  grace: duration
    .default('10s')
    .meta({ description: 'what the remaining steps get after the first finding, scaled on slow machines' }),
});

/** With `steps` for a machine, or with `checks` for none. */
const scenario = written
  .superRefine((one, context) => {
    const refuse = (message: string, path: string[] = []) =>
      context.addIssue({ code: 'custom', message, path });
    if (one.kind !== 'static') {
      if (one.checks) refuse('checks are for a scenario of `kind: static`', ['checks']);
      else if (one.steps === NO_STEPS) refuse('missing key "steps"');
      return;
    }
    if (!one.checks) refuse('a scenario of kind static has checks: missing key "checks"');
    for (const key of NEEDS_MACHINE)
      if (one[key].length > 0)
        refuse(`a scenario of kind static boots nothing: ${key} cannot be performed`, [key]);
    if (Object.keys(one.l2).length > 0) refuse('a scenario of kind static boots nothing', ['l2']);
  })
  .meta({ anyOf: [{ required: ['steps'] }, { required: ['kind', 'checks'] }] });

/** A scenario as it is written, with its defaults filled in and its placeholders still there. */
export type Scenario = z.output<typeof scenario>;

/** The schema of a written scenario. Placeholders are texts wherever a text may stand. It accepts its own output. */
export const scenarioSchema: z.ZodType<Scenario> = scenario;

/** The published JSON Schema (draft 7) of scenario files, for editors. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(scenario, { target: 'draft-7', io: 'input', reused: 'inline' });
  return { $schema, title: 'ktrial scenario', ...rest };
}

/** The kind of a written step and its body. The schema has made sure that there is exactly one. */
export function kindOf(step: WrittenStep): { readonly kind: Step; readonly body: unknown } {
  const kind = STEPS.find((one) => step[one.kind] !== undefined);
  if (!kind) throw new TypeError('a step without a kind');
  return { kind, body: step[kind.kind] };
}

/** The label of a written step: its own, or what its kind says about it. */
export function labelOf(step: WrittenStep): string {
  if (step.label !== undefined) return step.label;
  const { kind, body } = kindOf(step);
  const described = kind.describe(body);
  return described.length > LONGEST_LABEL ? `${described.slice(0, LONGEST_LABEL)}…` : described;
}
