// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CampaignRequest } from '../campaign/index.ts';
import { DEFAULT_TRIALS, type Series } from '../model/index.ts';
import { readSeries } from '../series/index.ts';
import { aScenario } from './fake-lab.ts';

/** One patch of a series: a file of the tree, before and after it. */
export interface PatchShape {
  readonly subject: string;
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** A series as it would come by mail; `headers` are those of its first mail. */
export function aSeries(patches: readonly PatchShape[], trailer = ''): Promise<Series> {
  const mails = patches.map(({ subject, ...change }, index) =>
    [
      'From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001',
      'From: Ann Example <ann@example.org>',
      `Date: Mon, 1 Jan 2024 10:00:0${index} +0000`,
      `Message-ID: <${index + 1}@example.org>`,
      `Subject: [PATCH ${index + 1}/${patches.length}] ${subject}`,
      '',
      'Why.',
      '---',
      `${diffOf(change)}--`,
      '2.39.5',
      trailer,
      '',
    ].join('\n'),
  );
  return readSeries({ kind: 'bytes', bytes: Buffer.from(mails.join('')), name: 'standard input' });
}

function diffOf({ file, before, after }: Omit<PatchShape, 'subject'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'ktrial-diff-'));
  for (const [side, text] of Object.entries({ a: before, b: after })) {
    const path = join(directory, side, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const args = ['diff', '--no-index', '--no-prefix', '--full-index', `a/${file}`, `b/${file}`];
  const { stdout } = spawnSync('git', args, { cwd: directory, encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  return stdout;
}

/** A request for the base alone with one scenario `s`, once; `part` says what differs. */
export function aCampaignRequest(part: Partial<CampaignRequest> = {}): CampaignRequest {
  return {
    title: 'a sample',
    series: null,
    kernel: {
      name: 'small',
      description: 'a kernel of tests',
      arch: 'x86_64',
      source: { directory: '/nowhere/linux' },
      config: {
        base: 'allnoconfig',
        file: null,
        fragments: [{ path: '/nowhere/a.config', name: null }],
        options: {},
      },
      toolchain: 'gcc',
      patches: [],
      modules: true,
      path: '/nowhere/small.yaml',
    },
    notes: [],
    baseCommit: null,
    arms: 'pair',
    mirror: null,
    allowUnsandboxed: false,
    scenarios: [aScenario('steps:\n  - run: "true"\n')],
    image: '/nowhere/guest.yaml',
    repeat: 1,
    ...DEFAULT_TRIALS,
    knownIssues: [],
    seed: 7,
    cold: true,
    clonesPerControl: 0,
    jobs: 1,
    repeatCommand: 'ktrial run series.mbox',
    ...part,
  };
}
