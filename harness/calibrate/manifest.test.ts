// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import { parseManifest } from './manifest.ts';

const BUG = 'name: bug, class: deterministic, breaks: all, patch: bug.patch, scenario: bug.yaml';
const RARE = 'name: seldom, class: rare, breaks: some, patch: seldom.patch, scenario: bug.yaml, rate: 0.2';
const NONE = 'name: none, class: none, breaks: nothing, patch: none.patch';

function manifest(...seeds: readonly string[]): string {
  return `kernel: mine\nseeds:\n${seeds.map((one) => `  - {${one}}\n`).join('')}`;
}

function messagesOf(text: string): readonly string[] {
  const parsed = parseManifest(text, 'seeds.yaml');
  return parsed.ok ? [] : parsed.diagnostics.map((one) => `${one.span.line}: ${one.code}: ${one.message}`);
}

t.test('a manifest has seeds with and without a rate, and one without a bug', async (t) => {
  const parsed = parseManifest(manifest(BUG, RARE, NONE), 'seeds.yaml');
  if (!parsed.ok) return t.fail('it was refused');
  t.equal(parsed.manifest.kernel, 'mine');
  t.strictSame(
    parsed.manifest.seeds.map(({ name, scenario, rate }) => ({ name, scenario, rate })),
    [
      { name: 'bug', scenario: 'bug.yaml', rate: null },
      { name: 'seldom', scenario: 'bug.yaml', rate: 0.2 },
      { name: 'none', scenario: null, rate: null },
    ],
  );
});

t.test('each mistake of a manifest is named with its line', async (t) => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['two seeds of one name', manifest(BUG, BUG), /^4: DUPLICATE_NAME: .*bug/],
    ['a rare seed without a rate', manifest(RARE.replace(', rate: 0.2', '')), /^3: MISSING_KEY: got no rate/],
    ['a rate of a seed that is not rare', manifest(`${BUG}, rate: 0.2`), /^3: CONTRADICTION: got a rate/],
    ['a rate of 1', manifest(RARE.replace('0.2', '1')), /^3: OUT_OF_RANGE/],
    [
      'a bug without a scenario',
      manifest(BUG.replace(', scenario: bug.yaml', '')),
      /^3: MISSING_KEY: got no scenario/,
    ],
    [
      'a scenario without a bug',
      manifest(BUG, `${NONE}, scenario: bug.yaml`),
      /^4: CONTRADICTION: got a scenario/,
    ],
    ['no bug at all', manifest(NONE), /PROVES_NOTHING/],
    ['a class that there is not', manifest(BUG.replace('deterministic', 'certain')), /^3: WRONG_VALUE/],
    ['what is to be found', manifest(`${BUG}, verdict: regressed`), /^3: UNKNOWN_KEY/],
    ['a name that is no name of a directory', manifest(BUG.replace('bug,', '../bug,')), /^3: WRONG_FORM/],
  ];
  for (const [what, text, expected] of rows) {
    const messages = messagesOf(text);
    t.ok(
      messages.some((one) => expected.test(one)),
      `${what}: ${messages.join('; ')}`,
    );
  }
});

t.test('the manifest that ktrial brings has bugs of every class, and a seed without one', async (t) => {
  const path = join(PROJECT_ROOT, 'kernels/mdev/seeds/seeds.yaml');
  const parsed = parseManifest(readFileSync(path), path);
  if (!parsed.ok) return t.fail(parsed.diagnostics.map((one) => one.message).join('\n'));
  const { seeds } = parsed.manifest;
  t.strictSame([...new Set(seeds.map((one) => one.class))], ['deterministic', 'widened', 'rare', 'none']);
  t.strictSame(
    seeds.flatMap(({ rate }) => (rate === null ? [] : [rate])),
    [0.2, 0.05],
  );
});
