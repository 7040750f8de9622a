// SPDX-License-Identifier: MIT
import type { CoverageVerdict } from './coverage.ts';
import type { SubtestOutcome } from './subtest.ts';

/**
 * What the arms say about one signature, or about a whole scenario (the worst of its signatures). With one arm nothing is
 * compared: then it is `faulty`, `clean` or `inconclusive`. `skipped`: the kernels have not what the scenario needs.
 */
export type Comparison =
  | 'regressed'
  | 'notFixed'
  | 'faulty'
  | 'inconclusive'
  | 'notReproduced'
  | 'fixed'
  | 'clean'
  | 'skipped';

/** What each comparison means for the exit code, the worst first. What is as it should be exits with 0, and nothing else. */
const EXIT_CODES: Readonly<Record<Comparison, 0 | 1 | 69>> = {
  regressed: 1,
  notFixed: 1,
  faulty: 1,
  inconclusive: 69,
  notReproduced: 69,
  fixed: 0,
  clean: 0,
  skipped: 0,
};

/** All comparisons, the worst first. */
export const COMPARISONS = Object.keys(EXIT_CODES) as readonly Comparison[];

/** The exit code of a campaign whose verdict this is. */
export function exitCodeOfComparison(comparison: Comparison): 0 | 1 | 69 {
  return EXIT_CODES[comparison];
}

/** Whether a comparison is as it should be. Everything else, what was not decided included, is not. */
export function isGood(comparison: Comparison): boolean {
  return EXIT_CODES[comparison] === 0;
}

/** How often one arm showed a signature. */
export interface ArmCount {
  /** In how many of how many conclusive trials it was seen. */
  readonly seen: number;
  readonly trials: number;
  /** How many boots these trials come from: trials in clones of one booted machine depend on each other. Absent in older runs. */
  readonly boots?: number;
  /** The rate of boots that show it, with 95 % confidence (Clopper-Pearson). Absent in older runs. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/** Whether two rates differ by more than chance. Trials of one boot count as one. */
export interface SignatureTest {
  /** What is shown when it succeeds: that the base's rate is the higher one, or that the patched kernel's is. */
  readonly of: 'fixed' | 'regressed';
  /** `fisher`: Fisher's exact test, for a number of trials that was fixed before; `e-process`: holds whenever one stops. */
  readonly method: 'fisher' | 'e-process';
  /** The probability of such a difference, or of a greater one, were there none; adjusted for all signatures of the campaign. */
  readonly p: number;
  /** It succeeds where `p` is at most this. */
  readonly level: number;
  /** About how many more trials on each arm would decide, were both to go on like this. Null: decided, or not foreseeable. */
  readonly more: number | null;
}

/** A fault that somebody knows of and waits for. */
export interface KnownIssue {
  readonly signature: string;
  readonly reason: string;
  readonly link: string;
  /** The last day on which it may be overlooked: `2027-01-31`. */
  readonly expires: string;
  /** In which part of the boots it shows. */
  readonly rate: number;
}

/** A signature that is a known issue: it is shown and decides nothing. */
export interface KnownSighting extends Omit<KnownIssue, 'signature'> {
  /** Arms whose boots show it more often than its rate explains, at the usual level. */
  readonly exceededOn: readonly ('base' | 'patched')[];
}

/** One signature, on the base and on the patched kernel. */
export interface SignatureVerdict {
  readonly signature: string;
  readonly title: string;
  readonly kind: 'splat' | 'expectation' | 'death' | 'subtest';
  readonly comparison: Comparison;
  readonly base: ArmCount;
  /** Null where there is only one arm. */
  readonly patched: ArmCount | null;
  /** Absent where nothing is compared. */
  readonly test?: SignatureTest;
  /** Absent where nobody knows of it. */
  readonly known?: KnownSighting;
  /** Set where these are the trials in which windows of the kernel were widened; those without are a row of their own. */
  readonly widened?: true;
  /** Trial ids in which it was seen, the base's first. */
  readonly trials: readonly string[];
}

/** What the trials of one arm would have shown. */
export interface ArmPower {
  readonly trials: number;
  readonly boots: number;
  /** The lowest rate of a fault that they would have shown at least once, with 95 % confidence. */
  readonly detects: number;
}

export interface ScenarioVerdict {
  readonly scenario: string;
  readonly comparison: Comparison;
  readonly reason: string;
  readonly signatures: readonly SignatureVerdict[];
  /** What its conclusive trials would have shown. `patched` is null where there is only one arm. Absent in older runs. */
  readonly power?: { readonly base: ArmPower; readonly patched: ArmPower | null };
  /** What the tests of the suites came to that it ran; absent where it ran none. */
  readonly subtests?: SubtestsVerdict;
  /** Which of the changed functions ran in its trials. Absent where none were to be counted. */
  readonly coverage?: CoverageVerdict;
}

/**
 * What became of one test of a suite. `vanished`: it ran on the base and not on the patched kernel, although nobody skipped
 * it; `skipped`: it did not run on the patched kernel, as the suite says; `new`: it ran on the patched kernel alone. With
 * one arm a test is failing, skipped or passing.
 */
export type SubtestChange =
  | 'newlyFailing'
  | 'vanished'
  | 'failingOnBoth'
  | 'failing'
  | 'newlyPassing'
  | 'skipped'
  | 'new'
  | 'passing';

/** One test of a suite, on the base and on the patched kernel: the worst that any conclusive trial saw, or null for none. */
export interface SubtestVerdict {
  readonly name: string;
  readonly change: SubtestChange;
  readonly base: SubtestOutcome | null;
  /** Null also where there is only one arm. */
  readonly patched: SubtestOutcome | null;
  /** Why, in the suite's own words, from the arm that the change is about; null where it says nothing. */
  readonly reason: string | null;
}

/** All tests of the suites that a scenario ran. */
export interface SubtestsVerdict {
  /** How many there are of each kind; kinds without any are absent. */
  readonly counts: Readonly<Partial<Record<SubtestChange, number>>>;
  /** At most `MAXIMUM_TRIAL_SUBTESTS`, those that matter most first. */
  readonly tests: readonly SubtestVerdict[];
}

const CHANGED: Readonly<Record<SubtestChange, string>> = {
  newlyFailing: 'newly failing',
  vanished: 'vanished',
  failingOnBoth: 'failing on both',
  failing: 'failing',
  newlyPassing: 'newly passing',
  skipped: 'skipped',
  new: 'new',
  passing: 'passing',
};

/** Kinds of change, those that matter most first. */
export const SUBTEST_CHANGES = Object.keys(CHANGED) as readonly SubtestChange[];

/** A kind of change in words for people. */
export function changeWords(change: SubtestChange): string {
  return CHANGED[change];
}

const COMPARED: Readonly<Record<Comparison, string>> = {
  fixed: 'fixed',
  notFixed: 'not fixed',
  faulty: 'fault seen',
  regressed: 'regressed',
  clean: 'clean on both',
  skipped: 'skipped',
  notReproduced: 'not reproduced',
  inconclusive: 'inconclusive',
};

const ALONE: Readonly<Record<Comparison, string>> = { ...COMPARED, clean: 'clean' };

/** Comparisons in words for people; with one arm nothing was compared, and the words do not say so. */
export function comparisonWords(arms: number): Readonly<Record<Comparison, string>> {
  return arms === 1 ? ALONE : COMPARED;
}

/** What one scenario showed on one arm of a per-patch run. */
export type PatchState = 'good' | 'bad' | 'undecided' | 'notBuilt' | 'notRun' | 'skipped';

/** One scenario along the series: a state for each arm, in the series' order. */
export interface PatchRow {
  readonly scenario: string;
  readonly states: readonly PatchState[];
  /** For each arm, how many of its conclusive trials showed a fault. Absent in older runs. */
  readonly counts?: readonly { readonly seen: number; readonly trials: number }[];
  /** Number of the patch from which on the base's complaints are gone, or null. */
  readonly fixedBy: number | null;
  /** Number of the patch with which something came that the base has not, or null. */
  readonly brokenBy: number | null;
  /** One line: `fixed by 8/10`, `broken by 10/10: WARNING in f`. */
  readonly reason: string;
}

/** Where in the series each fault dies or is born. */
export interface PerPatchGrid {
  /** Names of the arms, the base first. */
  readonly arms: readonly string[];
  /** Whether each arm's kernel came up; null where no trial tells. */
  readonly boots: readonly (boolean | null)[];
  readonly rows: readonly PatchRow[];
  /** Numbers of the patches after which the kernel does not compile, does not boot, or has a fault that neither end has. */
  readonly notBisectableAt: readonly number[];
}

/** The answer to one request. */
export interface CampaignVerdict {
  readonly format: 1;
  readonly comparison: Comparison;
  readonly reason: string;
  readonly scenarios: readonly ScenarioVerdict[];
  /** Set when each prefix of the series was an arm. */
  readonly perPatch: PerPatchGrid | null;
  /** Changed files of the kernel's code that the last arm did not compile. Absent where there is none. */
  readonly notCompiled?: readonly string[];
  /** Which of the changed functions ran in any trial. Absent where none were to be counted. */
  readonly coverage?: CoverageVerdict;
  /** Exit code of the command line: 0 as it should be, 1 negative, 69 when the lab left it undecided. */
  readonly exitCode: 0 | 1 | 69;
}

/** What a campaign's clones came to, and whether machines that were booted say the same. */
export interface CloneSummary {
  /** Trials in clones. */
  readonly clones: number;
  /** Trials that had a clone coming and were booted instead, each with the reason. */
  readonly fellBack: readonly { readonly trial: string; readonly reason: string }[];
  /** Control trials in booted machines that had clones of the same scenario and arm to be compared with. */
  readonly compared: number;
  /** Those that came to something which no such clone came to, in words. */
  readonly disagreements: readonly { readonly control: string; readonly reason: string }[];
}
