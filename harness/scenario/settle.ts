// SPDX-License-Identifier: MIT
import { pickChecks } from './checks/index.ts';
import { kindOf, labelOf, type Scenario } from './language.ts';
import { toMs, toNumber } from './scalar.ts';
import type { ExpectedSplat, SettledScenario } from './settled.ts';
import { settleStaticCheck } from './static/check.ts';
import type { SettledStep, WrittenStep } from './step.ts';
import { settleInsmod } from './steps/insmod.ts';
import { settleRead } from './steps/read.ts';

/** What a settled scenario gets beside what is written in it. */
export interface Variant {
  /** Appended to the name: `@ports=2`, or nothing. */
  readonly suffix: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Settles a scenario that has no placeholder left. Pure; never throws for one that the schema accepted. */
export function settleScenario(scenario: Scenario, { suffix, parameters }: Variant): SettledScenario {
  const { expect } = scenario;
  const checks = pickChecks(expect);
  const needs = { modules: [scenario.needs.module].flat(), pci: scenario.needs.pci ?? null };
  return {
    format: 1,
    name: `${scenario.name}${suffix}`,
    scenario: scenario.name,
    description: scenario.description,
    parameters,
    machine: scenario.machine,
    modules: scenario.modules.map(settleInsmod),
    ...(needs.modules.length > 0 || needs.pci !== null ? { needs } : {}),
    l2: scenario.l2,
    setup: settleSteps(scenario.setup),
    steps: settleSteps(scenario.steps),
    ...(scenario.kind === 'static' ? { static: (scenario.checks ?? []).map(settleStaticCheck) } : {}),
    expect: {
      splats: expect.dmesg === 'clean' ? [] : expect.dmesg.splats.map(settleSplat),
      allow: expect.allow.map(settleSplat),
      state: expect.state.map(settleRead),
      machine: expect.machine,
      ...(Object.keys(checks).length > 0 ? { checks } : {}),
    },
    ...(scenario.reproduces ? { reproduces: settleSplat(scenario.reproduces) } : {}),
    cleanup: settleSteps(scenario.cleanup),
    clone: scenario.clone,
    repeats: toNumber(scenario.repeats),
    timeoutMs: toMs(scenario.timeout),
    graceMs: toMs(scenario.grace),
  };
}

function settleSteps(steps: readonly WrittenStep[]): SettledStep[] {
  return steps.map((step) => {
    const { kind, body } = kindOf(step);
    return {
      kind: kind.kind,
      label: labelOf(step),
      continue: step.continue ?? false,
      ...(step.within === undefined ? {} : { withinMs: toMs(step.within) }),
      body: kind.settle(body, settleSteps),
    };
  });
}

function settleSplat({ title, matches, why }: NonNullable<Scenario['reproduces']>): ExpectedSplat {
  return { title: title ?? null, matches: matches ?? null, why };
}
