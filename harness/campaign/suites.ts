// SPDX-License-Identifier: MIT
import { Fault, type Limits } from '../model/index.ts';
import { expandScenario, parseScenario, type SettledScenario } from '../scenario/index.ts';

/** Suites that the command line names, each of which becomes a scenario. */
export interface SuitesRequest {
  /** Targets, or `target:program`. */
  readonly kselftest: readonly string[];
  readonly kunit: readonly string[];
}

/**
 * Makes a scenario for each suite: it runs that and nothing else. What one does to its machine is not seen by the next.
 * Fault `CAMPAIGN_BAD_SUITE` (request) for a name that no suite can have.
 */
export function makeSuiteScenarios(request: SuitesRequest, limits: Limits): readonly SettledScenario[] {
  return [
    ...request.kselftest.map((name) => makeScenario('kselftest', name, limits)),
    ...request.kunit.map((name) => makeScenario('kunit', name, limits)),
  ];
}

function makeScenario(kind: 'kselftest' | 'kunit', name: string, limits: Limits): SettledScenario {
  const words = `${kind}-${name.toLowerCase()}`.replace(/[^a-z0-9]+/g, '-').replace(/-+$/, '');
  const text = JSON.stringify({
    name: words.slice(0, 64).replace(/-+$/, ''),
    description: `${kind === 'kunit' ? 'the KUnit suite' : 'kselftest'} ${name}`,
    // After a complaint of the kernel the other tests are wanted as well.
    timeout: '60m',
    grace: '60m',
    // A small configuration leaves KUnit off where it is built in.
    ...(kind === 'kunit' ? { machine: { kernelArgs: ['kunit.enable=1'] } } : {}),
    steps: [{ [kind]: name }],
  });
  const parsed = parseScenario(text, `--${kind} ${name}`, { limits });
  const [settled] = parsed.ok ? expandScenario(parsed.scenario, {}, { limits }) : [];
  if (settled) return settled;
  const expected = kind === 'kunit' ? 'the name of a suite' : 'TARGET or TARGET:PROGRAM';
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_BAD_SUITE',
    message: `got --${kind} ${name}, expected ${expected}`,
    next:
      kind === 'kunit'
        ? 'such as --kunit list_sort; the names are those below /sys/kernel/debug/kunit'
        : 'TARGET is a directory below tools/testing/selftests, such as --kselftest net/forwarding',
  });
}
