// SPDX-License-Identifier: MIT
import { hkdfSync, randomBytes } from 'node:crypto';
import { access, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataDisk, Fault, type Limits } from '../model/index.ts';
import { CONSOLE_FILE } from './argv.ts';
import { bootMachine } from './boot.ts';
import { type GuestAgent, notRevived } from './guest-agent.ts';
import { linkOrCopy } from './link.ts';
import type { Machine } from './machine.ts';
import { loadState } from './migration.ts';
import type { QemuMachine } from './qemu-machine.ts';
import { OVERLAY_FILE, RAM_FILE, STATE_FILE, type Template } from './template.ts';

/**
 * How long the guest may take to set its clock and random numbers, in milliseconds. Not scaled: a clone needs a fraction of a
 * second, and the trial of one that does not come up boots its machine.
 */
const REVIVE_MS = 60_000;

/** Where a clone runs, and what it has that the template has not. Aborting the signal stops it. */
export interface ClonePlace {
  readonly name: string;
  readonly directory: string;
  /** The kernel and image that the template was made of, where they are now; the reproduction command names them. */
  readonly bootImage?: string;
  readonly rootPath?: string;
  /** The disk at /data. One with the template's digest is mounted already. */
  readonly dataDisk?: DataDisk;
  /** Where the data disk is kept, so that the machine can be booted by hand later; the clone's directory unless given. */
  readonly disksDirectory?: string;
  /** The trial's seed: the same seed and name mix the same bytes into the guest's random numbers. Without one they are random. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Whether the clone can be left running. */
  readonly keepable?: boolean;
}

/** A machine thawed from a template. */
export interface Clone<Kind extends Machine = QemuMachine> {
  readonly machine: Kind;
  /** From the start to an answering monitor, and to running CPUs, in milliseconds. */
  readonly qmpMs: number;
  readonly runningMs: number;
  /** Settles when the guest has the current time and its own random numbers; rejects with `CLONE_NOT_REVIVED` (lab). */
  readonly revived: Promise<void>;
}

/**
 * Thaws a clone into its own directory, which first gets a copy of the template's console: the console of a clone reads like
 * that of a cold boot. What the clone writes to its RAM is private to it. Fault: `CLONE_NOT_THAWED` (lab).
 */
export async function thawClone(template: Template, place: ClonePlace): Promise<Clone> {
  const begun = performance.now();
  const machine = await startClone(template, place).catch((cause: unknown) => {
    throw notThawed(cause);
  });
  try {
    const qmpMs = performance.now() - begun;
    const guestAgent = template.serial ? await openPorts(machine, template) : null;
    const failure = await loadState(machine, join(template.directory, STATE_FILE));
    if (failure !== null) throw new Error(failure);
    const order = makeOrder(template, place);
    const obeyed = guestAgent?.revive(order, REVIVE_MS);
    await machine.monitor().execute('cont');
    const runningMs = performance.now() - begun;
    const revived = obeyed ?? reviveBySession(machine, order);
    revived.catch(() => {});
    return { machine, qmpMs: Math.round(qmpMs), runningMs: Math.round(runningMs), revived };
  } catch (cause) {
    await machine[Symbol.asyncDispose]();
    throw notThawed(cause);
  }
}

async function startClone(template: Template, place: ClonePlace): Promise<QemuMachine> {
  const ram = join(template.directory, RAM_FILE);
  await access(ram); // QEMU would create an empty one
  await copyFile(join(template.directory, CONSOLE_FILE), join(place.directory, CONSOLE_FILE));
  const overlayPath = join(place.directory, OVERLAY_FILE);
  await copyFile(template.spec.overlayPath, overlayPath);
  return bootMachine(
    {
      ...template.spec,
      name: place.name,
      directory: place.directory,
      bootImage: place.bootImage ?? template.spec.bootImage,
      rootPath: place.rootPath ?? template.spec.rootPath,
      overlayPath,
      dataDiskPath: await keepDataDisk(template, place),
      ram: { path: ram, use: 'private' },
    },
    {
      ...(place.signal ? { signal: place.signal } : {}),
      ...(place.limits ? { limits: place.limits } : {}),
      keepable: place.keepable === true,
    },
  );
}

/** Links or copies the data disk: its store may be gone when somebody boots the machine by hand. */
async function keepDataDisk(template: Template, place: ClonePlace): Promise<string> {
  const directory = place.disksDirectory ?? place.directory;
  const { path, digest } = place.dataDisk ?? { path: template.spec.dataDiskPath, digest: 'none' };
  const kept = join(directory, `data-${digest.slice(0, 16)}.squashfs`);
  await mkdir(directory, { recursive: true });
  await linkOrCopy(path, kept);
  return kept;
}

function notThawed(cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Fault({
    blame: 'lab',
    code: 'CLONE_NOT_THAWED',
    message: `a clone was not thawed: ${why}`,
    cause,
  });
}

/** Before the state is loaded: a guest whose ports were open at the freeze must not see them closed. */
async function openPorts(machine: QemuMachine, template: Template): Promise<GuestAgent> {
  const [socket, guestAgent] = await Promise.all([machine.ports.openSerial(), machine.ports.guestAgent()]);
  machine.useSerial();
  machine.ports.takeOver({ socket, received: Buffer.from(template.greeting, 'base64') });
  return guestAgent;
}

/** What a guest agent needs to revive its machine (images/guest/guest-agent.c): the time, whether to remount /data, random bytes. */
function makeOrder(template: Template, place: ClonePlace): Buffer {
  const order = Buffer.alloc(24);
  const now = Date.now();
  const remount = place.dataDisk !== undefined && place.dataDisk.digest !== template.dataDisk;
  order.writeBigInt64LE(BigInt(Math.floor(now / 1000)), 0);
  order.writeBigInt64LE(BigInt((now % 1000) * 1_000_000), 8);
  order.writeBigInt64LE(remount ? 1n : 0n, 16);
  return Buffer.concat([order, makeEntropy(place)]);
}

const ENTROPY_BYTES = 64;

/** The random bytes that a clone starts with: from the trial's seed and name where there is a seed, else from this computer. */
export function makeEntropy({ name, seed }: Pick<ClonePlace, 'name' | 'seed'>): Uint8Array {
  if (seed === undefined) return randomBytes(ENTROPY_BYTES);
  return new Uint8Array(hkdfSync('sha256', String(seed), '', `ktrial clone ${name}`, ENTROPY_BYTES));
}

/** Without a serial port the order is given by a command over SSH. */
async function reviveBySession(machine: QemuMachine, order: Buffer): Promise<void> {
  const guest = await machine.connect(REVIVE_MS);
  try {
    await guest.upload(Buffer.concat([Buffer.from('r'), order]), '/run/order');
    const { stdout } = await guest.run('guest-agent </run/order', { timeoutMs: REVIVE_MS });
    if (stdout !== 'k') throw notRevived(stdout);
  } finally {
    await guest.close();
  }
}
