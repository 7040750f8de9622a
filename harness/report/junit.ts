// SPDX-License-Identifier: MIT
import type { CampaignState } from '../model/index.ts';
import { findUncompiled } from './changed-code.ts';
import { createPrintedOnce } from './evidence.ts';
import {
  bisectableCase,
  type Case,
  campaignCase,
  compiledCase,
  scenarioCase,
  subtestCases,
} from './junit-case.ts';
import type { ReportOptions } from './options.ts';
import { judgedScenarios } from './select.ts';
import { describeStanding } from './standing.ts';
import { oneLine } from './text.ts';
import { element, formatXml, type XmlElement } from './xml.ts';

/**
 * Prints a campaign as JUnit XML, as GitLab and Jenkins read it: a test case for each scenario of the plan, one that passes if
 * the campaign came to a verdict, and one for bisectability in a per-patch run. A negative verdict is a failure; a fault of
 * the lab, of ktrial or of a scenario is an error; what was not run is skipped.
 */
export function junitReport(state: CampaignState, options: ReportOptions): string {
  const standing = describeStanding(state, options.runDirectory);
  const printed = createPrintedOnce();
  const perPatch = state.plan.comparison === 'per-patch' ? [bisectableCase(state, standing)] : [];
  const uncompiled = findUncompiled(state);
  const cases = [
    campaignCase(state, standing, options),
    ...perPatch,
    ...(uncompiled ? [compiledCase(uncompiled)] : []),
    ...judgedScenarios(state).flatMap((scenario) => [
      scenarioCase(scenario, state, standing, printed, options),
      ...subtestCases(scenario, state),
    ]),
  ];
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
  const count = (kind: string) => cases.filter((one) => one.problem?.kind === kind).length;
  const totals = {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
  };
  const properties = Object.entries({
    series: state.request.title,
    kernel: state.request.kernel.name,
    run: options.runDirectory,
    repeat: state.request.repeat,
  });
  const suite = element(
    'testsuite',
    {
      name: `ktrial ${oneLine(state.request.kernel.name)}`,
      ...totals,
      skipped: count('skipped'),
      time: seconds,
      timestamp: state.startedAt.replace(/\.\d+Z$/, ''),
    },
    [
      element(
        'properties',
        {},
        properties.map(([name, value]) => element('property', { name, value: oneLine(value) })),
      ),
      ...cases.map(formatCase),
    ],
  );
  return formatXml(element('testsuites', { name: 'ktrial', ...totals, time: seconds }, [suite]));
}

function formatCase({ className, name, seconds, problem, output }: Case): XmlElement {
  const children: XmlElement[] = [];
  if (problem) {
    const type = problem.kind === 'skipped' ? {} : { type: problem.type };
    children.push(
      element(
        problem.kind,
        { ...type, message: oneLine(problem.message) },
        problem.kind === 'skipped' ? [] : problem.text,
      ),
    );
  }
  if (output !== '') children.push(element('system-out', {}, output));
  return element(
    'testcase',
    { classname: className, name: oneLine(name), time: seconds.toFixed(3) },
    children,
  );
}
