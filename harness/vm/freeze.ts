// SPDX-License-Identifier: MIT
import { truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { runCommand } from '../host/index.ts';
import { type DataDisk, Fault } from '../model/index.ts';
import { bootMachine } from './boot.ts';
import { withDeadline } from './job.ts';
import type { QemuMachine } from './qemu-machine.ts';
import type { MachineSpec } from './spec.ts';
import { DATA_DISK_FILE, RAM_FILE, STATE_FILE, type Template } from './template.ts';

export interface FreezeOptions {
  /** How long the boot may take, in milliseconds. */
  readonly bootLimitMs: number;
  /** The disk that it has mounted at /data. Clones may have another in its place, of the same size; none have without it. */
  readonly dataDisk?: DataDisk;
  readonly signal?: AbortSignal;
}

/** How long the guest is left alone before it is frozen, in milliseconds: what it is about to do is then done. */
const QUIET_MS = 400;
/** How long a waiting SSH server may take to greet, and QEMU to write its state, in milliseconds. */
const GREETING_MS = 60_000;
const GREETINGS = 5;
const STATE_MS = 120_000;
const COMMAND_MS = 120_000;
/**
 * A kernel on x86 measures its clock for a second beside everything else, and changes over to it then: a guest that was up
 * sooner would do that in every clone. It is waited for, but not for longer than five seconds.
 */
const AWAIT_CLOCK =
  'for i in $(seq 50); do grep -qs tsc-early /sys/devices/system/clocksource/clocksource0/current_clocksource || break; ' +
  'sleep 0.1; done';
const MOUNT_DATA_DISK = 'mount -t squashfs -o ro /dev/vdc /data';
/** The least that a disk can have, in bytes. */
const SECTOR = 512;

/**
 * Boots the machine of a spec once and freezes it into the spec's directory: RAM, device state, console. The machine is
 * warm: a session has been held in it, so that the server, the shell and the kernel's ways to them are in its memory.
 * Rejects as `bootMachine` and `Machine.connect` do, and with `TEMPLATE_NOT_FROZEN` (lab).
 */
export async function freezeTemplate(spec: MachineSpec, options: FreezeOptions): Promise<Template> {
  const begun = performance.now();
  const frozen = { ...spec, dataDiskPath: options.dataDisk?.path ?? join(spec.directory, DATA_DISK_FILE) };
  if (!options.dataDisk) {
    await writeFile(frozen.dataDiskPath, '');
    await truncate(frozen.dataDiskPath, SECTOR);
  }
  const machine = await bootMachine(
    { ...frozen, ram: { path: join(spec.directory, RAM_FILE), use: 'shared' } },
    options.signal ? { signal: options.signal } : {},
  );
  try {
    const bootMs = Math.round((await warmUp(machine, options)) - begun);
    const { serial, greeting } = await awaitGuests(machine);
    await quiet();
    await writeState(machine, join(spec.directory, STATE_FILE));
    await machine.stop();
    // RAM that the kernel has only cleared takes no room.
    await runCommand('fallocate', ['--dig-holes', join(spec.directory, RAM_FILE)]);
    return {
      directory: spec.directory,
      spec: frozen,
      dataDisk: options.dataDisk?.digest ?? null,
      serial,
      greeting: greeting.toString('base64'),
      bootMs,
    };
  } finally {
    await machine[Symbol.asyncDispose]();
  }
}

/** One whole session, as a clone's first will be; returns when the first command was done. */
async function warmUp(machine: QemuMachine, options: FreezeOptions): Promise<number> {
  const guest = await machine.connect(options.bootLimitMs, options.signal);
  let first = 0;
  for (const command of ['true', AWAIT_CLOCK, ...(options.dataDisk ? [MOUNT_DATA_DISK] : [])]) {
    const { exitCode } = await guest.run(command, { timeoutMs: COMMAND_MS });
    if (exitCode !== 0) throw notFrozen('the guest cannot run a command');
    first ||= performance.now();
  }
  await guest.close();
  await quiet(); // its server ends
  return first;
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}

/** Opens both serial ports, so that a server stands ready at each when time stops. */
async function awaitGuests(machine: QemuMachine): Promise<{ serial: boolean; greeting: Buffer }> {
  if (!machine.hasSerial) return { serial: false, greeting: Buffer.alloc(0) };
  await machine.line.guestAgent();
  // The last visit's server may still be about to end, and then takes the new visitor with it.
  for (let attempt = 1; ; attempt += 1) {
    const greeting = await withDeadline(readGreeting(await machine.line.serial()), GREETING_MS, () => null);
    if (greeting) return { serial: true, greeting };
    if (attempt === GREETINGS || machine.hasEnded())
      throw notFrozen('no SSH server greeted at the serial port');
    await quiet();
  }
}

/** An SSH server speaks first: a line with its name, then one packet that offers algorithms (RFC 4253, 4.2 and 6). Null when it went away. */
function readGreeting(socket: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    socket.once('close', () => resolve(null));
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      const line = all.indexOf('\n') + 1;
      if (line > 0 && all.length >= line + 4 && all.length >= line + 4 + all.readUInt32BE(line)) resolve(all);
    });
  });
}

/** Stops the machine and writes the state of its devices; its RAM is in the file already. */
async function writeState(machine: QemuMachine, path: string): Promise<void> {
  const monitor = machine.monitor();
  await monitor.execute('stop');
  await monitor.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  const done = machine.awaitEvent(
    ({ event, data }) => event === 'MIGRATION' && (data.status === 'completed' || data.status === 'failed'),
  );
  await monitor.execute('migrate', { uri: `exec:cat > '${path.replaceAll("'", "'\\''")}'` });
  const { data } = await withDeadline(done, STATE_MS, () => {
    throw notFrozen('QEMU did not write its state in time');
  });
  if (data.status !== 'completed') throw notFrozen('QEMU could not write its state');
}

/** RAM in files is left where it is; QEMU tells when it is done. */
export const CAPABILITIES: readonly { readonly capability: string; readonly state: boolean }[] = [
  { capability: 'x-ignore-shared', state: true },
  { capability: 'events', state: true },
];

function notFrozen(why: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'TEMPLATE_NOT_FROZEN',
    message: `no template could be made: ${why}`,
  });
}
