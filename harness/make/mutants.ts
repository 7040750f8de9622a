// SPDX-License-Identifier: MIT

/** A mutant that no test can kill, because it behaves like the original. */
export interface EquivalentMutant {
  readonly file: string;
  /** The source line on which the mutated code begins, without its indentation. */
  readonly line: string;
  readonly replacement: string;
  readonly why: string;
}

/** These do not count in the score of `make mutate`. One that is killed, or no longer there, is reported. */
export const EQUIVALENT_MUTANTS: readonly EquivalentMutant[] = [
  {
    file: 'harness/campaign/quote.ts',
    line: 'if (base === null || other === null) return new Map();',
    replacement: 'false',
    why: 'git knows no such commit, and then nothing is marked',
  },
  {
    file: 'harness/campaign/quote.ts',
    line: 'if (base === null || other === null) return new Map();',
    replacement: 'base === null && other === null',
    why: 'git knows no such commit, and then nothing is marked',
  },
  {
    file: 'harness/campaign/quote.ts',
    line: 'const text = texts.get(path) ?? readSourceText(repository, commit, path).catch(() => null);',
    replacement: '() => undefined',
    why: 'nobody tells it from null',
  },
  {
    file: 'harness/campaign/quote.ts',
    line: 'const tip = applied?.at(-1)?.commit ?? null;',
    replacement: 'applied?.at(-1).commit',
    why: 'what it throws is taken as no changes',
  },
  {
    file: 'harness/campaign/quote.ts',
    line: 'const tip = applied?.at(-1)?.commit ?? null;',
    replacement: 'applied.at',
    why: 'what it throws is taken as no changes',
  },
  {
    file: 'harness/campaign/run-directory.ts',
    line: 'return (await stat(path).catch(() => null))?.isFile() === true;',
    replacement: '() => undefined',
    why: 'neither is a file',
  },
  {
    file: 'harness/campaign/arms.ts',
    line: 'if (!arm) return [];',
    replacement: '["Stryker was here"]',
    why: 'no diagnostic is equal to it',
  },
  {
    file: 'harness/campaign/inputs.ts',
    line: 'const there = await stat(path).catch(() => null);',
    replacement: '() => undefined',
    why: 'it is only asked whether there is one',
  },
  {
    file: 'harness/campaign/inputs.ts',
    line: "repository: resolve(place.workingDirectory, repository ?? '.'),",
    replacement: '""',
    why: 'an empty path is the same directory',
  },
  {
    file: 'harness/campaign/request-record.ts',
    line: '() => null,',
    replacement: '() => undefined',
    why: 'what is undefined becomes null below',
  },
  {
    file: 'harness/campaign/scenarios.ts',
    line: "const value = match[2] ?? '';",
    replacement: '"Stryker was here!"',
    why: 'a match always has its second group',
  },
  {
    file: 'harness/campaign/name-lines.ts',
    line: 'const files = new Set((state.applied ?? []).flatMap((patch) => patch.files));',
    replacement: '["Stryker was here"]',
    why: 'no frame is in a file without a name',
  },
  {
    file: 'harness/campaign/conclude.ts',
    line: "const [base, tip] = [state.arms[0]?.name ?? 'base', state.arms.at(-1)?.name ?? 'base'];",
    replacement: "state.arms[0]?.name && 'base'",
    why: 'the first arm of every plan is called base',
  },
  {
    file: 'harness/campaign/conclude.ts',
    line: "const [base, tip] = [state.arms[0]?.name ?? 'base', state.arms.at(-1)?.name ?? 'base'];",
    replacement: 'state.arms[0].name',
    why: 'every plan has an arm',
  },
  {
    file: 'harness/campaign/conclude.ts',
    line: "const [base, tip] = [state.arms[0]?.name ?? 'base', state.arms.at(-1)?.name ?? 'base'];",
    replacement: 'state.arms.at(-1).name',
    why: 'every plan has an arm',
  },
  {
    file: 'harness/campaign/conclude.ts',
    line: "const [base, tip] = [state.arms[0]?.name ?? 'base', state.arms.at(-1)?.name ?? 'base'];",
    replacement: '""',
    why: 'every plan has an arm',
  },
  {
    file: 'harness/campaign/state.ts',
    line: "const base = state.plan.arms[0]?.name ?? 'base';",
    replacement: "state.plan.arms[0]?.name && 'base'",
    why: 'the first arm of every plan is called base',
  },
  {
    file: 'harness/campaign/state.ts',
    line: "const base = state.plan.arms[0]?.name ?? 'base';",
    replacement: '""',
    why: 'every plan has an arm',
  },
  {
    file: 'harness/campaign/state.ts',
    line: 'return result === undefined || result === trial.result ? trial : { ...trial, result };',
    replacement: 'false',
    why: 'a copy of a trial with the same result is the same value',
  },
  {
    file: 'harness/campaign/state.ts',
    line: 'if (kernel || arm !== state.arms.at(-1)?.name) return next;',
    replacement: 'state.arms.at(-1).name',
    why: 'every plan has an arm',
  },
  {
    file: 'harness/campaign/state.ts',
    line: 'const isLost = (digest: string | undefined) => digest !== undefined && lost.includes(digest);',
    replacement: 'true',
    why: 'no digest in the list is undefined',
  },
  {
    file: 'harness/splat/follow.ts',
    line: 'const recent: number[] = [];',
    replacement: '["Stryker was here"]',
    why: 'no splat has such an index, and a flood drops it first',
  },
  {
    file: 'harness/splat/follow.ts',
    line: 'return one !== undefined && BREAKING.test(one.splat.title);',
    replacement: 'true',
    why: 'every index in the list of roots has a splat',
  },
  {
    file: 'harness/splat/follow.ts',
    line: "const has = (one: Finished) => (one.splat.taint ?? '').split(' ').includes(letter);",
    replacement: '"Stryker was here!"',
    why: 'no word of it is the letter of a taint',
  },
  {
    file: 'harness/splat/follow.ts',
    line: "const has = (one: Finished) => (one.splat.taint ?? '').split(' ').includes(letter);",
    replacement: '""',
    why: 'taints are single letters',
  },
  {
    file: 'harness/splat/report.ts',
    line: ': { culprit: null, injected: false };',
    replacement: 'true',
    why: 'without a kind nobody looks at it',
  },
  {
    file: 'harness/splat/report.ts',
    line: 'if (!headline) return [];',
    replacement: 'false',
    why: 'every report has a headline',
  },
  {
    file: 'harness/splat/report.ts',
    line: 'if (!headline) return [];',
    replacement: '["Stryker was here"]',
    why: 'every report has a headline',
  },
  {
    file: 'harness/splat/truncation.ts',
    line: 'const promise = TRACE_PROMISE.exec(line.text)?.[1]?.toLowerCase();',
    replacement: 'TRACE_PROMISE.exec(line.text)?.[1]?.toUpperCase()',
    why: 'the case only has to be the same for all labels',
  },
  {
    file: 'harness/splat/truncation.ts',
    line: 'const promise = TRACE_PROMISE.exec(line.text)?.[1]?.toLowerCase();',
    replacement: 'TRACE_PROMISE.exec(line.text)?.[1].toLowerCase',
    why: 'the expression always has its first group',
  },
];
