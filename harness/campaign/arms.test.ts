// SPDX-License-Identifier: MIT
import t from 'tap';
import type { BuildTree } from '../kernel/index.ts';
import type { ArmState, BuildResult, CampaignState, Diagnostic, Kernel } from '../model/index.ts';
import { anArm, aState, aWarning } from '../testing/index.ts';
import { openArmBuilder, requireBuild } from './arms.ts';

const failure = (...diagnostics: readonly Diagnostic[]): BuildResult => ({
  ok: false,
  diagnostics,
  durationMs: 1,
  logPath: '/build.log',
  logTail: ['make: *** Error'],
  notes: [],
});

/** A tree in which the kernel of each commit has the warnings of its name and of all before it. */
function aTree() {
  const built: string[] = [];
  const tree = {
    baseCommit: 'c0',
    async build({ commit }: { readonly commit: string }): Promise<BuildResult> {
      built.push(commit);
      const diagnostics = Array.from({ length: Number(commit.slice(1)) + 1 }, (_, at) => aWarning(`c${at}`));
      const kernel = { digest: commit, bootDigest: commit, commit } as Kernel;
      return { ok: true, kernel, cached: false, durationMs: 1, diagnostics, files: {}, notes: [] };
    },
    async buildSelftests() {},
  };
  return { built, tree: tree as unknown as BuildTree };
}

/** A campaign of three patches whose arms stand like this. */
function stateOf(...statuses: readonly ArmState['status'][]): CampaignState {
  const applied = [1, 2, 3].map((number) => ({
    number,
    subject: `patch ${number}`,
    commit: `c${number}`,
    how: 'plain' as const,
    files: ['a.c'],
  }));
  const arms = statuses.map((status, patches) => ({ ...anArm(`arm ${patches}`, patches), status }));
  return aState([], null, { base: 'c0', applied, arms });
}

const arm = (patches: number) => ({ name: `arm ${patches}`, title: '', patches });
const TOOLS = { moduleSources: '/modules', coverage: false };
const messages = (diagnostics: readonly Diagnostic[]) => diagnostics.map((one) => one.message);

t.test('an arm is compared with the last one before it that was built', async (t) => {
  const { tree, built } = aTree();
  const state = stateOf('built', 'failed', 'built', 'built');
  const { build } = await openArmBuilder(tree, TOOLS).build(arm(2), state, () => {});
  t.strictSame(messages(build.newDiagnostics), ['c1', 'c2']);
  t.strictSame(built, ['c0', 'c2']);
});

t.test('what was built in this process is not looked up again', async (t) => {
  const { tree, built } = aTree();
  const builder = openArmBuilder(tree, TOOLS);
  const state = stateOf('built', 'built', 'built', 'planned');
  for (const patches of [0, 1, 2, 3]) {
    const { build } = await builder.build(arm(patches), state, () => {});
    t.strictSame(messages(build.newDiagnostics), patches === 0 ? [] : [`c${patches}`]);
  }
  t.strictSame(built, ['c0', 'c1', 'c2', 'c3']);
});

t.test('a failure is told with its first error, wherever that is', async (t) => {
  const error = (line: number | null): Diagnostic => ({
    ...aWarning('no such symbol'),
    severity: 'error',
    line,
  });
  const messageOf = (result: BuildResult) => {
    try {
      return requireBuild(result, 'base').digest;
    } catch (fault) {
      return (fault as Error).message;
    }
  };
  t.equal(messageOf(failure(error(7))), 'the base kernel does not compile: a.c:7: no such symbol');
  t.equal(messageOf(failure(error(null))), 'the base kernel does not compile: a.c: no such symbol');
  t.equal(messageOf(failure(aWarning('unused'))), 'the base kernel does not compile');
});
