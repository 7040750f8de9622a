// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT, SAMPLE_STATES } from '../testing/index.ts';
import { REPORTERS } from './index.ts';
import type { ReportOptions } from './options.ts';

const DIRECTORY = join(PROJECT_ROOT, 'harness/report/testdata');
const OPTIONS: ReportOptions = { runDirectory: '/runs/1', color: false, columns: 100, verbose: false };
const REWRITE = process.env.TAP_SNAPSHOT === '1';
const FORMATS = { tap: 'tap', junit: 'xml', table: 'txt', markdown: 'md' } as const;

if (REWRITE) mkdirSync(DIRECTORY, { recursive: true });

for (const [name, state] of Object.entries(SAMPLE_STATES))
  t.test(
    `the reports of a campaign that is ${name} are as they were (TAP_SNAPSHOT=1 rewrites them)`,
    async (t) => {
      for (const [format, suffix] of Object.entries(FORMATS)) {
        const path = join(DIRECTORY, `${name}.${suffix}`);
        const text = REPORTERS[format as keyof typeof FORMATS](state, OPTIONS);
        if (REWRITE) writeFileSync(path, text);
        t.equal(text, readFileSync(path, 'utf8'), format);
      }
    },
  );

t.test('a state that went through JSON, as a journal has it, gives the same bytes', async (t) => {
  for (const [name, state] of Object.entries(SAMPLE_STATES))
    for (const reporter of Object.values(REPORTERS))
      t.equal(reporter(JSON.parse(JSON.stringify(state)), OPTIONS), reporter(state, OPTIONS), name);
});

t.test('JSON is the state itself', async (t) => {
  for (const state of Object.values(SAMPLE_STATES)) {
    const text = REPORTERS.json(state, OPTIONS);
    t.strictSame(JSON.parse(text), JSON.parse(JSON.stringify(state)));
    t.match(text, /^\{\n {2}"format": 2,\n[\s\S]*\n\}\n$/);
  }
});

t.test('colour changes no character that is seen', async (t) => {
  for (const state of Object.values(SAMPLE_STATES)) {
    const colored = REPORTERS.table(state, { ...OPTIONS, color: true });
    t.match(colored, /\u001b\[/);
    t.equal(colored.replace(/\u001b\[[0-9;]*m/g, ''), REPORTERS.table(state, OPTIONS));
  }
});

/** The same value with a text behind every string that comes from outside: names, titles, reasons, notes, paths. */
function taint(value: unknown, text: string, key = ''): unknown {
  const CLOSED =
    /^(comparison|kind|status|outcome|blame|phase|severity|how|states|boot|change|startedAt|endedAt)$/;
  if (typeof value === 'string') return CLOSED.test(key) ? value : `${value}${text}`;
  if (Array.isArray(value)) return value.map((one) => taint(one, text, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, taint(one, text, name)]));
}

t.test('no text from outside can give orders to a terminal, in any format', async (t) => {
  const hostile = '\u001b[2J\u009b1m\u0007\r\u0000\u202e\u2028x';
  for (const [name, state] of Object.entries(SAMPLE_STATES)) {
    const tainted = taint(state, hostile) as typeof state;
    for (const [format, reporter] of Object.entries(REPORTERS)) {
      if (format === 'json') continue;
      const text = reporter(tainted, { ...OPTIONS, runDirectory: `/runs/1${hostile}` });
      t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/, `${name} ${format}`);
      t.match(text, /x/);
    }
  }
});
