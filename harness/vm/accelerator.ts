// SPDX-License-Identifier: MIT
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists, runCommand, startDaemon, writeFileAtomic } from '../host/index.ts';
import { QEMU } from './argv.ts';
import type { Accelerator } from './spec.ts';

export interface ProbeOptions {
  /** Where the answer is kept until the computer restarts. */
  readonly cacheDirectory: string;
  /** A kernel to boot; without one nothing can be shown, and TCG is chosen. */
  readonly bootImage: string | null;
  readonly signal?: AbortSignal;
}

/** How long a kernel may take to its first words under KVM, in milliseconds. A real one needs less than two seconds. */
const FIRST_WORDS_MS = 20_000;

/**
 * Chooses KVM when a kernel has really spoken under it, and multi-threaded TCG otherwise.
 * `/dev/kvm` alone proves nothing: it can open, answer and create a VM on a computer where no kernel then runs.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<Accelerator> {
  if (!(await exists('/dev/kvm'))) return tcg('there is no /dev/kvm');
  const denied = await open('/dev/kvm', 'r+').then(
    (file) => file.close().then(() => null),
    (error: NodeJS.ErrnoException) => `/dev/kvm cannot be opened: ${error.code}`,
  );
  if (denied !== null) return tcg(denied);
  if (options.bootImage === null)
    return tcg('no kernel has been built yet, so none has been booted under KVM');
  const key = await probeKey();
  const path = join(options.cacheDirectory, 'accelerator.json');
  const known = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as { readonly key: string; readonly accelerator: Accelerator },
    () => null,
  );
  if (known?.key === key) return known.accelerator;
  const accelerator = await tryKvm(options.bootImage);
  await writeFileAtomic(path, `${JSON.stringify({ key, accelerator })}\n`);
  return accelerator;
}

async function probeKey(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const { stdout } = await runCommand(QEMU, ['--version']);
  return `1 ${boot.trim()} ${stdout.split('\n')[0]}`;
}

async function tryKvm(bootImage: string): Promise<Accelerator> {
  const scratch = await mkdtemp(join(tmpdir(), 'ktrial-probe-'));
  const console = join(scratch, 'console');
  const log = join(scratch, 'qemu');
  const argv = [
    QEMU,
    ...[
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-machine',
      'q35',
      '-accel',
      'kvm',
      '-cpu',
      'host',
      '-m',
      '512M',
      '-no-reboot',
    ],
    ...['-kernel', bootImage, '-append', 'earlycon=uart8250,io,0x3f8,115200 console=ttyS0 panic=-1'],
    ...['-serial', `file:${console}`, '-monitor', 'none'],
  ];
  const startedAt = performance.now();
  const daemon = await startDaemon(argv, log);
  let over = false;
  void daemon.ended.then(() => {
    over = true;
  });
  try {
    for (;;) {
      const said = await readFile(console, 'latin1').catch(() => '');
      if (/Linux version \d/.test(said))
        return {
          kind: 'kvm',
          reason: `a kernel spoke under KVM after ${Math.round(performance.now() - startedAt)} ms`,
        };
      const words =
        (await readFile(log, 'utf8').catch(() => ''))
          .trim()
          .split('\n')
          .filter((line) => !/warning:/.test(line))[0] ?? '';
      if (over) return tcg(`QEMU ended at once under KVM: ${words}`);
      if (/internal.error|emulation failure/i.test(words))
        return tcg(`KVM is there and runs no kernel: ${words}`);
      if (performance.now() - startedAt > FIRST_WORDS_MS)
        return tcg(`KVM is there and runs no kernel: not a word in ${FIRST_WORDS_MS / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    daemon.kill('SIGKILL');
    await daemon.ended;
    await rm(scratch, { recursive: true, force: true });
  }
}

function tcg(reason: string): Accelerator {
  return { kind: 'tcg', reason };
}
