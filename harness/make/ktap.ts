// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ktap, type KtapTest, parseKtap } from '../ktap/index.ts';

/**
 * Reads the test logs of a kernel tree with the kernel's own parser, tools/testing/kunit/kunit_parser.py, and with ours,
 * and compares the counts and the outcome of every test by its name. Usage: ktap.js TREE [LOG…]; exit code 1 when any
 * differs. Results in comments are left out: the kernel's parser takes them for comments.
 */

const print = (line: string) => process.stdout.write(`${line}\n`);

const [tree, ...more] = process.argv.slice(2);
if (tree === undefined) {
  print('usage: ktap.js TREE [LOG…], such as make ktap TREE=~/linux');
  process.exit(2);
}

interface Counted {
  readonly passed: number;
  readonly failed: number;
  readonly crashed: number;
  readonly skipped: number;
  /** Of each test without tests inside: its whole name and outcome. */
  readonly tests: readonly string[];
}

/** What the kernel's parser is asked for: the same as `Counted`. */
const PYTHON = `
import json, sys
sys.path.insert(0, sys.argv[1] + '/tools/testing/kunit')
import kunit_parser
def walk(test, path, out):
  name = path + [test.name]
  if test.subtests:
    for one in test.subtests: walk(one, name, out)
  elif test.name: out.append('/'.join(name[1:]) + ' ' + test.status.name)
for path in sys.argv[2:]:
  with open(path, errors='replace') as log: lines = log.readlines()
  test = kunit_parser.parse_run_tests(lines)
  out = []
  if test.subtests: walk(test, [], out)
  c = test.counts
  print('\\n@' + json.dumps({'passed': c.passed, 'failed': c.failed, 'crashed': c.crashed, 'skipped': c.skipped, 'tests': out}))
`;

type Status = 'SUCCESS' | 'FAILURE' | 'TEST_CRASHED' | 'SKIPPED' | 'NO_TESTS';

const OUTCOMES: Readonly<Record<KtapTest['outcome'], Status>> = {
  ok: 'SUCCESS',
  notOk: 'FAILURE',
  // The kernel's parser knows no other directive than SKIP, and goes by ok and not ok.
  xfail: 'FAILURE',
  timeout: 'FAILURE',
  skip: 'SKIPPED',
  crashed: 'TEST_CRASHED',
};

function count(ktap: Ktap): Counted {
  const counts: Record<Status, number> = { SUCCESS: 0, FAILURE: 0, TEST_CRASHED: 0, SKIPPED: 0, NO_TESTS: 0 };
  const tests: string[] = [];
  const walk = (test: KtapTest, path: string): number => {
    const name = path === '' ? test.name : `${path}/${test.name}`;
    const isEmpty = test.reason === 'no test ran';
    if (test.tests.length === 0 && test.missing === 0 && test.name !== '')
      tests.push(`${name} ${isEmpty ? 'NO_TESTS' : OUTCOMES[test.outcome]}`);
    let counted = test.missing;
    counts.TEST_CRASHED += test.missing;
    for (const one of test.tests) counted += walk(one, name);
    // A test in which nothing counts is counted itself.
    if (counted > 0 || isEmpty) return counted;
    counts[OUTCOMES[test.outcome]] += 1;
    return 1;
  };
  for (const one of ktap.tests) walk(one, '');
  return {
    passed: counts.SUCCESS,
    failed: counts.FAILURE,
    crashed: counts.TEST_CRASHED + ktap.missing,
    skipped: counts.SKIPPED,
    tests,
  };
}

const data = join(tree, 'tools/testing/kunit/test_data');
const logs = [
  ...readdirSync(data)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(data, name)),
  ...more,
];
const answers = execFileSync('python3', ['-c', PYTHON, tree, ...logs], { encoding: 'utf8' })
  .split('\n')
  .filter((line) => line.startsWith('@'))
  .map((line) => line.slice(1));
let different = 0;
print('passed failed crashed skipped tests  log');
for (const [index, log] of logs.entries()) {
  const theirs = JSON.parse(answers[index] ?? '{}') as Counted;
  const ours = count(parseKtap(readFileSync(log, 'utf8'), { comments: false }));
  const isSame = JSON.stringify(theirs) === JSON.stringify(ours);
  const { passed, failed, crashed, skipped, tests } = ours;
  const numbers = [passed, failed, crashed, skipped, tests.length].map((one, at) =>
    String(one).padStart([6, 6, 7, 7, 5][at] ?? 6),
  );
  print(`${numbers.join(' ')}  ${log.split('/').at(-1)}${isSame ? '' : '  DIFFERENT'}`);
  if (isSame) continue;
  different += 1;
  print(`  theirs: ${JSON.stringify(theirs)}\n  ours:   ${JSON.stringify(ours)}`);
}
print(`${logs.length - different} of ${logs.length} logs are read alike`);
process.exitCode = different > 0 ? 1 : 0;
