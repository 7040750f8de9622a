// SPDX-License-Identifier: MIT
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CampaignState, RunEvent, Series } from '../model/index.ts';
import { aCampaignRequest, aSeries, type PatchShape } from '../testing/request.ts';
import { openSmallKernelLab, type SmallKernelLab } from '../testing/small-kernel.ts';
import { buildArms, findArmKernel } from './build.ts';

t.setTimeout(240_000);

const CORE = 'int core(void) { return 1; }\n';
const QUIET = 'static int unused;\nint quiet(void) { return 2; }\n';
const WARNS = `static int forgotten;\n${CORE}`;

const warn: PatchShape = { subject: 'core: warn', file: 'core.c', before: CORE, after: WARNS };
const change: PatchShape = {
  subject: 'quiet: change',
  file: 'quiet.c',
  before: QUIET,
  after: QUIET.replace('2', '3'),
};
const readme: PatchShape = { subject: 'doc: explain', file: 'README', before: 'old\n', after: 'new\n' };
const breaks: PatchShape = { ...change, subject: 'quiet: break', after: 'int quiet(void) { return }\n' };
const repairs: PatchShape = { ...change, subject: 'quiet: repair', before: breaks.after };

function placeOf(lab: SmallKernelLab) {
  return { root: join(lab.tree, '..'), cacheDirectory: lab.cache };
}

function build(
  lab: SmallKernelLab,
  series: Series | null,
  arms: 'pair' | 'per-patch' = 'per-patch',
  events: RunEvent[] = [],
): Promise<CampaignState> {
  writeFileSync(join(lab.tree, 'README'), 'old\n');
  return buildArms(aCampaignRequest({ series, arms, kernel: lab.definition }), {
    place: placeOf(lab),
    image: '/nowhere/guest.yaml',
    ktrialVersion: '1.2.3',
    listen: (event) => void events.push(event),
    signal: new AbortController().signal,
  });
}

const buildOf = (state: CampaignState, arm: string) => state.arms.find((one) => one.name === arm)?.build;

t.test('every arm is built, and its warnings are those that the arm before it has not', async (t) => {
  const lab = openSmallKernelLab(t);
  const series = await aSeries([warn, change, readme]);
  const events: RunEvent[] = [];
  const state = await build(lab, series, 'per-patch', events);
  t.match(state, {
    end: { kind: 'finished' },
    request: {
      id: 'build',
      title: series.title,
      seed: 0,
      repeat: '',
      versions: { ktrial: '1.2.3' },
      options: { image: '/nowhere/guest.yaml', repeat: 0, cold: true, clonesPerControl: 0, jobs: null },
    },
    plan: { trials: [], scenarios: [] },
  });
  const expected = {
    base: { patches: 0, subject: null, newDiagnostics: [], sameBoot: false },
    '1': {
      patches: 1,
      subject: 'core: warn',
      newDiagnostics: [
        { severity: 'warning', file: 'core.c', line: 1, option: '-Wunused-variable', patch: 1 },
      ],
      sameBoot: false,
    },
    '1..2': { patches: 2, subject: 'quiet: change', newDiagnostics: [], sameBoot: false },
    '1..3': { patches: 3, subject: 'doc: explain', newDiagnostics: [], sameBoot: true },
  };
  for (const [arm, wanted] of Object.entries(expected)) {
    t.match(buildOf(state, arm), { arm, built: true, ...wanted }, arm);
    t.equal(buildOf(state, arm)?.newDiagnostics.length, wanted.newDiagnostics.length, arm);
  }
  t.equal(buildOf(state, 'base')?.cached, false);
  t.strictSame(
    state.arms.map((arm) => arm.kernel?.commit),
    [state.base, ...(state.applied ?? []).map((patch) => patch.commit)],
  );
  t.strictSame(
    Object.keys(state.arms[0]?.kernel ?? {}).sort(),
    ['arch', 'bootDigest', 'commit', 'compiler', 'digest', 'name', 'release'],
    'a kernel is named without paths of this computer',
  );
  t.ok(
    events.some((event) => event.type === 'stageProgress' && event.stage.startsWith('build-')),
    'the compiler’s progress is passed on',
  );
  t.match(await findArmKernel(state, '1', placeOf(lab)), {
    digest: state.arms[1]?.kernel?.digest,
    vmlinux: /vmlinux$/,
  });
  t.equal(await findArmKernel(state, 'absent', placeOf(lab)), null);

  const again = await build(lab, series);
  for (const arm of Object.keys(expected)) {
    t.match(buildOf(again, arm), { cached: true, newDiagnostics: buildOf(state, arm)?.newDiagnostics }, arm);
  }
  rmSync(join(lab.cache, 'kernels'), { recursive: true });
  await t.rejects(findArmKernel(state, '1', placeOf(lab)), {
    blame: 'lab',
    code: 'KERNEL_GONE',
    message: `the kernel ${state.arms[1]?.kernel?.digest.slice(0, 12)} was built and is no longer in the cache`,
    next: 'run it again',
  });
});

t.test(
  'an arm that does not compile is a value with the errors of its patch; later arms are built',
  async (t) => {
    const lab = openSmallKernelLab(t);
    const state = await build(lab, await aSeries([warn, breaks, repairs]));
    t.equal(state.end?.kind, 'finished');
    const broken = state.arms.find((arm) => arm.name === '1..2');
    t.match(broken, {
      status: 'failed',
      kernel: null,
      build: { built: false, cached: false, sameBoot: false },
    });
    t.match(broken?.build?.newDiagnostics, [{ severity: 'error', file: 'quiet.c', line: 1, patch: 2 }]);
    t.equal(broken?.build?.newDiagnostics.length, 1, 'the warning that it has as well is not why');
    t.match(buildOf(state, '1..3'), { built: true, newDiagnostics: [], sameBoot: false });
    t.equal(await findArmKernel(state, '1..2', placeOf(lab)), null);
  },
);

t.test('a series that does not compile is rejected with its errors and the end of the log', async (t) => {
  const lab = openSmallKernelLab(t);
  const state = await build(lab, await aSeries([warn, breaks]), 'pair');
  t.match(state, {
    end: { kind: 'rejected' },
    rejection: { kind: 'doesNotCompile', diagnostics: [{ file: 'quiet.c', patch: 2 }] },
  });
  const { rejection } = state;
  t.match(rejection?.kind === 'doesNotCompile' && rejection.logTail.join('\n'), /error: expected expression/);
});

t.test('a base that does not compile is the request’s fault', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'core.c'), 'static int forgotten;\nint core(void) { return }\n');
  const fault = await build(lab, null).catch((error: unknown) => error);
  t.match(fault, {
    blame: 'request',
    code: 'KERNEL_DOES_NOT_COMPILE',
    message: /^the base kernel does not compile: core\.c:2: expected expression before .}. token$/,
    next: /^read the whole log: \/.*$/,
  });
  const { details } = fault as { details: string[] };
  t.match(details[0], /^core\.c:2: expected expression/);
  t.ok(details.length > 1, 'the end of the log follows');
  t.notMatch(details[1], /^core\.c:\d+: /);
});

t.test('a base alone is built without a series', async (t) => {
  const lab = openSmallKernelLab(t);
  const state = await build(lab, null);
  t.equal(state.request.title, 'small alone');
  t.match(state.arms, [{ name: 'base', status: 'built' }]);
  t.match(buildOf(state, 'base'), { newDiagnostics: [] }, 'warnings of a base are not news');
});

t.test('a series that does not apply is a value', async (t) => {
  const lab = openSmallKernelLab(t);
  const series = await aSeries([warn, { ...change, before: 'nothing like it\n', after: 'x\n' }]);
  const state = await build(lab, series);
  t.match(state, {
    end: { kind: 'rejected' },
    rejection: {
      kind: 'conflict',
      conflict: { number: 2, subject: 'quiet: change', file: 'quiet.c' },
      applied: [{ number: 1, subject: 'core: warn' }],
    },
  });
});
