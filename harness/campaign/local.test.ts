// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digestOf, takeFreeLock } from '../host/index.ts';
import { readKernelDefinition } from '../kernel/index.ts';
import type { ArmState, CampaignState, KernelId } from '../model/index.ts';
import { aState, aTrial } from '../testing/index.ts';
import { aCampaignRequest, aSeries } from '../testing/request.ts';
import { openSmallKernelLab, type SmallKernelLab } from '../testing/small-kernel.ts';
import { openLocalPerformer } from './local.ts';
import type { Application } from './performer.ts';
import type { ArmsRequest } from './request.ts';

t.setTimeout(240_000);

const { signal } = new AbortController();
const silent = () => {};
const CORE = 'int core(void) { return 1; }\n';
const QUIET = 'static int unused;\nint quiet(void) { return 2; }\n';
const change = {
  subject: 'core: two',
  file: 'core.c',
  before: CORE,
  after: CORE.replace('1', '2'),
};
const another = { subject: 'quiet: three', file: 'quiet.c', before: QUIET, after: QUIET.replace('2', '3') };

function requestOf(lab: SmallKernelLab, part: Partial<ArmsRequest> = {}): ArmsRequest {
  return aCampaignRequest({ kernel: lab.definition, ...part });
}

function open(lab: SmallKernelLab, request: ArmsRequest, runDirectory: string | null = null) {
  return openLocalPerformer(request, {
    place: { root: join(lab.tree, '..'), cacheDirectory: lab.cache },
    image: '/nowhere/guest.yaml',
    runDirectory,
    runTrial: async (spec) => aTrial(spec.id),
    signal,
  });
}

/** Opens the tree and applies the series. */
async function apply(lab: SmallKernelLab, request: ArmsRequest): Promise<Application> {
  await using performer = open(lab, request);
  return await performer.apply(silent, signal);
}

/** The state of a campaign whose series was applied, with arms of these numbers of patches. */
function stateOf(applied: Application, ...arms: readonly Partial<ArmState>[]): CampaignState {
  if (!applied.ok) throw new Error('the series does not apply');
  const { base, config, patches } = applied;
  return aState([], null, {
    base,
    config,
    applied: patches,
    arms: arms.map((arm, index) => ({
      name: `arm ${index}`,
      title: '',
      patches: index,
      status: 'planned',
      build: null,
      kernel: null,
      ...arm,
    })),
  });
}

async function isTreeFree(lab: SmallKernelLab): Promise<boolean> {
  const directory = join(lab.cache, 'build-trees');
  const [name = ''] = readdirSync(directory).filter((one) => one.endsWith('.lock'));
  const lock = await takeFreeLock(join(directory, name));
  await lock?.[Symbol.asyncDispose]();
  return lock !== null;
}

const arm = (patches: number) => ({ name: `arm ${patches}`, title: '', patches });

t.test('without a series there is only a base, and the run keeps its configuration', async (t) => {
  const lab = openSmallKernelLab(t);
  const run = join(lab.tree, '../run');
  mkdirSync(run);
  const said: string[] = [];
  await using performer = open(lab, requestOf(lab), run);
  const applied = await performer.apply((text) => said.push(text), signal);
  const config = readFileSync(join(run, 'kernel.config'), 'utf8');
  t.match(config, /^CONFIG_A=y$/m);
  t.match(applied, { ok: true, config: digestOf(config), patches: [], notes: [] });
  t.match(applied.ok && applied.base, /^[0-9a-f]{40}$/);
  t.match(said.join('\n'), /settling the configuration/);
  t.notMatch(said.join('\n'), /applying/);
});

t.test('fragments of the request are part of the configuration', async (t) => {
  const lab = openSmallKernelLab(t);
  const extra = join(lab.tree, '../extra.config');
  writeFileSync(extra, 'CONFIG_EXTRA=y\n');
  const plain = await apply(lab, requestOf(lab));
  const more = await apply(
    lab,
    requestOf(lab, {
      kernel: {
        ...lab.definition,
        config: {
          ...lab.definition.config,
          fragments: [...lab.definition.config.fragments, { path: extra, name: null }],
        },
      },
    }),
  );
  t.ok(plain.ok && more.ok && plain.config !== more.config);
});

t.test('a series is applied to its base, with the notes of series and base', async (t) => {
  const lab = openSmallKernelLab(t);
  const first = await apply(lab, requestOf(lab));
  const read = await aSeries([change, another], first.ok ? `base-commit: ${first.base}` : '');
  const series = { ...read, notes: ['one mail was left out'] };
  const said: string[] = [];
  await using performer = open(lab, requestOf(lab, { series }));
  const applied = await performer.apply((text) => said.push(text), signal);
  t.match(applied, {
    ok: true,
    base: first.ok && first.base,
    patches: [
      { number: 1, how: 'plain', files: ['core.c'] },
      { number: 2, how: 'plain', files: ['quiet.c'] },
    ],
  });
  t.strictSame(applied.notes, [
    'one mail was left out',
    `base: ${first.ok && first.base.slice(0, 12)}, from the series' base-commit`,
  ]);
  t.match(said.join('\n'), /^applying 2 patches$/m);
  t.strictSame(series.notes, ['one mail was left out'], 'the series is not changed');
});

t.test('how a patch was applied is noted unless it applied as it is', async (t) => {
  const lab = openSmallKernelLab(t);
  const text = (...changes: readonly [number, string][]) =>
    Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`)
      .map((line, index) => changes.find(([at]) => at === index + 1)?.[1] ?? line)
      .join('');
  const write = (name: string, content: string) => writeFileSync(join(lab.tree, name), content);
  write('merged.txt', text());
  await apply(lab, requestOf(lab));
  write('merged.txt', text([4, 'moved on\n']));
  write('fuzzy.txt', text([3, 'moved on\n']));
  const edit = { before: text(), after: text([6, 'new\n']) };
  const series = await aSeries([
    { subject: 'merged', file: 'merged.txt', ...edit },
    { subject: 'fuzzy', file: 'fuzzy.txt', before: text([9, 'x\n']), after: text([6, 'new\n'], [9, 'x\n']) },
    change,
  ]);
  const applied = await apply(lab, requestOf(lab, { series }));
  t.match(applied, { ok: true, patches: [{ how: 'threeWay' }, { how: 'reducedContext' }, { how: 'plain' }] });
  t.strictSame(applied.notes, [
    'patch 1 did not apply as it is and was merged three ways',
    'patch 2 was applied with reduced context: check the result',
  ]);
});

t.test('a series that does not apply is a value, with the patches before it and the notes', async (t) => {
  const lab = openSmallKernelLab(t);
  const read = await aSeries([change, { ...another, before: 'nothing like it\n' }]);
  const applied = await apply(lab, requestOf(lab, { series: { ...read, notes: ['a note'] } }));
  t.match(applied, {
    ok: false,
    rejection: {
      kind: 'conflict',
      conflict: { number: 2, file: 'quiet.c' },
      applied: [{ number: 1, how: 'plain' }],
    },
    notes: ['a note'],
  });
});

t.test('the tree is locked until no arm is left to build', async (t) => {
  const lab = openSmallKernelLab(t);
  const request = requestOf(lab, { series: await aSeries([change]) });
  {
    await using performer = open(lab, request);
    const applied = await performer.apply(silent, signal);
    t.equal(await isTreeFree(lab), false);
    await performer.buildArm(arm(0), stateOf(applied, { status: 'building' }, {}), silent, signal);
    t.equal(await isTreeFree(lab), false, 'the other arm is still to be built');
    const state = stateOf(applied, { status: 'built' }, { status: 'building' });
    await performer.buildArm(arm(1), state, silent, signal);
    t.equal(await isTreeFree(lab), true, 'after the last one');
    await performer.buildArm(
      arm(0),
      stateOf(applied, { status: 'building' }, { status: 'built' }),
      silent,
      signal,
    );
    t.equal(await isTreeFree(lab), true, 'after an earlier arm that a resumed run lost');
    await performer.buildArm(arm(0), stateOf(applied, {}, { status: 'failed' }), silent, signal);
    t.equal(await isTreeFree(lab), true);
    await performer.apply(silent, signal);
    t.equal(await isTreeFree(lab), false);
  }
  t.equal(await isTreeFree(lab), true, 'a closed performer leaves no lock');
});

t.test('a resumed campaign builds only with the configuration that it began with', async (t) => {
  const lab = openSmallKernelLab(t);
  const state = stateOf(await apply(lab, requestOf(lab)), {});
  await using performer = open(lab, requestOf(lab));
  t.match(
    await performer.buildArm(arm(0), { ...state, config: null }, silent, signal),
    { build: { built: true } },
    'a run from before the configuration was known',
  );
  await t.rejects(performer.buildArm(arm(0), { ...state, config: 'other' }, silent, signal), {
    blame: 'request',
    code: 'CAMPAIGN_CONFIG_CHANGED',
    message: 'the configuration of small is not the one that this campaign began with',
    next: 'start a new run: ktrial run sample.mbox',
  });
});

t.test('a resumed campaign applies its series again where the build tree is gone', async (t) => {
  const lab = openSmallKernelLab(t);
  const request = requestOf(lab, { series: await aSeries([change, another]) });
  const applied = await apply(lab, request);
  const state = stateOf(applied, { status: 'built' }, { status: 'built' }, {});
  for (const name of ['build-trees', 'sources']) rmSync(join(lab.cache, name), { recursive: true });
  await using performer = open(lab, request);
  const outcome = await performer.buildArm(arm(2), state, silent, signal);
  t.match(outcome, {
    build: { built: true, subject: 'quiet: three' },
    kernel: { commit: applied.ok && applied.patches[1]?.commit },
    logTail: [],
  });
});

t.test('a state knows which of its kernels and images are gone', async (t) => {
  const lab = openSmallKernelLab(t);
  await using performer = open(lab, requestOf(lab));
  const applied = await performer.apply(silent, signal);
  const { kernel } = await performer.buildArm(arm(0), stateOf(applied, {}), silent, signal);
  if (!kernel) throw new Error('the base compiles');
  const gone = (digest: string): KernelId => ({ ...kernel, digest });
  const state = stateOf(applied, { kernel }, {}, { kernel: gone('an arm') });
  t.strictSame(await performer.findLost(state), ['an arm']);
  t.strictSame(
    await performer.findLost({
      ...state,
      l2: { here: kernel, tiny: gone('an l2') },
      image: { digest: 'an image', name: 'guest' },
    }),
    ['an arm', 'an l2', 'an image'],
  );
});

t.test('what a trial left is removed before it is tried again', async (t) => {
  const lab = openSmallKernelLab(t);
  const run = t.testdir({ 's.base.1': { deep: { 'console.log': '' } }, 's.base.10': {} });
  await using performer = open(lab, requestOf(lab), run);
  await performer.clearTrial('s.base.1');
  await performer.clearTrial('s.base.1');
  t.notOk(existsSync(join(run, 's.base.1')));
  t.ok(existsSync(join(run, 's.base.10')));
  await using bare = open(lab, requestOf(lab));
  await bare.clearTrial('s.base.1');
});

t.test('a kernel for a VM inside the guest is built from the definition of that name', async (t) => {
  const lab = openSmallKernelLab(t);
  const root = join(lab.tree, '..');
  mkdirSync(join(root, 'kernels'));
  const write = (name: string, source: string) =>
    writeFileSync(
      join(root, `kernels/${name}.yaml`),
      `name: ${name}\ndescription: a test\nsource: {directory: ${source}}\nconfig: {fragments: [../a.config]}\n`,
    );
  write('tiny', lab.tree);
  const said: string[] = [];
  await using performer = open(lab, requestOf(lab));
  const kernel = await performer.buildL2('tiny', (text) => said.push(text), signal);
  t.match(kernel, { name: 'tiny', release: '5.10.0' });
  t.notOk('vmlinux' in kernel, 'without paths of this computer');
  t.match(said.join('\n'), /settling the configuration[\s\S]*CC/);
  const { path } = await readKernelDefinition('tiny', join(root, 'kernels'));
  t.equal(path, join(root, 'kernels/tiny.yaml'));
  writeFileSync(join(lab.tree, 'core.c'), 'int core(void) { return }\n');
  await t.rejects(performer.buildL2('tiny', silent, signal), {
    code: 'KERNEL_DOES_NOT_COMPILE',
    message: /^the tiny kernel does not compile: core\.c:1: /,
  });
});

t.test('an image without a recipe is a fault, and a trial goes to the runner', async (t) => {
  const lab = openSmallKernelLab(t);
  await using performer = open(lab, requestOf(lab));
  await t.rejects(performer.makeImage(silent, signal), /guest\.yaml/);
  t.equal((await performer.runTrial({ id: 's.base.1' } as never, silent, signal)).id, 's.base.1');
  const result = aTrial('s.base.1');
  t.equal(await performer.nameLines(result, aState([result], null)), result);
});

t.test('an interruption stops the work on the tree', async (t) => {
  const lab = openSmallKernelLab(t);
  await using performer = open(lab, requestOf(lab, { series: await aSeries([change]) }));
  const stop = new AbortController();
  const work = performer.apply((text) => text.startsWith('applying') && stop.abort(), stop.signal);
  await t.rejects(work, { message: /interrupted/ });
});
