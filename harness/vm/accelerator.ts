// SPDX-License-Identifier: MIT
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  emulatorOf,
  exists,
  hostArchitecture,
  makeScratch,
  runCommand,
  startDaemon,
  writeFileAtomic,
} from '../host/index.ts';
import { type Architecture, Fault, PANIC_BEGINS } from '../model/index.ts';
import { buildProbeArgv, PROBE_MIB } from './argv.ts';
import { confineProbe } from './confinement.ts';
import type { Accelerator } from './spec.ts';

export interface ProbeOptions {
  /** Where the result is kept until the computer reboots. */
  readonly cacheDirectory: string;
  /** Of the machines that are to run. Processors of another architecture than this computer's are always emulated. */
  readonly arch: Architecture;
  /** A kernel of this architecture to boot. Without one nothing new can be found out: an earlier result is used, or TCG. */
  readonly bootImage?: string | null | undefined;
  readonly signal?: AbortSignal;
}

/**
 * How long a kernel may take to its first output, and from power-on until it looks for its root, in milliseconds. Not scaled:
 * an accelerator that is slower than this under KVM is useless.
 */
const FIRST_OUTPUT_MS = 15_000;
const BOOT_MS = 60_000;
/** Between two looks at the console. */
const POLL_MS = 100;
/** The panic of a boot without disks: memory, interrupts, the second CPU and all drivers have been initialised by then. */
const NO_ROOT = /VFS: Unable to mount root fs/;
/** Grows when the probe itself changes. */
const PROBE_FORMAT = 4;

/**
 * Chooses KVM when a whole kernel has booted under it, and multi-threaded TCG otherwise; never rejects for what the probe
 * finds. `/dev/kvm` alone proves nothing: it can open, answer and create a VM on a computer where QEMU then stops with an
 * emulation failure at the kernel's first instructions.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<Accelerator> {
  const host = hostArchitecture();
  if (options.arch !== host) return tcg(`this computer has no processors of ${options.arch}`);
  if (!(await exists('/dev/kvm'))) return tcg('there is no /dev/kvm');
  const denied = await open('/dev/kvm', 'r+').then(
    (file) => file.close().then(() => null),
    (error: NodeJS.ErrnoException) => `/dev/kvm cannot be opened: ${error.code}`,
  );
  if (denied !== null) return tcg(denied);
  const key = await probeKey(host);
  const path = join(options.cacheDirectory, 'accelerator.json');
  const known = await readResult(path, key);
  if (known) return known;
  if (!options.bootImage) return tcg('no kernel has been built yet, so none has been booted under KVM');
  const tried = await tryBoot(host, 'kvm', options.bootImage, options.signal);
  if (tried.ok) return writeResult(path, key, { kind: 'kvm', reason: tried.reason });
  // A kernel that boots nowhere says nothing about KVM: the next kernel is tried again.
  const control = await tryBoot(host, 'tcg', options.bootImage, options.signal);
  if (!control.ok) return tcg(`${tried.reason}; that kernel did not boot under emulation either`);
  return writeResult(path, key, tcg(tried.reason));
}

/** Changes when the computer reboots and with QEMU: an earlier result is then worth nothing. */
async function probeKey(arch: Architecture): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const { stdout } = await runCommand(emulatorOf(arch), ['--version']);
  return `${PROBE_FORMAT} ${boot.trim()} ${stdout.split('\n')[0]}`;
}

async function writeResult(path: string, key: string, accelerator: Accelerator): Promise<Accelerator> {
  // What cannot be written down is found out again: no reason to fail.
  await writeFileAtomic(path, `${JSON.stringify({ key, accelerator })}\n`).catch(() => {});
  return accelerator;
}

/** An earlier result for the same key; null when there is none or the file cannot be read. */
export async function readResult(path: string, key: string): Promise<Accelerator | null> {
  const text = await readFile(path, 'utf8').catch(() => 'null');
  try {
    const known = JSON.parse(text) as { readonly key?: unknown; readonly accelerator?: Partial<Accelerator> };
    const { kind, reason } = known.accelerator ?? {};
    if (known.key !== key || (kind !== 'kvm' && kind !== 'tcg') || typeof reason !== 'string') return null;
    return { kind, reason };
  } catch {
    return null;
  }
}

interface BootAttempt {
  readonly ok: boolean;
  /** What was observed, for people. */
  readonly reason: string;
}

/** Boots a kernel on two CPUs and without disks, until it panics because it finds no root file system. */
export async function tryBoot(
  arch: Architecture,
  kind: Accelerator['kind'],
  bootImage: string,
  signal?: AbortSignal,
): Promise<BootAttempt> {
  await using scratch = await makeScratch('probe');
  const console = join(scratch.path, 'console');
  const log = join(scratch.path, 'qemu');
  const startedAt = performance.now();
  const confinement = await confineProbe(kind, bootImage, console, PROBE_MIB);
  const daemon = await startDaemon(buildProbeArgv(arch, kind, bootImage, console), log, confinement);
  let ended = false;
  void daemon.ended.then(() => {
    ended = true;
  });
  try {
    for (;;) {
      const wasEnded = ended;
      const output = await readFile(console, 'latin1').catch(() => '');
      const attempt = judgeBoot(kind, {
        output,
        error: firstError(await readFile(log, 'utf8').catch(() => '')),
        ended: wasEnded,
        elapsedMs: Math.round(performance.now() - startedAt),
      });
      if (attempt) return attempt;
      if (signal?.aborted)
        throw new Fault({
          blame: 'request',
          code: 'HOST_INTERRUPTED',
          message: 'interrupted while an accelerator was tried',
        });
      await sleep(POLL_MS); // not a pause: nothing else may keep the process alive
    }
  } finally {
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
}

interface BootSigns {
  readonly output: string;
  /** The first error that QEMU printed, or an empty string. */
  readonly error: string;
  readonly ended: boolean;
  readonly elapsedMs: number;
}

/** The result of an attempt, or null while there is none. Pure. */
export function judgeBoot(kind: Accelerator['kind'], signs: BootSigns): BootAttempt | null {
  const { output, error, ended, elapsedMs } = signs;
  if (PANIC_BEGINS.test(output) && NO_ROOT.test(output))
    return { ok: true, reason: `a kernel booted under it in ${elapsedMs} ms` };
  const state = output === '' ? 'it printed nothing' : 'it did not get to its root file system';
  if (ended) return { ok: false, reason: `QEMU exited at once under ${kind}: ${error || state}` };
  const runsNothing = `${kind} is there and runs no kernel`;
  if (/internal.error|emulation failure/i.test(error))
    return { ok: false, reason: `${runsNothing}: ${error}` };
  const limitMs = output === '' ? FIRST_OUTPUT_MS : BOOT_MS;
  if (elapsedMs <= limitMs) return null;
  return { ok: false, reason: `${runsNothing}: ${state} in ${limitMs / 1000} s` };
}

function firstError(log: string): string {
  const lines = log.trim().split('\n');
  return lines.find((line) => !/warning:/.test(line)) ?? '';
}

function tcg(reason: string): Accelerator {
  return { kind: 'tcg', reason };
}
