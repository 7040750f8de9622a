// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Answer, Replies } from '../testing/index.ts';
import { playScenario } from '../testing/play.ts';

const FRAMES = 'frame=dump_stack\nframe=should_fail\nframe=kmem_cache_alloc_trace\n';

/** A file in a guest whose kernel lets one allocation of a write fail after the other. */
interface Kernel {
  /** Allocations of the write, each with the errno that its failure comes to; null: it does without. */
  readonly allocations: readonly (string | null)[];
  /** The errno of a write in which nothing fails. */
  readonly errno?: string;
  /** Which of them leaves something behind. */
  readonly leaks?: readonly number[];
  readonly undo?: Answer;
}

/** Answers as the guest's fail-nth does, and counts what is there. */
function kernel({ allocations, errno = '0', leaks = [], undo = {} }: Kernel): Replies {
  let there = 0;
  let leaked = 0;
  return (command) => {
    if (command === 'count') return { stdout: `${there + leaked}\n` };
    if (command === 'remove') {
      if (undo.exitCode === undefined) there = 0;
      return undo;
    }
    const n = Number(/fail-nth (\d+) /.exec(command)?.[1]);
    const failing = allocations[n - 1];
    const result = failing === undefined ? errno : (failing ?? '0');
    if (result === '0') there += 1;
    if (leaks.includes(n)) leaked += 1;
    const fired = failing === undefined ? 0 : 1;
    const frames = fired ? `${FRAMES}frame=maker_${n} [m]\nframe=store [m]\n` : '';
    return { stdout: `fired=${fired} errno=${result} syscall=write\n${frames}` };
  };
}

function walk(more = ''): string {
  return `steps: [{label: l, failNth: {write: {to: /f, value: v}, undo: remove, leftBehind: count${more}}}]\n`;
}

t.test('each allocation fails in turn, until none is left', async (t) => {
  const { performance, guest, found } = await playScenario(
    walk(),
    kernel({ allocations: ['ENOMEM', 'ENOMEM'] }),
  );
  t.strictSame(found, []);
  t.strictSame(
    guest.log.filter((line) => line.includes('fail-nth')),
    [1, 2, 3].map((n) => `run exec fail-nth ${n} write /f v`),
  );
  t.match(performance.steps, [
    {
      outcome: 'passed',
      numbers: { tried: 3, fired: 2, unexpected: 0, leftBehind: 0, ENOMEM: 2 },
      details: [
        'n=1: ENOMEM, in maker_1 [m] < store [m]',
        'n=2: ENOMEM, in maker_2 [m] < store [m]',
        'n=3: no allocation failed any more: success',
      ],
    },
  ]);
});

t.test('after a success what was made is undone', async (t) => {
  const { guest, found } = await playScenario(
    walk(', expect: [ENOMEM, success]'),
    kernel({ allocations: [null, 'ENOMEM', null] }),
  );
  t.strictSame(found, []);
  t.equal(guest.log.filter((line) => line === 'run remove').length, 3);
});

t.test('an errno that is not expected is one finding, whatever the number of the allocation', async (t) => {
  const answers = kernel({ allocations: ['ENOMEM', 'EFAULT', 'EFAULT'] });
  const { performance, found } = await playScenario(walk(), answers);
  t.strictSame(found, ['l:errno EFAULT']);
  t.match(performance.findings, [
    { title: 'l: got EFAULT when the allocation in maker_2 [m] failed, expected ENOMEM' },
  ]);
  t.match(performance.steps, [{ outcome: 'failed', numbers: { fired: 3, unexpected: 2, EFAULT: 2 } }]);
});

t.test('success although an allocation failed has to be expected', async (t) => {
  const { found } = await playScenario(walk(), kernel({ allocations: [null] }));
  t.strictSame(found, ['l:errno success']);
});

t.test('what is left behind is a finding, and is not held against the allocations after it', async (t) => {
  const answers = kernel({ allocations: ['ENOMEM', 'ENOMEM', 'ENOMEM', 'ENOMEM'], leaks: [2] });
  const { performance, found } = await playScenario(walk(), answers);
  t.strictSame(found, ['l:left behind after ENOMEM']);
  t.match(performance.findings[0]?.details, [
    'before: 0',
    'after: 1',
    'n=1: ENOMEM, in maker_1 [m] < store [m]',
  ]);
  t.match(performance.steps, [{ numbers: { tried: 5, leftBehind: 1 } }]);
});

t.test('an operation that fails by itself is a finding', async (t) => {
  const { found } = await playScenario(walk(), kernel({ allocations: ['ENOMEM'], errno: 'EINVAL' }));
  t.strictSame(found, ['l:errno EINVAL without a failing allocation']);
});

t.test('a walk that does not come to its end is a finding', async (t) => {
  const { found } = await playScenario(
    walk(', most: 2'),
    kernel({ allocations: ['ENOMEM', 'ENOMEM', 'ENOMEM'] }),
  );
  t.strictSame(found, ['l:not finished']);
});

t.test('a success that cannot be undone ends the walk', async (t) => {
  const { guest, found } = await playScenario(
    walk(', expect: [ENOMEM, success]'),
    kernel({ allocations: [null, null], undo: { exitCode: 1, stderr: 'no' } }),
  );
  t.strictSame(found, ['l:undo exit code', 'l:left behind after success']);
  t.equal(guest.log.filter((line) => line.includes('fail-nth')).length, 1);
});

t.test('an operation that never comes back is a finding', async (t) => {
  const { found } = await playScenario(walk(), (command) => (command.includes('fail-nth') ? null : {}));
  t.strictSame(found, ['l:deadline']);
});

t.test('a kernel without fault injection is the scenario’s mistake, and the options are named', async (t) => {
  const { performance } = await playScenario(walk(), (command) =>
    command.includes('fail-nth')
      ? { exitCode: 3, stdout: 'missing=CONFIG_FAILSLAB CONFIG_FAULT_INJECTION_DEBUG_FS\n' }
      : {},
  );
  t.match(performance.fault, {
    blame: 'scenario',
    code: 'SCENARIO_NO_FAULT_INJECTION',
    next: /ktrial\/fault-injection.*CONFIG_FAILSLAB=y, CONFIG_FAULT_INJECTION_DEBUG_FS=y/,
  });
  t.strictSame(performance.findings, []);
});

t.test('a program is walked in its first call of one system call', async (t) => {
  const body = "steps: [{label: l, failNth: {program: [rmmod, 'a b'], syscall: delete_module}}]\n";
  const { guest, found } = await playScenario(body, () => ({ stdout: 'fired=0 errno=0\n' }));
  t.strictSame(found, []);
  t.strictSame(guest.log, ["run exec fail-nth 1 run delete_module rmmod 'a b'"]);
  const without = await playScenario(body, () => ({ exitCode: 3, stdout: 'called=0\n' }));
  t.match(without.performance.fault, { blame: 'scenario', code: 'SCENARIO_NOT_PERFORMED', message: /rmmod/ });
});

t.test('a program without its system call is refused', async (t) => {
  for (const wrong of ['program: [a]', 'syscall: read', 'program: [a], syscall: nothing', 'undo: x'])
    await t.rejects(playScenario(`steps: [{failNth: {${wrong}}}]\n`));
});

t.test('a walk that is cut short is recorded as far as it came', async (t) => {
  const replies = kernel({ allocations: Array.from({ length: 90 }, () => 'ENOMEM') });
  const { performance } = await playScenario(
    walk(),
    (command) => ({ ...(replies(command) as Answer), durationMs: command.includes('fail-nth') ? 1_000 : 0 }),
    (clock) => ({ firstFinding: clock.sleep(2_000) }),
  );
  const [record] = performance.steps;
  t.match(record, { outcome: 'cut', details: [/^cut short/, /^n=1: ENOMEM, in maker_1/] });
  t.ok((record?.numbers?.tried ?? 0) >= 10, `${record?.numbers?.tried}`);
  t.equal(record?.numbers?.ENOMEM, record?.numbers?.tried);
});
