// SPDX-License-Identifier: MIT
import { mkdir, rm, statfs } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import {
  exists,
  type Feature,
  hostArchitecture,
  isNeeded,
  probeSandbox,
  runCommand,
  SYSTEM_PACKAGES,
  type SystemPackage,
} from '../../host/index.ts';
import { Fault } from '../../model/index.ts';
import { probeConfinement } from '../../vm/index.ts';
import { chooseAcceleratorOf } from '../assemble.ts';
import type { Context } from '../context.ts';

interface Check {
  readonly ok: boolean;
  /** What it means where it is missing and ktrial works all the same: things go slower, or a part of it is not there. */
  readonly optional?: 'slow' | 'none';
  readonly what: string;
  readonly fix?: string;
}

/** Room that a first demo takes, in GiB: one source, two build-trees, kernels, image. */
const DISK_GIB = 12;
const MEMORY_GIB = 4;

/** Prints what is there and what is not; exit code 69 when something needed is missing. */
export async function execute(
  context: Context,
  _args: readonly string[],
  options: { readonly install?: boolean; readonly for?: readonly Feature[] },
): Promise<number> {
  const isRequired = (one: SystemPackage) => isNeeded(one, options.for);
  let missing = await findMissing();
  if (options.install && missing.some(isRequired)) {
    await installPackages(missing.filter(isRequired), context);
    missing = await findMissing();
  }
  const checks: Check[] = [];
  checks.push({ ok: true, what: `node ${process.version}` });
  const host = hostArchitecture();
  for (const one of SYSTEM_PACKAGES.filter(({ only, cross }) => !cross || only !== host)) {
    const absent = missing.includes(one);
    checks.push({
      ok: !absent,
      ...(isRequired(one) ? {} : { optional: 'none' }),
      what: `${one.name}: ${one.why}`,
      ...(absent ? { fix: `sudo apt-get install -y ${one.name}` } : {}),
    });
  }
  if (host !== null && !missing.some((one) => one.only === host && !one.cross)) {
    const accelerator = await chooseAcceleratorOf(host, context);
    checks.push({
      ok: accelerator.kind === 'kvm',
      optional: 'slow',
      what: `accelerator: ${accelerator.kind} (${accelerator.reason})`,
      ...(accelerator.kind === 'kvm'
        ? {}
        : {
            fix: 'machines run under emulation, 10 to 60 times slower; for KVM: sudo modprobe kvm_intel || sudo modprobe kvm_amd; sudo usermod -aG kvm "$USER"',
          }),
    });
  }
  checks.push(await lookAtSandbox(context));
  if (!missing.some((one) => one.name === 'util-linux')) checks.push(await lookAtConfinement());
  for (const directory of [context.cacheDirectory, context.runsDirectory])
    checks.push(await lookAtDisk(directory));
  const memoryGib = freemem() / 1024 ** 3;
  checks.push({
    ok: memoryGib >= MEMORY_GIB,
    optional: 'slow',
    what: `memory: ${memoryGib.toFixed(1)} GiB free, ${availableParallelism()} CPUs`,
    fix: 'ktrial run --jobs 1',
  });
  for (const check of checks) {
    const mark = check.ok ? 'ok  ' : (check.optional ?? 'MISS');
    context.out.write(`${mark} ${check.what}\n`);
    if (!check.ok && check.fix) context.out.write(`       ${check.fix}\n`);
  }
  const failed = checks.filter((check) => !check.ok && !check.optional);
  context.out.write(
    failed.length === 0 ? 'ktrial can work here\n' : `${failed.length} missing: fix these first\n`,
  );
  return failed.length === 0 ? 0 : 69;
}

/** Starts a sandbox as builds do. */
async function lookAtSandbox({ cacheDirectory, signal }: Context): Promise<Check> {
  const place = join(cacheDirectory, 'doctor');
  try {
    const probe = await probeSandbox(place, cacheDirectory, signal);
    await rm(place, { recursive: true, force: true });
    if (!probe.ok)
      return { ok: false, what: `sandbox: builds cannot be contained: ${probe.reason}`, fix: probe.next };
    const user = probe.sandbox.owner ? `, as user ${probe.sandbox.owner.uid}` : '';
    return { ok: true, what: `sandbox: builds are contained${user}` };
  } catch (error) {
    return {
      ok: false,
      what: `sandbox: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'set XDG_CACHE_HOME to a directory that you may write to',
    };
  }
}

async function findMissing(): Promise<SystemPackage[]> {
  const path = (process.env.PATH ?? '').split(':');
  const missing: SystemPackage[] = [];
  for (const one of SYSTEM_PACKAGES) {
    const places = one.shownBy.startsWith('/')
      ? [one.shownBy]
      : path.map((directory) => `${directory}/${one.shownBy}`);
    const found = await Promise.all(
      [...places, `/usr/sbin/${one.shownBy}`, `/sbin/${one.shownBy}`].map(exists),
    );
    if (!found.includes(true)) missing.push(one);
  }
  return missing;
}

/** Through apt, as root or by sudo without a password; otherwise a Fault with the line to type. */
async function installPackages(missing: readonly SystemPackage[], context: Context): Promise<void> {
  const names = missing.map((one) => one.name);
  const line = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`;
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (
    prefix.length > 0 &&
    (await runCommand('sudo', ['-n', 'true'], { accept: 'any' }).catch(() => null))?.exitCode !== 0
  ) {
    throw new Fault({
      blame: 'lab',
      code: 'DOCTOR_NOT_ALLOWED',
      message: `packages are missing and may not be installed from here: ${names.join(', ')}`,
      next: line,
    });
  }
  for (const words of [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...names],
  ]) {
    const [program = '', ...args] = [...prefix, ...words];
    context.err.write(`ktrial: ${[program, ...args].join(' ')}\n`);
    await runCommand(program, args, { signal: context.signal, timeoutMs: 20 * 60_000 });
  }
}

/** Without namespaces machines work, and QEMU is held by its system call filter, its limits and its user alone. */
async function lookAtConfinement(): Promise<Check> {
  const { confinement, isolated } = await probeConfinement();
  return {
    ok: isolated,
    optional: 'slow',
    what: `machines: QEMU runs as ${confinement}`,
    fix: 'so that QEMU sees no files but its own: sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 (those of the two that there are)',
  };
}

async function lookAtDisk(directory: string): Promise<Check> {
  try {
    await mkdir(directory, { recursive: true });
    const { bavail, bsize } = await statfs(directory);
    const gib = (bavail * bsize) / 1024 ** 3;
    return {
      ok: gib >= DISK_GIB,
      what: `disk: ${gib.toFixed(0)} GiB free at ${directory}, a first run takes ${DISK_GIB}`,
      fix: 'free some space, or set XDG_CACHE_HOME and XDG_STATE_HOME to another disk',
    };
  } catch (error) {
    return {
      ok: false,
      what: `disk: ${directory}: ${error instanceof Error ? error.message : String(error)}`,
      fix: 'set XDG_CACHE_HOME and XDG_STATE_HOME to a directory that you may write to',
    };
  }
}
