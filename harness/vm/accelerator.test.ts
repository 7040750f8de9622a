// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { judgeBoot, readResult } from './accelerator.ts';

const ROOT_PANIC =
  '[    2.100000] VFS: Cannot open root device "vda"\r\n' +
  '[    2.100000][    T1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n';

t.test('an attempt is decided by the first thing that decides it', async (t) => {
  const nothing = { output: '', error: '', ended: false, elapsedMs: 1_000 };
  const rows: [string, Partial<typeof nothing>, { ok: boolean; reason: RegExp } | null][] = [
    ['the root panic', { output: ROOT_PANIC }, { ok: true, reason: /booted under it in 1000 ms/ }],
    ['the root panic, and QEMU is gone', { output: ROOT_PANIC, ended: true }, { ok: true, reason: /booted/ }],
    ['still booting', { output: '[    0.000000] Linux version' }, null],
    ['no output yet', { elapsedMs: 15_000 }, null],
    ['no output for too long', { elapsedMs: 15_001 }, { ok: false, reason: /printed nothing in 15 s/ }],
    [
      'stuck in the middle',
      { output: '[    0.000000] Linux', elapsedMs: 60_001 },
      { ok: false, reason: /root file system in 60 s/ },
    ],
    [
      'another panic',
      { output: '[    0.1] Kernel panic - not syncing: IO-APIC', ended: true },
      { ok: false, reason: /exited at once/ },
    ],
    [
      'an emulation failure',
      { error: 'KVM internal error. Suberror: 1' },
      { ok: false, reason: /runs no kernel: KVM internal error/ },
    ],
    ['QEMU exits', { ended: true, error: 'no such file' }, { ok: false, reason: /exited at once.*no such/ }],
  ];
  for (const [what, signs, expected] of rows)
    t.match(judgeBoot('kvm', { ...nothing, ...signs }), expected as object, what);
});

t.test(
  'an earlier result is used for the same key alone, and a file that is damaged is ignored',
  async (t) => {
    const path = join(t.testdir(), 'accelerator.json');
    const good = { key: 'k', accelerator: { kind: 'kvm', reason: 'booted' } };
    t.equal(await readResult(path, 'k'), null, 'no file');
    await writeFile(path, JSON.stringify(good));
    t.strictSame(await readResult(path, 'k'), good.accelerator);
    t.equal(await readResult(path, 'other'), null);
    for (const damaged of [
      '',
      'null',
      '7',
      '[]',
      '{"key":"k"}',
      '{"key":"k","accelerator":null}',
      '{"key":"k","accelerator":{"kind":"xen","reason":"r"}}',
      JSON.stringify(good).slice(0, -5),
    ]) {
      await writeFile(path, damaged);
      t.equal(await readResult(path, 'k'), null, damaged);
    }
  },
);
