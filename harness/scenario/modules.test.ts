// SPDX-License-Identifier: MIT
import t from 'tap';
import { makeTimeouts } from '../model/index.ts';
import { type Answer, aClock, aGuest } from '../testing/index.ts';
import {
  expandScenario,
  listGuestModules,
  type Performance,
  parseScenario,
  performScenario,
} from './index.ts';

interface Play {
  readonly performance: Performance;
  /** The modules that insmod was asked to load, with their arguments. */
  readonly loaded: readonly string[];
}

interface ModuleGuest {
  /** Text of modules.dep; null where the kernel has none. */
  readonly dependencies: string | null;
  /** Lines of /proc/modules. */
  readonly loaded?: readonly string[];
  /** Lines that dmesg prints. */
  readonly dmesg?: readonly string[];
  /** How insmod of a module ends; as it should where it is not named. */
  readonly answers?: Readonly<Record<string, Answer>>;
}

async function play(
  body: string,
  { dependencies, loaded = [], dmesg = [], answers = {} }: ModuleGuest,
): Promise<Play> {
  const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('no scenario');
  const clock = aClock();
  const asked: string[] = [];
  const guest = aGuest((command) => {
    if (command.startsWith('cat '))
      return { exitCode: 1, stdout: [...(dependencies ?? '').split('\n'), ...loaded].join('\n') };
    if (command.startsWith('dmesg')) return { stdout: dmesg.join('\n') };
    const [, module, args] = /insmod \/overlay\/modules\/(\S+)\.ko ?(.*)$/.exec(command) ?? [];
    if (module === undefined) return {};
    asked.push(`${module} ${args}`.trim());
    return answers[module] ?? {};
  });
  const performance = await performScenario(settled, {
    guest,
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal: new AbortController().signal,
    timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 4_000, scenarioMs: 600_000 }),
    consoleSilentMs: () => 0,
    findSplats: () => [],
    firstFinding: new Promise(() => {}),
    seed: 1,
    onStepStarted: () => {},
    onStepEnded: () => {},
  });
  return { performance, loaded: asked };
}

/** As depmod writes it: transitive, to be loaded from right to left. */
const DEPENDENCIES = `kernel/mtty.ko: kernel/vfio-mdev.ko kernel/mdev.ko kernel/vfio.ko
mdev.ko: vfio.ko
vfio-mdev.ko: mdev.ko vfio.ko
vfio.ko:
zram.ko: zsmalloc.ko
zsmalloc.ko:
`.replace('kernel/mtty.ko', 'mtty.ko');

t.test('modules loads what a module depends on, first and once', async (t) => {
  const { loaded, performance } = await play('modules: [mtty, zram]\nsteps: []\n', {
    dependencies: DEPENDENCIES,
  });
  t.strictSame(loaded, ['vfio', 'mdev', 'vfio-mdev', 'mtty', 'zsmalloc', 'zram']);
  t.strictSame(
    performance.steps.map((one) => `${one.phase} ${one.label}`),
    [
      'setup load vfio for mtty',
      'setup load mdev for mtty',
      'setup load vfio-mdev for mtty',
      'setup load mtty',
      'setup load zsmalloc for zram',
      'setup load zram',
    ],
  );
});

t.test('a dependency that is named keeps its arguments, wherever it is named', async (t) => {
  const { loaded } = await play('modules: [mtty, {module: vfio, args: a=1}, vfio_mdev]\nsteps: []\n', {
    dependencies: DEPENDENCIES,
  });
  t.strictSame(loaded, ['vfio a=1', 'mdev', 'vfio_mdev', 'mtty']);
});

t.test('what is loaded already is not loaded for another module; what is named always is', async (t) => {
  const loaded = ['vfio 40960 1 mdev, Live 0xffffffffc0000000', 'zram 1 0 - Live 0x0'];
  const play_ = await play('modules: [mdev, zram]\nsteps: []\n', { dependencies: DEPENDENCIES, loaded });
  t.strictSame(play_.loaded, ['mdev', 'zsmalloc', 'zram']);
});

t.test('without modules.dep exactly what is named is loaded, in this order', async (t) => {
  const { loaded } = await play('modules: [b, a]\nsteps: []\n', { dependencies: null });
  t.strictSame(loaded, ['b', 'a']);
});

t.test('a module that was not built is the scenario’s fault', async (t) => {
  const { performance } = await play('modules: [a]\nsteps: []\n', {
    dependencies: null,
    answers: { a: { exitCode: 66 } },
  });
  t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_NO_MODULE' });
});

const REFUSED: Answer = {
  exitCode: 1,
  stderr: "insmod: can't insert '/overlay/modules/a.ko': Invalid argument\n",
};

t.test(
  'a module that does not load for the setup is the scenario’s fault, with insmod’s own words',
  async (t) => {
    const { performance } = await play('modules: [a]\nsteps: [{run: never}]\n', {
      dependencies: null,
      answers: { a: REFUSED },
    });
    t.match(performance, {
      stoppedIn: 'setup',
      findings: [],
      fault: {
        blame: 'scenario',
        code: 'SCENARIO_SETUP_FAILED',
        message: /"load a" failed: got exit code 1, expected 0: insmod: can't insert .*: Invalid argument$/,
      },
    });
    t.match(performance.steps, [{ outcome: 'failed', details: [/exit code 1/, /Invalid argument/] }]);
  },
);

t.test('the same in a step is a finding', async (t) => {
  const { performance } = await play('steps: [{insmod: a}]\n', {
    dependencies: null,
    answers: { a: REFUSED },
  });
  t.equal(performance.fault, null);
  t.match(performance.findings, [
    { signature: 'expectation:x:load a:exit code', details: [/Invalid argument/] },
  ]);
});

const UNKNOWN: Answer = {
  exitCode: 2,
  stderr: "insmod: can't insert '/overlay/modules/zram.ko': unknown symbol in module, or unknown parameter\n",
};
const DMESG = [
  '[    5.031312] other: Unknown symbol foo (err -2)',
  '[    5.131312] zram: Unknown symbol zs_malloc (err -2)',
  '[    5.131319] zram: Unknown symbol zs_free (err -2)',
];

t.test('insmod without a dependency is the scenario’s fault, and names module and symbols', async (t) => {
  const { performance, loaded } = await play('steps: [{insmod: zram}]\n', {
    dependencies: DEPENDENCIES,
    dmesg: DMESG,
    answers: { zram: UNKNOWN },
  });
  t.strictSame(loaded, ['zram'], 'insmod loads exactly what it is told');
  t.strictSame(performance.findings, []);
  t.match(performance.fault, {
    blame: 'scenario',
    code: 'SCENARIO_UNKNOWN_SYMBOL',
    message: 'the module zram needs zsmalloc, not loaded: unknown symbol zs_malloc, zs_free',
    next: /^load zsmalloc before it/,
    details: [/unknown symbol in module/],
  });
  t.match(performance.steps, [{ outcome: 'error', details: [/zsmalloc/, /unknown symbol in module/] }]);
});

t.test('without modules.dep the symbols are named', async (t) => {
  const { performance } = await play('modules: [zram]\nsteps: []\n', {
    dependencies: null,
    dmesg: DMESG,
    answers: { zram: UNKNOWN },
  });
  t.match(performance.fault, {
    code: 'SCENARIO_UNKNOWN_SYMBOL',
    message: 'the module zram needs a module that is not loaded: unknown symbol zs_malloc, zs_free',
  });
});

t.test('of many symbols the message names a few', async (t) => {
  const dmesg = [1, 2, 3, 4, 5].map((index) => `[    5.031312] zram: Unknown symbol f${index} (err -2)`);
  const { performance } = await play('steps: [{insmod: zram}]\n', {
    dependencies: null,
    dmesg,
    answers: { zram: UNKNOWN },
  });
  t.match(performance.fault?.message, /unknown symbol f1, f2, f3 and 2 more$/);
});

t.test('insmod’s words alone prove nothing: they are the same for a parameter that is unknown', async (t) => {
  const { performance } = await play('steps: [{insmod: zram}]\n', {
    dependencies: DEPENDENCIES,
    dmesg: ['[    5.031312] other: Unknown symbol foo (err -2)'],
    answers: { zram: UNKNOWN },
  });
  t.equal(performance.fault, null);
  t.equal(performance.findings.length, 1);
});

t.test('a module of ktrial that is loaded anywhere is built for the guest', async (t) => {
  const modulesOf = (body: string) => {
    const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
    const [settled] = parsed.ok ? expandScenario(parsed.scenario) : [];
    if (!settled) throw new Error('no scenario');
    return listGuestModules(settled);
  };
  const race =
    'race: {rounds: 1, before: [{insmod: mdev_probe}], actors: [{name: a, rmmod: b}, {name: c, rmmod: d}]}';
  for (const body of [
    'modules: [vfio, mdev_probe]\nsteps: []\n',
    'steps: [{insmod: {module: mdev-probe, args: parents=2}}]\n',
    'steps: [{loop: {count: 2, steps: [{parallel: [[{insmod: mdev_probe}], [{run: a}]]}]}}]\n',
    `steps: [{${race}}]\n`,
  ])
    t.strictSame(modulesOf(body), ['mdev_probe'], body);
  t.strictSame(modulesOf('modules: [mtty]\nsteps: [{run: insmod mdev_probe}]\n'), []);
});

t.test('what a scenario needs is settled as a list', async (t) => {
  const needsOf = (needs: string) => {
    const parsed = parseScenario(`name: x\ndescription: d\n${needs}steps: []\n`, 'x');
    return parsed.ok ? expandScenario(parsed.scenario)[0]?.needs : parsed.diagnostics[0]?.code;
  };
  t.strictSame(needsOf('needs: {module: vfio_mdev}\n'), { modules: ['vfio_mdev'], pci: null });
  t.strictSame(needsOf('needs: {module: [vfio_mdev, mtty]}\n'), {
    modules: ['vfio_mdev', 'mtty'],
    pci: null,
  });
  t.strictSame(needsOf("needs: {pci: '15b3:*'}\n"), { modules: [], pci: '15b3:*' });
  t.match(needsOf('needs: {pci: mlx5}\n'), /^[A-Z_]+$/);
  t.equal(needsOf(''), undefined);
  t.equal(needsOf('needs: {modul: mtty}\n'), 'UNKNOWN_KEY');
});
