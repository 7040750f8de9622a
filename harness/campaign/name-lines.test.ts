// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommand, runGit } from '../host/index.ts';
import type { CampaignState, Frame, Kernel, TrialSplat } from '../model/index.ts';
import { aFrame, anArm, aSplat, aState, aTrial } from '../testing/index.ts';
import { openLineNamer } from './name-lines.ts';

const MAIN = `int start_kernel(int p)
{
\treturn p + 1;
}
int main(void) { return start_kernel(1); }
`;
const DRIVER = `int probe(int p)
{
\treturn p * 7;
}
`;

interface Lab {
  readonly kernel: Kernel;
  readonly state: CampaignState;
  /** Digests that were looked for. */
  readonly asked: string[];
  find(digest: string): Promise<Kernel | null>;
}

/** A kernel of two files with debug information, and the campaign that built it as its base; a patch touches the driver. */
async function openLab(t: Test): Promise<Lab> {
  const directory = t.testdir({
    linux: { init: { 'main.c': MAIN }, drivers: { 'toy.c': DRIVER } },
    modules: {},
  });
  const source = join(directory, 'linux');
  const git = (...args: string[]) =>
    runGit(['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: source });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-qm', 'all');
  const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
  const files = ['linux/init/main.c', 'linux/drivers/toy.c'];
  await runCommand('gcc', ['-g', '-O0', '-o', 'vmlinux', ...files], { cwd: directory });
  const kernel: Kernel = {
    digest: 'here',
    name: 'small',
    arch: 'x86_64',
    release: '5.10.0',
    bootDigest: 'b',
    compiler: 'gcc',
    commit,
    bootImage: '',
    vmlinux: join(directory, 'vmlinux'),
    modules: join(directory, 'modules'),
    config: '',
    source,
  };
  const patch = { number: 1, subject: '', commit, how: 'plain', files: ['drivers/toy.c'] } as const;
  const state = aState([], null, {
    base: commit,
    applied: [patch],
    arms: [{ ...anArm('base', 0), kernel }],
  });
  const asked: string[] = [];
  return {
    kernel,
    state,
    asked,
    async find(digest) {
      asked.push(digest);
      // It was built by another campaign first, from a commit that this one does not know.
      return digest === 'here' ? { ...kernel, commit: 'f'.repeat(40) } : null;
    },
  };
}

const frame = (name: string): Frame =>
  aFrame({ function: name, offset: 0, size: null, module: null, file: null, line: null });

function aNamelessSplat(...names: string[]): TrialSplat {
  const frames = names.map(frame);
  return aSplat({ title: `WARNING in ${names[0]}`, frames, traces: [{ label: 'Call Trace', frames }] });
}

const aResult = (...splats: readonly TrialSplat[]) => aTrial('s.base.1', { kernel: 'here', splats });

t.test('complaints get file, line and text, also where the series meets them', async (t) => {
  const lab = await openLab(t);
  await using namer = openLineNamer(lab.find);
  const result = aResult(aNamelessSplat('start_kernel', 'probe'), aNamelessSplat('probe'));
  const named = await namer.name(result, lab.state);
  t.match(named.splats, [
    {
      frames: [
        { file: 'init/main.c', line: 2 },
        { file: 'drivers/toy.c', line: 2 },
      ],
      source: { file: 'init/main.c', line: 2, function: 'start_kernel' },
      touched: { file: 'drivers/toy.c', line: 2, function: 'probe' },
    },
    { source: { file: 'drivers/toy.c' } },
  ]);
  t.match(named.splats[0]?.source?.lines, [{ text: 'int start_kernel(int p)' }, { text: '{' }, {}]);
  t.notOk(named.splats[1]?.touched, 'its culprit is in a file of the series');
  t.strictSame({ ...named, splats: result.splats }, result, 'nothing else is changed');
  t.strictSame(lab.asked, ['here']);
  const alone = await namer.name(result, { ...lab.state, applied: null });
  t.notOk(alone.splats[0]?.touched, 'without a series there is nothing that it touches');
});

t.test('where the kernel is not known, the result is returned as it is', async (t) => {
  const lab = await openLab(t);
  await using namer = openLineNamer(lab.find);
  const result = aResult(aNamelessSplat('start_kernel'));
  const base = { ...anArm('base', 0), kernel: lab.kernel };
  const with_ = (...arms: CampaignState['arms']) => ({ ...lab.state, arms });
  for (const [why, state] of Object.entries({
    'no arm has it': with_(),
    'the arm was not built': with_(anArm('base', 0)),
    'the arm has another': with_({ ...base, kernel: { ...lab.kernel, digest: 'other' } }),
    'another arm has it': with_({ ...base, name: 'patched' }),
  }))
    t.equal(await namer.name(result, state), result, why);
  t.strictSame(lab.asked, []);
  const gone = { ...lab.kernel, digest: 'gone' };
  const lost = { ...result, kernel: 'gone' };
  t.equal(await namer.name(lost, with_({ ...base, kernel: gone })), lost);
  t.strictSame(lab.asked, ['gone']);
  const clean = aResult();
  t.equal(await namer.name(clean, lab.state), clean, 'and without complaints');
});

t.test('a complaint whose functions the kernel does not have stays as it is', async (t) => {
  const lab = await openLab(t);
  await using namer = openLineNamer(lab.find);
  const result = aResult(aNamelessSplat('absent'));
  t.strictSame(await namer.name(result, lab.state), result);
});

t.test('a kernel without its source still has lines, and text is not guessed', async (t) => {
  const lab = await openLab(t);
  await using namer = openLineNamer(lab.find);
  const unknown = { ...lab.kernel, commit: 'e'.repeat(40) };
  const state = { ...lab.state, arms: [{ ...anArm('base', 0), kernel: unknown }] };
  const named = await namer.name(aResult(aNamelessSplat('start_kernel')), state);
  t.match(named.splats[0]?.frames, [{ file: 'init/main.c', line: 2 }]);
  t.notOk(named.splats[0]?.source);
  const known = await namer.name(aResult(aNamelessSplat('start_kernel')), lab.state);
  t.ok(known.splats[0]?.source, 'each commit has its own text');
});

/** How many processes have a path in their command line. */
function countProcesses(path: string): number {
  const hasPath = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && hasPath(name)).length;
}

t.test('the programs that name lines end when they are no longer needed', async (t) => {
  const lab = await openLab(t);
  const namer = openLineNamer(lab.find);
  await namer.name(aResult(aNamelessSplat('start_kernel')), lab.state);
  t.equal(countProcesses(lab.kernel.vmlinux), 1);
  await namer[Symbol.asyncDispose]();
  t.equal(countProcesses(lab.kernel.vmlinux), 0);
});
