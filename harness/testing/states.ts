// SPDX-License-Identifier: MIT
import type { CampaignState, ChangedCode, Diagnostic, PerPatchGrid } from '../model/index.ts';
import { concludeCampaign } from '../verdict/index.ts';
import { aBuild, anArm, aPlan, aState } from './campaign.ts';
import { aSignature, aSplat, aTrial, aVerdict } from './trials.ts';

const removal = aSplat();
const warning = aSplat({ title: 'WARNING in sample_put', type: 'WARNING', culprit: 'sample_put' });
const lost = { outcome: 'failed', blame: 'lab', fault: 'MACHINE_ENDED', reason: 'QEMU was killed' } as const;

const results = [
  aTrial('plain.base.1'),
  aTrial('plain.patched.1'),
  aTrial('removal.base.1', { splats: [removal] }),
  aTrial('removal.base.2', { notes: ['the console lost 12 lines that /dev/kmsg has'] }),
  aTrial('removal.patched.1'),
  aTrial('removal.patched.2'),
  aTrial('blocked.base.1'),
  aTrial('blocked.patched.1', { splats: [warning] }),
  aTrial('again.base.1'),
  aTrial('again.patched.1', { splats: [warning] }),
  aTrial('lost.base.1'),
  aTrial('lost.patched.1', lost),
];

const verdict = aVerdict(
  [
    { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] },
    {
      scenario: 'removal',
      comparison: 'fixed',
      reason: removal.title,
      signatures: [
        aSignature(removal, {
          comparison: 'fixed',
          base: { seen: 1, trials: 2 },
          patched: { seen: 0, trials: 2 },
          trials: ['removal.base.1'],
        }),
      ],
    },
    ...['blocked', 'again'].map((scenario) => ({
      scenario,
      comparison: 'regressed' as const,
      reason: warning.title,
      signatures: [aSignature(warning, { trials: [`${scenario}.patched.1`] })],
    })),
    {
      scenario: 'lost',
      comparison: 'inconclusive',
      reason: 'lost.patched.1: lab: QEMU was killed',
      signatures: [],
    },
  ],
  { comparison: 'regressed', reason: '2 regressed, 1 inconclusive, 1 fixed, 1 clean', exitCode: 1 },
);

const unused: Diagnostic = {
  severity: 'warning',
  file: 'drivers/sample/sample.c',
  line: 17,
  column: 3,
  message: "unused variable 'one'",
  option: '-Wunused-variable',
  patch: 1,
};

const plan = aPlan(results);
const planned = plan.arms.map((arm) => ({ ...arm, status: 'planned' as const, build: null, kernel: null }));
const untried = plan.trials.map((trial) => ({ ...trial, status: 'planned' as const, result: null }));

/** A campaign that ended before a machine was started. */
function withoutTrials(part: Partial<CampaignState>): CampaignState {
  return aState(results, null, { plan, arms: planned, trials: untried, ...part });
}

/** A campaign of which only the first trials have been done; `part` says how it ended. */
function cutOff(done: number, part: Partial<CampaignState>): CampaignState {
  const whole = aState(results, null, part);
  return {
    ...whole,
    trials: whole.trials.map((trial, index) => {
      if (index < done) return trial;
      if (index > done) return { ...trial, status: 'planned', result: null };
      const reason = 'it did not finish';
      return { ...trial, status: 'running', result: aTrial(trial.id, { ...lost, fault: null, reason }) };
    }),
  };
}

const perPatchGrid: PerPatchGrid = {
  arms: ['base', '1', '1..2'],
  boots: [true, true, true],
  rows: [
    {
      scenario: 'removal',
      states: ['bad', 'bad', 'good'],
      fixedBy: 2,
      brokenBy: null,
      reason: 'fixed by 2/2',
    },
    {
      scenario: 'plain',
      states: ['good', 'bad', 'good'],
      fixedBy: null,
      brokenBy: null,
      reason: 'a fault that neither end has at 1/2: WARNING in sample_put',
    },
  ],
  notBisectableAt: [1],
};

const perPatchResults = ['base', '1', '1..2'].flatMap((arm, patches) => [
  aTrial(`removal.${arm}.1`, { scenario: 'removal', arm, attempt: 1, splats: patches < 2 ? [removal] : [] }),
  aTrial(`plain.${arm}.1`, { scenario: 'plain', arm, attempt: 1, splats: patches === 1 ? [warning] : [] }),
]);

const perPatch = aState(
  perPatchResults,
  aVerdict(
    [
      {
        scenario: 'removal',
        comparison: 'fixed',
        reason: removal.title,
        signatures: [
          aSignature(removal, {
            comparison: 'fixed',
            base: { seen: 1, trials: 1 },
            patched: { seen: 0, trials: 1 },
            trials: ['removal.base.1'],
          }),
        ],
      },
      { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] },
    ],
    {
      comparison: 'regressed',
      reason: '1 fixed, 1 clean; not bisectable at 1/2',
      perPatch: perPatchGrid,
      exitCode: 1,
    },
  ),
  {
    plan: { ...aPlan(perPatchResults), comparison: 'per-patch' },
    arms: [anArm('base', 0), anArm('1', 1, { newDiagnostics: [unused] }), anArm('1..2', 2, { cached: true })],
  },
);

/** A campaign without a complaint whose kernel compiled this of the series. */
function ofCode(code: ChangedCode): CampaignState {
  const clean = { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] } as const;
  return aState(
    [aTrial('plain.base.1'), aTrial('plain.patched.1')],
    concludeCampaign([clean], 2, null, code),
    {
      arms: [anArm('base', 0), anArm('patched', 1, { code })],
    },
  );
}

/** Campaigns by how they stand: every form that a report must have. */
export const SAMPLE_STATES: Readonly<Record<string, CampaignState>> = {
  concluded: aState(results, verdict, {
    notes: ['2 replies in the mailbox were dropped'],
    arms: [anArm('base', 0), anArm('patched', 1, { newDiagnostics: [unused] })],
    clones: { clones: 11, fellBack: [], compared: 1, disagreements: [] },
  }),
  alone: aState(
    [aTrial('plain.base.1')],
    aVerdict([{ scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] }]),
  ),
  'partly-compiled': ofCode({
    compiled: ['drivers/sample/sample.c'],
    notCompiled: ['drivers/sample/other.c', 'include/linux/sample.h'],
  }),
  'not-compiled': ofCode({ compiled: [], notCompiled: ['drivers/sample/sample.c'] }),
  'per-patch': perPatch,
  conflict: withoutTrials({
    end: { kind: 'rejected' },
    notes: ['version 3 is a partial reroll: patch 2 is from version 3, patch 1 is from version 2'],
    rejection: {
      kind: 'conflict',
      conflict: {
        number: 2,
        subject: 'sample: change 2',
        file: 'drivers/sample/sample.c',
        hunk: '@@ -40,3 +40,4 @@',
        words: 'error: patch failed: drivers/sample/sample.c:40\n',
        cause: 'otherText',
        nearest: [
          { line: 40, wanted: '{', found: '{' },
          { line: 41, wanted: '\treturn a;', found: '\treturn b;' },
          { line: 42, wanted: '}', found: '}' },
        ],
      },
      applied: [],
      canChooseBase: false,
    },
  }),
  'does-not-compile': withoutTrials({
    end: { kind: 'rejected' },
    arms: [
      anArm('base', 0),
      { ...anArm('patched', 1), status: 'failed', build: aBuild('patched', 1, { built: false }) },
    ],
    rejection: {
      kind: 'doesNotCompile',
      diagnostics: [{ ...unused, severity: 'error', message: "'one' undeclared", option: null }],
      logTail: [],
      applied: [],
    },
  }),
  fault: cutOff(3, {
    end: {
      kind: 'fault',
      blame: 'lab',
      code: 'HOST_DISK_FULL',
      message: 'the disk is full at /runs/1/journal.ndjson',
    },
  }),
  interrupted: { ...cutOff(4, {}), end: { kind: 'interrupted' } },
  'interrupted-with-verdict': { ...aState(results, verdict), end: { kind: 'interrupted' } },
  unfinished: { ...cutOff(2, {}), end: null, endedAt: null },
  'not-started': withoutTrials({ end: null, endedAt: null, base: null, applied: null }),
  empty: aState([], aVerdict([], { comparison: 'inconclusive', reason: 'no scenario', exitCode: 69 })),
};
