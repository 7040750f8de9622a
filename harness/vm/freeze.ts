// SPDX-License-Identifier: MIT
import { truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, withDeadline } from '../host/index.ts';
import { type DataDisk, Fault, type Limits } from '../model/index.ts';
import { bootMachine } from './boot.ts';
import { parseGreeting } from './greeting.ts';
import { saveState } from './migration.ts';
import type { QemuMachine } from './qemu-machine.ts';
import type { MachineSpec } from './spec.ts';
import { DATA_DISK_FILE, RAM_FILE, STATE_FILE, type Template } from './template.ts';

export interface FreezeOptions {
  /** How long the boot may take, in milliseconds. */
  readonly bootLimitMs: number;
  /** The disk that is mounted at /data. A clone may have another of the same size; without one, no clone has any. */
  readonly dataDisk?: DataDisk;
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
}

/** How long the guest is left alone before the freeze, in milliseconds, so that it finishes what it is doing. */
const QUIET_MS = 400;
/**
 * Limits for the waiting SSH server's greeting and for each command, in milliseconds. Not scaled: nothing has been measured
 * yet, and a template that takes longer is not worth having; the trial then boots its machine.
 */
const GREETING_MS = 60_000;
const COMMAND_MS = 120_000;
const GREETING_ATTEMPTS = 5;
/**
 * A kernel on x86 calibrates its clock in the background for a second, and then changes over to it: a guest that is frozen
 * sooner would do that in every clone. Waits for it, but for at most five seconds.
 */
const AWAIT_CLOCK =
  'for i in $(seq 50); do grep -qs tsc-early /sys/devices/system/clocksource/clocksource0/current_clocksource || break; ' +
  'sleep 0.1; done';
/** Reads the QEMU for VMs inside the guest and its libraries, where the image has them: 2.2 of the 2.5 s of its first start in emulation. */
const READ_QEMU = 'qemu-system-x86_64 -version >/dev/null 2>&1 || true';
const MOUNT_DATA_DISK = 'mount -t squashfs -o ro /dev/vdc /data';
/** The smallest disk, in bytes. */
const SECTOR = 512;

/**
 * Boots the machine of a spec once and freezes it into the spec's directory: RAM, device state, console. The machine is
 * warm: one session has been held in it and QEMU was started, so that the SSH server, the shell, QEMU and what the kernel needs for
 * them are in memory.
 * Rejects as `bootMachine` and `Machine.connect` do, and with `TEMPLATE_NOT_FROZEN` (lab).
 */
export async function freezeTemplate(spec: MachineSpec, options: FreezeOptions): Promise<Template> {
  const begun = performance.now();
  const frozen = { ...spec, dataDiskPath: options.dataDisk?.path ?? join(spec.directory, DATA_DISK_FILE) };
  if (!options.dataDisk) {
    await writeFile(frozen.dataDiskPath, '');
    await truncate(frozen.dataDiskPath, SECTOR);
  }
  await using machine = await bootMachine(
    { ...frozen, ram: { path: join(spec.directory, RAM_FILE), use: 'shared' } },
    {
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
    },
  );
  const bootMs = Math.round((await warmUp(machine, options)) - begun);
  const { serial, greeting } = await openGuestPorts(machine);
  await sleep(QUIET_MS);
  await machine.monitor().execute('stop');
  const failure = await saveState(machine, join(spec.directory, STATE_FILE));
  if (failure !== null) throw notFrozen(failure);
  await machine.stop();
  // RAM that the kernel has only cleared takes no room on disk.
  await runCommand('fallocate', ['--dig-holes', join(spec.directory, RAM_FILE)]);
  return {
    directory: spec.directory,
    spec: frozen,
    dataDisk: options.dataDisk?.digest ?? null,
    serial,
    greeting: greeting.toString('base64'),
    bootMs,
  };
}

/** Holds one whole session, as a clone's first will be; returns when the first command was done. */
async function warmUp(machine: QemuMachine, options: FreezeOptions): Promise<number> {
  const guest = await machine.connect(options.bootLimitMs, options.signal);
  let first = 0;
  for (const command of ['true', AWAIT_CLOCK, READ_QEMU, ...(options.dataDisk ? [MOUNT_DATA_DISK] : [])]) {
    const { exitCode } = await guest.run(command, { timeoutMs: COMMAND_MS });
    if (exitCode !== 0) throw notFrozen(`this command failed in the guest: ${command}`);
    first ||= performance.now();
  }
  await guest.close();
  await sleep(QUIET_MS); // the session's server exits
  return first;
}

/** Opens both serial ports, so that a server is connected to each of them at the freeze. */
async function openGuestPorts(machine: QemuMachine): Promise<{ serial: boolean; greeting: Buffer }> {
  if (!machine.hasSerial) return { serial: false, greeting: Buffer.alloc(0) };
  await machine.ports.guestAgent();
  // The last session's server may still be about to exit, and then ends the new connection with it.
  for (let attempt = 1; ; attempt += 1) {
    const greeting = await withDeadline(
      readGreeting(await machine.ports.openSerial()),
      GREETING_MS,
      () => null,
    );
    if (greeting) return { serial: true, greeting };
    if (attempt === GREETING_ATTEMPTS || machine.hasEnded())
      throw notFrozen('no SSH server sent a greeting at the serial port');
    await sleep(QUIET_MS);
  }
}

/** What the server has sent first; null when it closed, or sent what is no greeting. */
function readGreeting(socket: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    socket.once('close', () => resolve(null));
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      const state = parseGreeting(all);
      if (state === 'whole') resolve(all);
      if (state === 'malformed') socket.destroy();
    });
  });
}

function notFrozen(why: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'TEMPLATE_NOT_FROZEN',
    message: `no template could be made: ${why}`,
  });
}
