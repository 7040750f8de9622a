// SPDX-License-Identifier: MIT
import t from 'tap';
import { scanLog } from '../splat/index.ts';
import { FAKE_TIMEOUTS } from '../testing/fake-lab.ts';
import { type Answer, aGuest, FakeMachine, KASAN_LINES, stampLines } from '../testing/index.ts';
import { cleanGuestLog, compareLogs, readGuestLog } from './collect.ts';

const timeouts = FAKE_TIMEOUTS({ accelerator: 'tcg', measuredBootMs: null, scenarioMs: 600_000 });
const BOOT = '[    0.000000] Linux version 5.10.0\n';
const KASAN = stampLines(20, KASAN_LINES);

t.test('the guest agent’s log comes first, and dmesg where there is no agent', async (t) => {
  const dmesg = (answer: Answer) => aGuest((command) => (command === 'dmesg' ? answer : {}));
  const withAgent = new FakeMachine(t.testdir(), { log: () => 'from the agent' });
  t.equal(await readGuestLog(withAgent, dmesg({ stdout: 'x' }), timeouts), 'from the agent');
  const without = new FakeMachine(t.testdir(), { log: () => null });
  t.equal(await readGuestLog(without, dmesg({ stdout: 'from dmesg' }), timeouts), 'from dmesg');
  t.equal(await readGuestLog(without, dmesg({ stdout: 'x', exitCode: 1 }), timeouts), null);
  const lost = aGuest(() => {
    throw new Error('lost');
  });
  t.equal(await readGuestLog(without, lost, timeouts), null);
});

t.test('levels and record headers are removed', async (t) => {
  const plain = cleanGuestLog('<6>[    0.000000] Linux version 5.10.0\n<4>[    1.000000] x <7> y\n');
  t.equal(plain.text.toString(), `${BOOT}[    1.000000] x <7> y\n`);
  t.strictSame(plain.notes, []);
  const records = cleanGuestLog('6,0,0,-;Linux version 5.10.0\n6,1,1000000,-;x\n');
  t.match(records.text.toString(), /^\[ {4}0\.000000\] Linux version 5\.10\.0\n\[ {4}1\.000000\] x/);
  t.strictSame(records.notes, []);
});

t.test('a log with a gap, or without its beginning, says so', async (t) => {
  t.strictSame(cleanGuestLog('6,0,0,-;Linux version 5.10.0\n6,4,1,-;x\n6,9,1,-;y\n').notes, [
    'the kernel overwrote 7 record(s) of its own log before they were read: dmesg.txt has a gap',
  ]);
  t.strictSame(cleanGuestLog('<6>[    5.000000] x\n').notes, [
    "the kernel's own log no longer has its beginning: dmesg.txt starts later than the console",
  ]);
});

t.test('a splat that the console lost is found, and named once', async (t) => {
  const log = cleanGuestLog(BOOT + KASAN + stampLines(60, KASAN_LINES));
  const { missing, notes } = compareLogs(scanLog(BOOT), log);
  t.equal(missing.length, 2);
  t.strictSame(notes, [
    'only dmesg.txt has it, the console does not: KASAN: slab-use-after-free Read in otter_release',
  ]);
  t.strictSame(compareLogs(scanLog(BOOT + KASAN), cleanGuestLog(BOOT + KASAN)), { missing: [], notes: [] });
});
