// SPDX-License-Identifier: MIT
import { chmodSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import t from 'tap';
import { DEFAULT_TRIALS } from '../model/index.ts';
import { aCampaignRequest, aSeries } from '../testing/request.ts';
import { recordRequest, restoreRequest } from './request-record.ts';

const series = await aSeries([
  { subject: 'core: two', file: 'core.c', before: 'one\n', after: 'two\n' },
  { subject: 'core: three', file: 'core.c', before: 'two\n', after: 'three\n' },
]);
const request = aCampaignRequest({
  series,
  baseCommit: 'v5.10',
  arms: 'per-patch',
  mirror: 'http://127.0.0.1/debian',
  jobs: 3,
});

t.test('what a resumed run needs of its request survives the journal', async (t) => {
  const record = await recordRequest(request, 'id', '1.2.3');
  const restored = restoreRequest(JSON.parse(JSON.stringify(record)), series);
  const { kernel, baseCommit, arms, mirror, image, jobs } = request;
  t.match(restored, { series, kernel, baseCommit, arms, mirror, image, jobs });
  t.equal(restoreRequest(record, null).series, null);
});

t.test('a record says what was asked for, and which computer and programs it was asked of', async (t) => {
  const { kernel, baseCommit, arms, mirror, image, jobs } = request;
  const record = await recordRequest(request, 'id', '1.2.3');
  t.strictSame(record, {
    id: 'id',
    title: 'a sample',
    series: {
      title: series.title,
      version: 1,
      digest: series.digest,
      baseCommit: null,
      origin: 'standard input',
      patches: [1, 2].map((number) => ({
        number,
        subject: number === 1 ? 'core: two' : 'core: three',
        author: 'Ann Example <ann@example.org>',
        messageId: `<${number}@example.org>`,
        files: ['core.c'],
      })),
    },
    kernel,
    options: {
      notes: [],
      allowUnsandboxed: false,
      baseCommit,
      arms,
      mirror,
      image,
      repeat: 1,
      ...DEFAULT_TRIALS,
      cold: true,
      clonesPerControl: 0,
      jobs,
    },
    seed: 7,
    repeat: 'ktrial run series.mbox',
    versions: record.versions,
    host: {
      arch: arch(),
      kernel: release(),
      cpus: availableParallelism(),
      memoryMib: Math.round(totalmem() / 2 ** 20),
    },
  });
  t.equal((await recordRequest(aCampaignRequest(), 'id', '')).series, null);
});

t.test('programs are known by the first line that they print; one that is missing is null', async (t) => {
  const bin = t.testdir({});
  const { PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  for (const [name, script] of [
    ['gcc', 'echo "gcc: $1"; echo more'],
    ['git', 'echo "git $1"; exit 1'],
  ] as const) {
    writeFileSync(`${bin}/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${bin}/${name}`, 0o755);
  }
  process.env.PATH = bin;
  t.strictSame((await recordRequest(request, 'id', '1.2.3')).versions, {
    ktrial: '1.2.3',
    node: process.version,
    qemu: null,
    compiler: 'gcc: --version',
    linker: null,
    git: 'git --version',
  });
  writeFileSync(`${bin}/qemu-system-x86_64`, '#!/bin/sh\necho QEMU 7.2\n');
  chmodSync(`${bin}/qemu-system-x86_64`, 0o755);
  t.equal((await recordRequest(request, 'id', '')).versions.qemu, 'QEMU 7.2');
});
