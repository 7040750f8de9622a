// SPDX-License-Identifier: MIT
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists, runCommand, startDaemon, writeFileAtomic } from '../host/index.ts';
import { Fault, PANIC_BEGINS } from '../model/index.ts';
import { buildProbeArgv, QEMU } from './argv.ts';
import type { Accelerator } from './spec.ts';

export interface ProbeOptions {
  /** Where the answer is kept until the computer restarts. */
  readonly cacheDirectory: string;
  /** A kernel to boot. Without one nothing new can be shown: an earlier answer is taken, or TCG. */
  readonly bootImage?: string | null | undefined;
  readonly signal?: AbortSignal;
}

/** How long a kernel may take to its first words, and from power-on until it looks for its root, in milliseconds. */
const FIRST_WORDS_MS = 15_000;
const BOOT_MS = 60_000;
/** The end of a boot without a root file system: memory, interrupts, the second CPU and all drivers have been through. */
const NO_ROOT = /VFS: Unable to mount root fs/;

/**
 * Chooses KVM when a whole kernel has really booted under it, and multi-threaded TCG otherwise; never rejects for what
 * the probe finds. `/dev/kvm` alone proves nothing: it can open, answer and create a VM on a computer where QEMU then
 * stops with an emulation failure at the kernel's first steps.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<Accelerator> {
  if (!(await exists('/dev/kvm'))) return tcg('there is no /dev/kvm');
  const denied = await open('/dev/kvm', 'r+').then(
    (file) => file.close().then(() => null),
    (error: NodeJS.ErrnoException) => `/dev/kvm cannot be opened: ${error.code}`,
  );
  if (denied !== null) return tcg(denied);
  const key = await probeKey();
  const path = join(options.cacheDirectory, 'accelerator.json');
  const known = await readKnown(path);
  if (known?.key === key) return known.accelerator;
  if (!options.bootImage) return tcg('no kernel has been built yet, so none has been booted under KVM');
  const tried = await tryBoot('kvm', options.bootImage, options.signal);
  if (tried.ok) return keep(path, key, { kind: 'kvm', reason: tried.words });
  // A kernel that boots nowhere says nothing about KVM: the next one shall be asked again.
  const control = await tryBoot('tcg', options.bootImage, options.signal);
  if (!control.ok) return tcg(`${tried.words}; nor did that kernel boot under emulation`);
  return keep(path, key, tcg(tried.words));
}

async function keep(path: string, key: string, accelerator: Accelerator): Promise<Accelerator> {
  await writeFileAtomic(path, `${JSON.stringify({ key, accelerator })}\n`);
  return accelerator;
}

/** Changes with the computer's start and with QEMU: what was found before then says nothing any more. */
async function probeKey(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const { stdout } = await runCommand(QEMU, ['--version']);
  return `3 ${boot.trim()} ${stdout.split('\n')[0]}`;
}

async function readKnown(
  path: string,
): Promise<{ readonly key: string; readonly accelerator: Accelerator } | null> {
  const text = await readFile(path, 'utf8').catch(() => 'null');
  try {
    return JSON.parse(text) as { readonly key: string; readonly accelerator: Accelerator } | null;
  } catch {
    return null;
  }
}

/** Whether a kernel boots, on two CPUs and without a root file system, until it looks for one; and in words what was seen. */
export async function tryBoot(
  kind: Accelerator['kind'],
  bootImage: string,
  signal?: AbortSignal,
): Promise<{ readonly ok: boolean; readonly words: string }> {
  const scratch = await mkdtemp(join(tmpdir(), 'ktrial-probe-'));
  const console = join(scratch, 'console');
  const log = join(scratch, 'qemu');
  const startedAt = performance.now();
  const daemon = await startDaemon(buildProbeArgv(kind, bootImage, console), log);
  let over = false;
  void daemon.ended.then(() => {
    over = true;
  });
  try {
    for (;;) {
      const wasOver = over;
      const said = await readFile(console, 'latin1').catch(() => '');
      const elapsedMs = Math.round(performance.now() - startedAt);
      if (PANIC_BEGINS.test(said) && NO_ROOT.test(said))
        return { ok: true, words: `a kernel booted under it in ${elapsedMs} ms` };
      const words = firstComplaint(await readFile(log, 'utf8').catch(() => ''));
      const far = said === '' ? 'it said nothing' : 'it did not get to its root file system';
      if (wasOver) return { ok: false, words: `QEMU ended at once under ${kind}: ${words || far}` };
      if (/internal.error|emulation failure/i.test(words))
        return { ok: false, words: `${kind} is there and runs no kernel: ${words}` };
      const limitMs = said === '' ? FIRST_WORDS_MS : BOOT_MS;
      if (elapsedMs > limitMs)
        return { ok: false, words: `${kind} is there and runs no kernel: ${far} in ${limitMs / 1000} s` };
      if (signal?.aborted)
        throw new Fault({
          blame: 'request',
          code: 'HOST_INTERRUPTED',
          message: 'interrupted while looking for an accelerator',
        });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    daemon.kill('SIGKILL');
    await daemon.ended;
    await rm(scratch, { recursive: true, force: true });
  }
}

function firstComplaint(log: string): string {
  const lines = log.trim().split('\n');
  return lines.find((line) => !/warning:/.test(line)) ?? '';
}

function tcg(reason: string): Accelerator {
  return { kind: 'tcg', reason };
}
