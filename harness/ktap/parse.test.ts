// SPDX-License-Identifier: MIT
import t from 'tap';
import { listSubtests, parseKtap } from './index.ts';

/** Every test of a log by name and outcome, with the reason where there is one. */
function read(log: string, options: Parameters<typeof parseKtap>[1] = {}): string[] {
  return listSubtests(parseKtap(log, options)).map(({ name, outcome, reason }) =>
    reason === null ? `${name} ${outcome}` : `${name} ${outcome}: ${reason}`,
  );
}

/** A title, a log, and the tests in it. */
const LOGS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'lists nested by two blanks, as the specification has them',
    `KTAP version 1
1..2
  KTAP version 1
  1..2
    KTAP version 1
    1..2
    not ok 1 write
    ok 2 read
  not ok 1 pond
  ok 2 lake # SKIP no water
not ok 1 waters
ok 2 weather`,
    ['waters.pond.write notOk', 'waters.pond.read ok', 'waters.lake skip: no water', 'weather ok'],
  ],
  [
    'every directive',
    `TAP version 13
1..8
ok 1 a # SKIP why
not ok 2 b # SKIP
not ok 3 c # TODO not yet
ok 4 # XFAIL the name of it
not ok 5 e # TIMEOUT 45 seconds
not ok 6 f # ERROR no such device
ok 7 g # rcode=0
not ok 8 h # exit=139`,
    [
      'a skip: why',
      'b skip',
      'c xfail: not yet',
      'the name of it xfail',
      'e timeout: after 45 seconds',
      'f notOk: no such device',
      'g ok: rcode=0',
      'h notOk: exit=139',
    ],
  ],
  [
    'the results of a program in comments, below the runner that ran it',
    `TAP version 13
1..2
# timeout set to 45
# selftests: pond: pond_test
# TAP version 13
# 1..3
# # Starting 3 tests from 1 test cases.
# #  RUN           global.first ...
# #            OK  global.first
# ok 1 global.first
# not ok 2 global.second
# ok 3 # SKIP third
# # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:0
not ok 1 selftests: pond: pond_test # exit=1
# selftests: pond: slow.sh
#
not ok 2 selftests: pond: slow.sh # TIMEOUT 45 seconds`,
    [
      'pond:pond_test.global.first ok',
      'pond:pond_test.global.second notOk',
      'pond:pond_test.third skip',
      'pond:slow.sh timeout: after 45 seconds',
    ],
  ],
  [
    'a program that failed although none of its tests did, by its own name',
    `TAP version 13
1..1
# TAP version 13
# 1..1
# ok 1 first
not ok 1 selftests: pond: pond_test # exit=139`,
    ['pond:pond_test.first ok', 'pond:pond_test notOk: exit=139'],
  ],
  [
    'a program that died in the middle of its plan',
    `TAP version 13
1..1
# TAP version 13
# 1..4
# ok 1 first
not ok 1 selftests: pond: pond_test # exit=139`,
    ['pond:pond_test.first ok', 'pond:pond_test.(missing) crashed: 3 results did not come: exit=139'],
  ],
  [
    'a program that gave up',
    `TAP version 13
1..1
# TAP version 13
# 1..2
# ok 1 first
# Bail out! no such system call
not ok 1 selftests: pond: pond_test`,
    [
      'pond:pond_test.first ok',
      'pond:pond_test.(missing) crashed: 1 result did not come: no such system call',
    ],
  ],
  [
    'the kernel log of a KUnit of 5.10, with lines between',
    `[    0.9] random: crng init done
[    1.000000][    T1] TAP version 14
[    1.000000][    T1]     # Subtest: pond
[    1.000000][    T1]     1..2
[    1.100000][   T12]     ok 1 - pond_read
[    1.150000][    T7] eth0: link is ok
[    1.200000][   T13]     # pond_write: EXPECTATION FAILED at lib/pond.c:3
[    1.200000][   T13]     not ok 2 - pond_write
[    1.300000][    T1] not ok 1 - pond
[    2.000000][    T1]     # Subtest: lake
[    2.000000][    T1]     1..1
[    2.000000][    T1]     ok 1 - lake_read
[    2.000000][    T1] ok 2 - lake`,
    ['pond.pond_read ok', 'pond.pond_write notOk', 'lake.lake_read ok'],
  ],
  [
    'the kernel log of a KUnit of 6.12, one list for each module',
    `<6>[    1.000000] [    T1] unrelated
[    1.000000] KTAP version 1
[    1.000000] 1..1
[    1.000000]     KTAP version 1
[    1.000000]     # Subtest: pond
[    1.000000]     # module: pond_test
[    1.000000]     1..1
[    1.000000]         KTAP version 1
[    1.000000]         # Subtest: pond_depths
[    1.000000]         ok 1 shallow
[    1.000000]         not ok 2 deep
[    1.000000]     # pond_depths: pass:1 fail:1 skip:0 total:2
[    1.000000]     not ok 1 pond_depths
[    1.000000] not ok 1 pond
[    2.000000] KTAP version 1
[    2.000000] 1..1
[    2.000000]     KTAP version 1
[    2.000000]     # Subtest: lake
[    2.000000]     1..1
[    2.000000]     ok 1 lake_read
[    2.000000] ok 1 lake`,
    ['pond.pond_depths.shallow ok', 'pond.pond_depths.deep notOk', 'lake.lake_read ok'],
  ],
  [
    'a suite that the kernel did not survive',
    `[    1.000000] KTAP version 1
[    1.000000] 1..3
[    1.000000]     KTAP version 1
[    1.000000]     # Subtest: pond
[    1.000000]     1..3
[    1.000000]     ok 1 pond_read
[    1.200000] Kernel panic - not syncing: Fatal exception`,
    [
      'pond.pond_read ok',
      'pond.(missing) crashed: 2 results did not come: it began, and its result never came',
      '(missing) crashed: 2 results did not come',
    ],
  ],
  [
    'a suite without a result, before the next one',
    `TAP version 14
1..2
    # Subtest: pond
    1..1
    ok 1 - pond_read
    # Subtest: lake
    1..1
    ok 1 - lake_read
ok 2 - lake`,
    ['pond.pond_read ok', 'pond crashed: it began, and its result never came', 'lake.lake_read ok'],
  ],
  [
    'the subtests of TAP 14',
    `TAP version 14
# Subtest: pond
    ok 1 - read
    ok 2 - write \\# twice
    1..2
ok 1 - pond
1..1`,
    ['pond.read ok', 'pond.write # twice ok'],
  ],
  [
    'a list without a plan',
    `KTAP version 1
ok 1 first
not ok 2 second`,
    ['first ok', 'second notOk'],
  ],
  [
    'fewer results than planned',
    `KTAP version 1
1..3
ok 1 first`,
    ['first ok', '(missing) crashed: 2 results did not come'],
  ],
  [
    'two tests of one name',
    `KTAP version 1
1..3
ok 1 same
not ok 2 same
ok 3 same`,
    ['same ok', 'same (2) notOk', 'same (3) ok'],
  ],
  [
    'names that differ from run to run, without what differs',
    `TAP version 13
1..3
ok 1 [1209] Trying clone3() with flags 0x80
ok 2 child with pid 4711 exits
ok 3 mapped at 0x7f0012345678`,
    ['[PID] Trying clone3() with flags 0x80 ok', 'child with pid N exits ok', 'mapped at ADDRESS ok'],
  ],
  [
    'a run that was given up',
    `TAP version 13
ok 1 first
Bail out! no memory
ok 2 second`,
    ['first ok', '(bail out) crashed: no memory'],
  ],
  [
    'suites in which no test ran',
    `KTAP version 1
1..2
    KTAP version 1
    # Subtest: pond
    1..0 # SKIP no water
ok 1 pond
    KTAP version 1
    # Subtest: lake
ok 2 lake`,
    ['pond skip: no water', 'lake skip: no test ran'],
  ],
  [
    'results with another prefix than a kernel’s',
    `guest| KTAP version 1
guest| 1..1
guest|   KTAP version 1
guest|   1..1
guest|   ok 1 read
guest| ok 1 pond`,
    ['pond.read ok'],
  ],
];

for (const [title, log, expected] of LOGS)
  t.test(title, async (t) => {
    t.strictSame(read(log), expected);
    t.strictSame(read(log.replaceAll('\n', '\r\n')), expected, 'with other line ends');
  });

t.test('a log without a line that begins KTAP has no tests, whatever looks like results', async (t) => {
  const ktap = parseKtap('ok 1 first\nnot ok 2 second\n1..2\n');
  t.notOk(ktap.found);
  t.strictSame(listSubtests(ktap), []);
});

t.test('text that only resembles a result is none', async (t) => {
  const log = 'KTAP version 1\n1..1\nok then\nnot okay 2\nok 2nd\n# all ok 1\nok 1 real\n';
  t.strictSame(read(log), ['real ok']);
});

t.test('wrong numbers and too many results are reported', async (t) => {
  const { problems } = parseKtap('KTAP version 1\n1..2\nok 1 a\nok 3 b\nok 3 c\n');
  t.strictSame(problems, [
    'line 4: got test number 3, expected 2',
    'line 6: got 3 results, expected 2 as planned',
  ]);
});

t.test('what a test printed is kept with its failure', async (t) => {
  const log = 'KTAP version 1\n1..2\nok 1 a\n# b: expected 3, got 4\nsomething of the kernel\nnot ok 2 b\n';
  const [, second] = listSubtests(parseKtap(log));
  t.strictSame(second?.details, ['# b: expected 3, got 4', 'something of the kernel']);
});

t.test('results beyond the bound are counted, and their absence is no pass', async (t) => {
  const log = `KTAP version 1\n${Array.from({ length: 10 }, (_, index) => `ok ${index + 1} t${index}`).join('\n')}`;
  t.strictSame(read(log, { maximum: 2 }), [
    't0 ok',
    't1 ok',
    '(more) crashed: 8 results were too many to be read',
  ]);
});

t.test('hostile logs are read in time and memory that do not grow faster than they do', async (t) => {
  const deep = Array.from({ length: 3000 }, (_, index) => `${' '.repeat(index)}KTAP version 1`).join('\n');
  const hashes = `KTAP version 1\n${'# '.repeat(2000)}ok 1 x\n`.repeat(200);
  const same = `KTAP version 1\n${'ok 1 same\n'.repeat(60_000)}`;
  const long = `KTAP version 1\nok 1 ${'x'.repeat(5_000_000)}\n`;
  const noise = `KTAP version 1\n${'ok '.repeat(50_000)}\n${'[ 1.0]'.repeat(50_000)}\n`;
  for (const log of [deep, hashes, same, long, noise]) {
    const ktap = parseKtap(log);
    t.ok(ktap.found);
    t.ok(listSubtests(ktap).every(({ name }) => name.length < 400));
  }
});
