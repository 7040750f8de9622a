// SPDX-License-Identifier: MIT
import t from 'tap';
import type { BuildTree } from '../../kernel/index.ts';
import { Fault, type Kernel, type TrialState } from '../../model/index.ts';
import { expandScenario, parseScenario } from '../../scenario/index.ts';
import { aWarning } from '../../testing/index.ts';
import { performStaticTrial } from './perform.ts';
import type { StaticSubject } from './subject.ts';

const now = () => new Date('2026-01-01T00:00:00Z');

/** A tree in which commit `c1` has one warning more than `c0`, and checkpatch complains of the change of `c1`. */
function aTree(asked: string[]): BuildTree {
  const tree = {
    async compilePart({ commit }: { readonly commit: string }) {
      asked.push(`compile ${commit}`);
      return {
        ok: true,
        diagnostics: commit === 'c0' ? [aWarning('old')] : [aWarning('old'), aWarning('new')],
      };
    },
    async checkStyle({ subject }: { readonly subject: { readonly commit: string; readonly file?: string } }) {
      asked.push(`style ${subject.commit} ${subject.file ?? 'change'}`);
      const report = { severity: 'CHECK', type: 'AVOID_EXTERNS', message: 'm', place: 'p:1' };
      return subject.commit === 'c1' ? [report] : [];
    },
  };
  return tree as unknown as BuildTree;
}

function settle(checks: string): unknown {
  const parsed = parseScenario(`name: s\ndescription: d\nkind: static\nchecks: [${checks}]\n`, 's');
  if (!parsed.ok) throw new Error('the scenario is wrong');
  return expandScenario(parsed.scenario)[0];
}

async function perform(checks: string, patches: 0 | 1 = 1) {
  const asked: string[] = [];
  const applied = { number: 1, subject: 'p', commit: 'c1', how: 'plain' as const, files: ['a.c'] };
  const subject: StaticSubject = {
    trial: { id: 's.a.1', scenario: 's', arm: 'a', attempt: 1, control: false } as TrialState,
    settled: settle(checks),
    base: 'c0',
    commit: `c${patches}`,
    kernel: `k${patches}`,
    baseKernel: 'k0',
    patches: patches === 0 ? [] : [applied],
  };
  const result = await performStaticTrial(
    subject,
    {
      openTree: async () => aTree(asked),
      findKernel: async () => null,
      compiled: new Map(),
      signal: new AbortController().signal,
    },
    now,
  ).catch((error: unknown) => error);
  return { asked, result };
}

t.test('a warning that the base has too is none of the patch', async (t) => {
  const check = '{label: l, compile: {paths: [a/]}}';
  const { asked, result } = await perform(check);
  t.strictSame(asked, ['compile c0', 'compile c1']);
  t.match(result, {
    outcome: 'failed',
    blame: 'kernel',
    static: true,
    kernel: 'k1',
    bootMethod: null,
    findings: [
      {
        kind: 'expectation',
        signature: 'expectation:s:l:compile',
        title: 'l: got 1 warnings that the base does not have, expected none',
        details: ['a.c:1: warning: new'],
      },
    ],
    steps: [{ label: 'l', outcome: 'failed', numbers: { newWarnings: 1, errors: 0, diagnostics: 2 } }],
  });
  const base = await perform(check, 0);
  t.strictSame(base.asked, ['compile c0'], 'once, although it is compared with itself');
  t.match(base.result, { outcome: 'passed', blame: null, reason: 'every check passed' });
});

t.test('checkpatch checks each patch of an arm, or files of its tree', async (t) => {
  const each = await perform('{checkpatch: {}}');
  t.strictSame(each.asked, ['style c1 change']);
  t.match(each.result, {
    outcome: 'failed',
    findings: [{ details: ['patch 1: p:1: CHECK: AVOID_EXTERNS: m'] }],
    steps: [{ numbers: { errors: 0, warnings: 0, checks: 1 } }],
  });
  t.match(await perform('{checkpatch: {}}', 0), { asked: [], result: { outcome: 'passed' } });
  t.match(await perform('{checkpatch: {files: [a.h], atMost: 1}}'), {
    asked: ['style c1 a.h'],
    result: { outcome: 'passed' },
  });
});

t.test('every check is performed, whatever the ones before it found', async (t) => {
  const { result } = await perform('{label: one, checkpatch: {}}, {label: two, compile: {paths: [a/]}}');
  t.match(result, { steps: [{ label: 'one' }, { label: 'two' }], reason: /^one: .* \(and 1 more\)$/ });
});

t.test('an interruption is one, and is tried again after a resume', async (t) => {
  const abort = new AbortController();
  const subject = { kernel: 'k1', baseKernel: 'k0', base: 'c0', commit: 'c1', patches: [] };
  const performing = performStaticTrial(
    { ...subject, trial: { id: 'x' } as TrialState, settled: settle('{compile: {paths: [a/]}}') },
    {
      openTree: () => {
        abort.abort();
        return Promise.reject(new Error('the build was killed'));
      },
      findKernel: async () => null,
      compiled: new Map(),
      signal: abort.signal,
    },
    now,
  );
  await t.rejects(performing, { code: 'TRIAL_INTERRUPTED' });
});

t.test('a kernel that is gone is the fault of the lab, not of the kernel', async (t) => {
  const { result } = await perform('{size: {module: a.ko, section: .text, base: same}}');
  t.ok(result instanceof Fault);
  t.match(result, { blame: 'lab', code: 'KERNEL_GONE' });
});

t.test('a module that the kernel does not have is the scenario’s mistake', async (t) => {
  const subject = { kernel: 'k1', baseKernel: 'k0' } as StaticSubject;
  const rest = { trial: { id: 'x' } as TrialState, base: 'c0', commit: 'c1', patches: [] };
  const settled = settle('{size: {module: a.ko, section: .text, bytes: 1}}');
  const kernel = { modules: t.testdir(), name: 'k' } as unknown as Kernel;
  const performing = performStaticTrial(
    { ...subject, ...rest, settled },
    {
      openTree: async () => aTree([]),
      findKernel: async () => kernel,
      compiled: new Map(),
      signal: new AbortController().signal,
    },
    now,
  );
  await t.rejects(performing, { blame: 'scenario', code: 'CAMPAIGN_NO_SIZE' });
});
