// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Kernel, Series } from '../model/index.ts';
import { aTrial, aVerdict } from '../testing/index.ts';
import { type CampaignAccount, campaignRecord } from './index.ts';

function aKernel(digest: string): Kernel {
  const path = `/cache/${digest}`;
  return {
    digest,
    name: 'sample',
    arch: 'x86_64',
    release: '5.10.223',
    bootDigest: 'b'.repeat(64),
    bootImage: `${path}/bzImage`,
    vmlinux: `${path}/vmlinux`,
    modules: path,
    config: `${path}/.config`,
    source: '/cache/source',
    compiler: 'gcc 12',
    commit: 'c0ffee',
  };
}

const series: Series = {
  title: 'a sample series',
  version: 2,
  cover: null,
  patches: [
    {
      number: 1,
      subject: 'one',
      author: 'A <a@example.org>',
      date: 'Mon, 1 Jan 2024 10:00:00 +0000',
      messageId: '<1@example.org>',
      headers: [],
      message: 'secret bulk',
      diff: new Uint8Array(),
      files: ['a.c'],
    },
  ],
  baseCommit: null,
  digest: 'ab'.repeat(32),
  origin: 'sample.mbox',
  notes: ['sorted'],
};

const account: CampaignAccount = {
  title: 'a sample series',
  request: { scenarios: ['plain'] },
  seed: 7,
  repeatCommand: 'ktrial run sample.mbox',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 1000,
  versions: { ktrial: '0.1.0', qemu: null },
  host: { cpus: 2 },
  series,
  kernels: { base: aKernel('aa'), patched: aKernel('bb') },
  l2: { tiny: aKernel('aa') },
  image: null,
  builds: [],
  applied: [],
  newDiagnostics: [],
  notes: ['patch 1 was merged three ways'],
  rejection: null,
  trials: [aTrial('plain.base.1')],
  verdict: aVerdict([]),
};

t.test('a record survives JSON, names its format, and repeats the run', async (t) => {
  const record = JSON.parse(JSON.stringify(campaignRecord(account)));
  t.equal(record.format, 1);
  t.equal(record.repeat, 'ktrial run sample.mbox');
  t.equal(record.seed, 7);
  t.strictSame(record.verdict, account.verdict);
  t.strictSame(record.trials, account.trials);
  t.strictSame(record.notes, account.notes);
});

t.test('each kernel stands once under its digest, and arms name digests', async (t) => {
  const record = JSON.parse(JSON.stringify(campaignRecord(account)));
  t.strictSame(record.arms, { base: 'aa', patched: 'bb' });
  t.strictSame(record.l2, { tiny: 'aa' });
  t.strictSame(Object.keys(record.kernels), ['aa', 'bb']);
});

t.test('patches are named without their mails, and a run of the base alone has no series', async (t) => {
  const text = JSON.stringify(campaignRecord(account));
  t.match(text, /"messageId":"<1@example.org>","files":\["a\.c"\]/);
  t.notMatch(text, /secret bulk/);
  t.match(text, new RegExp(series.digest));
  t.match(campaignRecord({ ...account, series: null, verdict: null }), { series: null, verdict: null });
});
