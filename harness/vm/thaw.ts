// SPDX-License-Identifier: MIT
import { hkdfSync, randomBytes } from 'node:crypto';
import { access, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataDisk, Fault } from '../model/index.ts';
import { CONSOLE_FILE } from './argv.ts';
import { bootMachine } from './boot.ts';
import { CAPABILITIES } from './freeze.ts';
import { type GuestAgent, notRevived } from './guest-agent.ts';
import { withDeadline } from './job.ts';
import { linkOrCopy } from './link.ts';
import type { Machine } from './machine.ts';
import type { QemuMachine } from './qemu-machine.ts';
import { OVERLAY_FILE, RAM_FILE, STATE_FILE, type Template } from './template.ts';

/** How long QEMU may take to read a state, and the guest to take its time from us, in milliseconds. */
const STATE_MS = 60_000;
const REVIVE_MS = 60_000;

/** Where a clone lives; aborting the signal ends it. */
export interface ClonePlace {
  readonly name: string;
  readonly directory: string;
  /** The kernel and image that the template was made of, where they are now; the reproduction command names them. */
  readonly bootImage?: string;
  readonly rootPath?: string;
  /** The disk that it has at /data. One that the template has, too, is mounted already. */
  readonly dataDisk?: DataDisk;
  /** Where the data disk is kept, so that the machine can be booted by hand later; the clone's directory unless given. */
  readonly disksDirectory?: string;
  /** The trial's seed: the same seed and name mix the same bytes into the guest's random numbers. Without one they are random. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** A machine thawed from a template. */
export interface Clone<Kind extends Machine = QemuMachine> {
  readonly machine: Kind;
  /** From the start to an answering monitor, and to running CPUs, in milliseconds. */
  readonly qmpMs: number;
  readonly runningMs: number;
  /** Settles when the guest has the time and randomness of its own; rejects with `CLONE_NOT_REVIVED` (lab). */
  readonly revived: Promise<void>;
}

/**
 * Thaws a clone into a directory of its own, which gets the template's console before anything is added to it: whoever
 * reads a clone's console sees what a cold boot would have shown. What the clone writes to its RAM stays its own.
 * Fault: `CLONE_NOT_THAWED` (lab).
 */
export async function thawClone(template: Template, place: ClonePlace): Promise<Clone> {
  const begun = performance.now();
  const machine = await startClone(template, place).catch((cause: unknown) => {
    throw notThawed(cause);
  });
  try {
    const qmpMs = performance.now() - begun;
    const guestAgent = template.serial ? await openPorts(machine, template) : null;
    await readState(machine, join(template.directory, STATE_FILE));
    const order = makeOrder(
      place,
      place.dataDisk !== undefined && place.dataDisk.digest !== template.dataDisk,
    );
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
  await access(ram); // QEMU would make an empty one
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
    place.signal ? { signal: place.signal } : {},
  );
}

/** The template and its store may be gone when somebody boots the machine by hand: the disk is linked or copied. */
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

/** Before the state is read: a guest whose ports were open when time stopped must not see them closed. */
async function openPorts(machine: QemuMachine, template: Template): Promise<GuestAgent> {
  const [socket, guestAgent] = await Promise.all([machine.line.serial(), machine.line.guestAgent()]);
  machine.useSerial();
  machine.line.expect({ socket, said: Buffer.from(template.greeting, 'base64') });
  return guestAgent;
}

async function readState(machine: QemuMachine, path: string): Promise<void> {
  const monitor = machine.monitor();
  await monitor.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  // Nobody is to be told that the machine has moved: the guest would do that, over its network card.
  await monitor.execute('migrate-set-parameters', { 'announce-rounds': 0 });
  const done = machine.awaitEvent(
    ({ event, data }) => event === 'MIGRATION' && (data.status === 'completed' || data.status === 'failed'),
  );
  const gone = machine.ended.then(() => null);
  await monitor.execute('migrate-incoming', { uri: `exec:cat '${path.replaceAll("'", "'\\''")}'` });
  const end = await withDeadline(Promise.race([done, gone]), STATE_MS, () => null);
  if (end?.data.status === 'completed') return;
  throw new Error(machine.hasEnded()?.detail ?? 'QEMU could not read the state');
}

/** What a guest agent takes to revive its machine: the time, whether there is another data disk, and randomness that no other clone has. */
function makeOrder(place: ClonePlace, dataDisk: boolean): Buffer {
  const order = Buffer.alloc(24);
  const now = Date.now();
  order.writeBigInt64LE(BigInt(Math.floor(now / 1000)), 0);
  order.writeBigInt64LE(BigInt((now % 1000) * 1_000_000), 8);
  order.writeBigInt64LE(dataDisk ? 1n : 0n, 16);
  return Buffer.concat([order, makeEntropy(place)]);
}

const ENTROPY_BYTES = 64;

/** The random bytes that a clone starts with: by the trial's seed and name where there is a seed, else of this computer. */
export function makeEntropy({ name, seed }: Pick<ClonePlace, 'name' | 'seed'>): Uint8Array {
  if (seed === undefined) return randomBytes(ENTROPY_BYTES);
  return new Uint8Array(hkdfSync('sha256', String(seed), '', `ktrial clone ${name}`, ENTROPY_BYTES));
}

/** Where there is no serial port the order goes over a session of its own. */
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
