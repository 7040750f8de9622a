// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CampaignState } from '../model/index.ts';
import { aTrial, PROJECT_ROOT } from '../testing/index.ts';
import { gitIn, makeOwnTree, OWN_TREE } from '../testing/own-tree.ts';
import { aCampaignRequest } from '../testing/request.ts';
import { exitCodeOfState, readOwnTree, runCampaign, settleFirstScenario } from './index.ts';
import { openLocalPerformer } from './local.ts';
import { nameOf } from './own-tree.ts';

t.setTimeout(240_000);

const { signal } = new AbortController();
const EDITED = { 'core.c': 'int core(void) { return 2; }\n' };

function aTree(t: Test) {
  const root = t.testdir({ linux: {}, run: {}, elsewhere: {} });
  return { root, ...makeOwnTree(join(root, 'linux')) };
}

/** What a command would put on trial in a directory. */
function read(
  directory: string,
  part: {
    readonly series?: string;
    readonly base?: string;
    readonly config?: readonly string[];
    readonly repository?: string;
    readonly wants?: 'tip';
  } = {},
) {
  const { series, base, config = [], repository, wants = 'comparison' } = part;
  return readOwnTree(
    series,
    { repository, base, config, wants },
    {
      root: PROJECT_ROOT,
      workingDirectory: directory,
      signal,
      readStandardInput: async () => Buffer.of(),
    },
  );
}

t.test('a branch is a request without a definition, and what was chosen is told', async (t) => {
  const tree = aTree(t);
  const base = gitIn(tree.directory, 'rev-parse', 'main');
  tree.commit('core: two', EDITED);
  tree.commit('toy: five', { 'drivers/toy.c': 'int toy(void) { return 5; }\n' });
  const own = await read(join(tree.directory, 'drivers'));
  t.match(own.kernel, {
    name: 'linux',
    source: { git: { repository: tree.directory, ref: base } },
    path: null,
    config: { base: 'defconfig', file: null, options: {} },
  });
  t.strictSame(
    [...new Set(own.kernel.config.fragments.map(({ name }) => name))],
    ['ktrial/machine', 'ktrial/reduced'],
  );
  t.strictSame(
    own.series?.patches.map(({ subject }) => subject),
    ['core: two', 'toy: five'],
  );
  t.match(own.notes, [
    /^the kernel is that of .*linux, without a definition$/,
    'on trial is the branch fix',
    `the base is ${base.slice(0, 12)}, the merge base with main`,
    /^looked for before that: the upstream of fix: none is set; origin\/HEAD: there is none/,
  ]);
});

t.test('what is changed is compiled by options that are detected, below those of the user', async (t) => {
  const tree = aTree(t);
  tree.commit('lost: five', { 'lost.c': 'int lost(void) { return 5; }\n' });
  const own = await read(tree.directory);
  t.strictSame(own.kernel.config.detected, { CONFIG_LOST: 'm', CONFIG_MENU: 'y' });
  t.match(own.notes.at(-1), 'so that what is changed gets compiled: CONFIG_LOST=m CONFIG_MENU=y');
  t.strictSame(own.modules, ['lost']);
  const asked = await read(tree.directory, { config: ['CONFIG_LOST=y'] });
  t.strictSame(asked.kernel.config.detected, {}, 'what the user says about it counts');
  t.strictSame(asked.modules, []);
});

t.test('a range and a mailbox are read on their own base, and what is left out is told', async (t) => {
  const tree = aTree(t);
  const base = gitIn(tree.directory, 'rev-parse', 'main');
  tree.commit('core: two', EDITED);
  const tip = tree.commit('core: three', { 'core.c': 'int core(void) { return 3; }\n' });
  writeFileSync(join(tree.directory, 'quiet.c'), 'int quiet(void) { return 9; }\n');
  const range = await read(tree.directory, { series: 'main..HEAD~1' });
  t.match(range.series?.patches, [{ subject: 'core: two' }]);
  t.match(range.kernel.source, { git: { ref: base } });
  t.match(
    range.notes.join('\n'),
    /where the range begins\nchanges that are not committed \(quiet\.c\) are left out/,
  );

  const mailbox = join(tree.root, 'fix.mbox');
  const text = gitIn(tree.directory, 'format-patch', '--stdout', '--base=main', 'main..HEAD');
  writeFileSync(mailbox, `${text}\n`);
  gitIn(tree.directory, 'checkout', '-q', 'quiet.c');
  gitIn(tree.directory, 'checkout', '-q', 'main');
  const onHead = await read(tree.directory, { series: mailbox });
  t.match(onHead.kernel.source, { git: { ref: base } });
  t.match(onHead.notes.join('\n'), /the base is HEAD, /);
  const named = await read(tree.directory, { series: mailbox, base: 'fix' });
  t.match(named.kernel.source, { git: { ref: tip } });
  t.match(named.notes.join('\n'), /by --base\nthe series names the base-commit .*, which was not used/);
  await t.rejects(read(tree.directory, { series: 'main..fix', base: 'main' }), {
    code: 'CAMPAIGN_BASE_TWICE',
  });
});

t.test(
  'changes that are not committed are one more patch, and a mailbox may add what compiles its files',
  async (t) => {
    const tree = aTree(t);
    tree.commit('core: two', EDITED);
    writeFileSync(join(tree.directory, 'quiet.c'), 'int quiet(void) { return 9; }\n');
    const own = await read(tree.directory);
    t.match(own.series?.patches, [{ subject: 'core: two' }, { subject: 'changes that are not committed' }]);
    t.match(own.notes.join('\n'), /changes that are not committed are one further patch: quiet\.c/);
    gitIn(tree.directory, 'checkout', '-q', 'quiet.c');

    tree.commit('new: a driver', {
      'drivers/new.c': 'int fresh(void) { return 1; }\n',
      'drivers/Makefile': `${OWN_TREE['drivers/Makefile']}obj-$(CONFIG_NEW) += new.o\n`,
      Kconfig: `${OWN_TREE.Kconfig}config NEW\n\ttristate "New"\n`,
    });
    const mailbox = join(tree.root, 'new.mbox');
    writeFileSync(mailbox, `${gitIn(tree.directory, 'format-patch', '--stdout', 'main..fix')}\n`);
    gitIn(tree.directory, 'checkout', '-q', 'main');
    t.strictSame((await read(tree.directory, { series: mailbox })).kernel.config.detected, {
      CONFIG_NEW: 'm',
    });
  },
);

t.test('a command that boots one kernel takes the end of the branch', async (t) => {
  const tree = aTree(t);
  const tip = tree.commit('core: two', EDITED);
  const own = await read(tree.directory, { wants: 'tip' });
  t.equal(own.series, null);
  t.match(own.kernel.source, { git: { ref: tip } });
  writeFileSync(join(tree.directory, 'quiet.c'), 'int quiet(void) { return 9; }\n');
  t.match((await read(tree.directory, { wants: 'tip' })).series?.patches, [
    { subject: 'changes that are not committed' },
  ]);
  const base = gitIn(tree.directory, 'rev-parse', 'main');
  t.match(await read(tree.directory, { wants: 'tip', base: 'main' }), {
    series: null,
    kernel: { source: { git: { ref: base } } },
  });
});

t.test('--base chooses where the branch begins', async (t) => {
  const tree = aTree(t);
  const first = tree.commit('core: two', EDITED);
  tree.commit('core: three', { 'core.c': 'int core(void) { return 3; }\n' });
  t.match((await read(tree.directory, { base: 'HEAD~1' })).kernel.source, { git: { ref: first } });
  for (const [base, message] of [
    ['v9', /has no commit v9/],
    ['HEAD', /HEAD has no commit after HEAD/],
  ] as const)
    await t.rejects(read(tree.directory, { base }), { blame: 'request', code: 'CAMPAIGN_NO_BASE', message });
  gitIn(tree.directory, 'checkout', '-q', '--orphan', 'other');
  gitIn(tree.directory, 'commit', '-qm', 'nothing in common');
  await t.rejects(read(tree.directory, { base: 'main' }), { message: /have no common ancestor/ });
});

t.test('outside of a kernel tree the message says what to do', async (t) => {
  const tree = aTree(t);
  await t.rejects(read('/'), {
    blame: 'request',
    code: 'CAMPAIGN_NO_KERNEL',
    message: /^no kernel is named, and \/ is in no git repository/,
    next: /--kernel NAME.*kernel tree.*--repository/,
  });
  const other = join(tree.root, 'elsewhere');
  mkdirSync(join(other, 'src'));
  writeFileSync(join(other, 'Makefile'), 'all:\n');
  gitIn(other, 'init', '-q');
  gitIn(other, 'add', '.');
  gitIn(other, 'commit', '-qm', 'no kernel');
  await t.rejects(read(join(other, 'src')), {
    code: 'CAMPAIGN_NO_KERNEL',
    message: /elsewhere is no kernel tree/,
  });
  tree.commit('core: two', EDITED);
  t.equal((await read(other, { repository: tree.directory })).kernel.name, 'linux', 'unless one is named');
});

/** Runs a campaign in a tree: git and the compiler are real, machines are not. */
async function run(tree: { readonly root: string; readonly directory: string }): Promise<CampaignState> {
  const own = await read(tree.directory);
  const request = aCampaignRequest({
    ...own,
    scenarios: settleFirstScenario(own.modules),
    repeatCommand: 'ktrial run',
  });
  return runCampaign(request, {
    place: { root: PROJECT_ROOT, cacheDirectory: join(tree.root, 'cache') },
    runDirectory: join(tree.root, 'run'),
    ktrialVersion: '1',
    listen: () => {},
    signal,
    runTrial: async (spec) =>
      aTrial(spec.id, {
        arm: spec.arm,
        scenario: spec.scenario,
        attempt: spec.attempt,
        control: spec.control,
      }),
    openPerformer(asked, lab) {
      const real = openLocalPerformer(asked, lab);
      return {
        runTrial: real.runTrial,
        apply: (...args) => real.apply(...args),
        buildArm: (...args) => real.buildArm(...args),
        buildL2: (...args) => real.buildL2(...args),
        runStatic: (...args) => real.runStatic(...args),
        makeImage: async () => ({ digest: 'image', name: 'guest' }),
        nameLines: async (result) => result,
        clearTrial: async () => {},
        findLost: async () => [],
        [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
      };
    },
  });
}

t.test('a series that make forgets is no clean one: nothing of it was on trial', async (t) => {
  const tree = aTree(t);
  tree.commit('lost: five', { 'lost.c': 'int lost(void) { return 5; }\n' });
  const state = await run(tree);
  t.match(state.arms.at(-1)?.build?.code, { compiled: [], notCompiled: ['lost.c'] });
  t.match(state.verdict, { comparison: 'inconclusive', notCompiled: ['lost.c'] });
  t.match(
    state.verdict?.reason,
    /nothing of the series was on trial: its configuration does not compile lost\.c/,
  );
  t.equal(exitCodeOfState(state), 69);
});

t.test('a file beside others that is not compiled is named in a good verdict', async (t) => {
  const tree = aTree(t);
  tree.commit('core: two', { ...EDITED, 'Documentation/toy.rst': 'Another toy.\n' });
  tree.commit('lost: five', { 'lost.c': 'int lost(void) { return 5; }\n' });
  const state = await run(tree);
  t.strictSame(state.arms.at(-1)?.build?.code, { compiled: ['core.c'], notCompiled: ['lost.c'] });
  t.match(state.verdict, { comparison: 'clean', reason: /not on trial, .*: lost\.c$/ });
  t.equal(exitCodeOfState(state), 0);
  t.ok(state.notes.some((note) => /the merge base with main/.test(note)));
});

t.test('documentation needs no build', async (t) => {
  const tree = aTree(t);
  tree.commit('docs: another toy', { 'Documentation/toy.rst': 'Another toy.\n' });
  const state = await run(tree);
  t.strictSame(state.arms.at(-1)?.build?.code, { compiled: [], notCompiled: [] });
  t.equal(exitCodeOfState(state), 0);
});

t.test('a definition is called after the directory of its tree', async (t) => {
  for (const [top, name] of [
    ['/home/me/linux', 'linux'],
    ['/src/Linux Next_6.12', 'linux-next-6.12'],
    ['/src/.git-tree', 'git-tree'],
    ['/', 'linux'],
  ] as const)
    t.equal(nameOf(top), name);
});
