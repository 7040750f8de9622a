// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Replies } from '../../testing/index.ts';
import { playScenario } from '../../testing/play.ts';

/** What the guest's files have; a list is one answer after the other, the last one again and again. */
interface Files {
  readonly modules?: readonly string[];
  readonly groups?: readonly string[];
  readonly tasks?: readonly string[];
  readonly stack?: string;
  readonly leaks?: string;
}

function guest({ modules = [], groups, tasks = [], stack = '', leaks }: Files): Replies {
  const asked = new Map<string, number>();
  const next = (what: string, answers: readonly string[]): string => {
    const index = asked.get(what) ?? 0;
    asked.set(what, index + 1);
    return answers[Math.min(index, answers.length - 1)] ?? '';
  };
  return (command) => {
    if (command === 'cat /proc/modules') return { stdout: next('modules', modules) };
    if (command === 'ls /sys/kernel/iommu_groups')
      return groups ? { stdout: next('groups', groups) } : { exitCode: 1, stderr: 'ls: no such file' };
    if (command.startsWith('cat /proc/[0-9]*/task')) return { stdout: next('tasks', tasks) };
    if (/^cat \/proc\/\d+\/stack/.test(command)) return { stdout: stack };
    if (command.startsWith('test -f /sys/kernel/debug/kmemleak'))
      return { exitCode: leaks === undefined ? 1 : 0 };
    if (command.startsWith('head -c')) return { stdout: leaks ?? '' };
    return {};
  };
}

function expecting(check: string): string {
  return `steps: [{run: work}]\nexpect: {${check}}\n`;
}

t.test('reference counts of modules', async (t) => {
  const counts = expecting('modules: {mtty: 0, vfio-pci: 1, mdev: unloaded}');
  const good = 'mtty 20480 0 - Live 0x0\nvfio_pci 45056 1 mtty, Live 0x0\n';
  t.strictSame((await playScenario(counts, guest({ modules: [good] }))).found, []);

  const bad = 'mtty 20480 2 vfio_mdev, Live 0x0\nmdev 1 0 - Live 0x0\n';
  const { performance, found } = await playScenario(counts, guest({ modules: [bad] }));
  t.strictSame(
    found,
    ['mtty', 'vfio-pci', 'mdev'].map((name) => `expect modules:module ${name}`),
    'the same words whatever the count',
  );
  t.match(performance.findings, [
    { title: /got a reference count of 2 of the module mtty, expected 0$/, details: ['used by vfio_mdev,'] },
    { title: /the module vfio-pci is not loaded, expected a reference count of 1$/ },
    { title: /got a reference count of 0 of the module mdev, expected it not to be loaded$/ },
  ]);
});

t.test('a reference that is given back a moment later is none', async (t) => {
  const modules = ['mtty 20480 1 - Live 0x0\n', 'mtty 20480 0 - Live 0x0\n'];
  t.strictSame((await playScenario(expecting('modules: {mtty: 0}'), guest({ modules }))).found, []);
});

t.test('iommu groups that are left, or gone', async (t) => {
  const unchanged = expecting('iommuGroups: unchanged');
  t.strictSame(
    (await playScenario(unchanged, guest({ groups: ['0\n1\n', '0\n2\n'] }))).found,
    [],
    'numbers differ',
  );
  t.strictSame(
    (await playScenario(unchanged, guest({ groups: ['0\n', '0\n1\n', '0\n'] }))).found,
    [],
    'goes soon',
  );

  const left = await playScenario(unchanged, guest({ groups: ['0\n', '0\n1\n2\n'] }));
  t.strictSame(left.found, ['expect iommuGroups:iommu groups left']);
  t.match(left.performance.findings, [
    { title: /got 3 iommu groups, expected 1/, details: ['before: 0', 'after: 0 1 2'] },
  ]);
  const gone = await playScenario(unchanged, guest({ groups: ['0\n', ''] }));
  t.strictSame(gone.found, ['expect iommuGroups:iommu groups gone']);
});

t.test('what is compared with is what was there after the setup', async (t) => {
  const body =
    'setup: [{run: prepare}]\nsteps: [{run: work}, {label: c, check: {iommuGroups: unchanged}}]\nexpect: {iommuGroups: unchanged}\n';
  const { guest: asked } = await playScenario(body, guest({ groups: ['0\n'] }));
  t.strictSame(asked.log.slice(0, 3), ['run prepare', 'run ls /sys/kernel/iommu_groups', 'run work']);
});

const TASKS =
  '1 (init) S 0 1 1 0\n57 (rmmod (x) D y) D 50 57\n58 (kworker/0:1) D 2 0\n59 (hold) S 1 59\n60 (kworker/1:0) D 2 0\n';

t.test('tasks that stay blocked, each by its name and where it sleeps', async (t) => {
  const stack =
    '[<0>] rwsem_down_write_slowpath+0x1\n[<0>] mdev_unregister_device.cold+0x62/0x1f0 [mdev]\n[<0>] exit+0x1\n';
  const { performance, found } = await playScenario(
    expecting('blockedTasks: none'),
    guest({ tasks: [TASKS], stack }),
  );
  t.strictSame(found, [
    'expect blockedTasks:blocked task rmmod (x) D y',
    'expect blockedTasks:blocked task kworker/N:N',
  ]);
  t.match(performance.findings, [
    {
      title: /got the blocked task rmmod \(x\) D y in mdev_unregister_device, expected none$/,
      details: ['rwsem_down_write_slowpath', 'mdev_unregister_device', 'exit'],
    },
    {},
  ]);
});

t.test('a task that is blocked for a moment only, and another one then, are none', async (t) => {
  const tasks = ['57 (a) D 1\n', '58 (b) D 1\n'];
  t.strictSame((await playScenario(expecting('blockedTasks: none'), guest({ tasks }))).found, []);
});

const LEAKS = `unreferenced object 0xffff888003a1b000 (size 64):
  comm "fail-nth", pid 123, jiffies 4294902345 (age 12.345s)
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
    ad 4e ad de ff ff ff ff 00 00 00 00 00 00 00 00  .N..............
  backtrace:
    [<00000000d1bd4a0b>] kmem_cache_alloc_trace+0x24a/0x480
    [<0000000067aa1d0f>] mdev_device_create.isra.0+0x91/0x350 [mdev]
    [<000000001c2b8d9e>] create_store+0x24/0x130 [mdev]
unreferenced object 0xffff888003a1b040 (size 64):
  comm "fail-nth", pid 124, jiffies 4294902346 (age 12.345s)
  backtrace (crc c9a1c131):
    __kmalloc_cache_noprof+0x24a/0x480
    mdev_device_create+0x91/0x350 [mdev]
unreferenced object 0xffff888003a1b080 (size 8):
  comm "rmmod", pid 125, jiffies 4294902347 (age 12.345s)
  backtrace:
    [<00000000d1bd4a0b>] kstrdup+0x24a/0x480
    [<0000000067aa1d0f>] pond_open+0x91/0x350 [pond]
`;

t.test('leaked memory, by the function that asked for it', async (t) => {
  const leak = expecting('kmemleak: none');
  const { performance, found, guest: asked } = await playScenario(leak, guest({ leaks: LEAKS }));
  t.strictSame(found, [
    'expect kmemleak:memory leak in mdev_device_create',
    'expect kmemleak:memory leak in pond_open',
  ]);
  t.match(
    performance.findings[0]?.title,
    /got 2 leaked objects allocated in mdev_device_create, expected none/,
  );
  t.notMatch(performance.findings[0]?.details.join('\n'), /hex dump|4e ad de/);
  t.strictSame(
    asked.log.map((line) => line.replace('/sys/kernel/debug/', '')),
    [
      'run test -f kmemleak',
      'run echo scan >kmemleak',
      'run echo scan >kmemleak',
      'run echo clear >kmemleak',
      'run work',
      'run echo scan >kmemleak',
      'run echo scan >kmemleak',
      'run head -c 262144 kmemleak',
    ],
  );
  t.strictSame((await playScenario(leak, guest({ leaks: '' }))).found, []);
  const allowing = expecting('kmemleak: {allow: {mdev_device_create: known, pond_ope: another}}');
  t.strictSame((await playScenario(allowing, guest({ leaks: LEAKS }))).found, [
    'expect kmemleak:memory leak in pond_open',
  ]);
});

t.test(
  'a check that the kernel was not built for is the scenario’s mistake, and the option is named',
  async (t) => {
    const rows = {
      'kmemleak: none': /CONFIG_DEBUG_KMEMLEAK=y/,
      'iommuGroups: unchanged': /CONFIG_IOMMU_SUPPORT=y/,
    };
    for (const [check, next] of Object.entries(rows)) {
      const { performance, guest: asked } = await playScenario(expecting(check), guest({}));
      t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_CHECK_NEEDS_OPTION', next });
      t.notOk(asked.log.includes('run work'), 'it is known before the steps');
    }
  },
);

t.test('a scenario without checks is not looked at', async (t) => {
  const { guest: asked } = await playScenario('steps: [{run: work}]\n');
  t.strictSame(asked.log, ['run work']);
});

t.test('a check of nothing, and an unknown value, are refused', async (t) => {
  for (const wrong of [
    '{}',
    '{kmemleak: some}',
    '{kmemleak: {allow: {pond_open: ""}}}',
    '{kmemleak: {allow: {"pond open": known}}}',
    '{modules: {m: -1}}',
    '{modules: {m: loaded}}',
    '{tasks: none}',
  ])
    await t.rejects(playScenario(`steps: [{check: ${wrong}}]\n`), wrong);
});
