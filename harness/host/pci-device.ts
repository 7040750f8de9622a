// SPDX-License-Identifier: MIT
import { access, constants, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Where Linux has the devices of a computer, `/sys` and `/dev`, and what it lets us lock. */
export interface DevicePlaces {
  readonly sys: string;
  readonly dev: string;
  /** How much memory a program of ours may lock, in MiB. */
  readonly lockableMib: () => Promise<number>;
}

/** A PCI device of this computer that a program of ours may use. */
export interface PciDevice {
  /** `0000:03:00.0`. */
  readonly address: string;
  /** The number of its IOMMU group: who has one device of a group has them all. */
  readonly group: string;
  /** Memory that its user locks, in MiB: all that the device may reach by itself, and room for the device's own. */
  readonly lockedMib: number;
}

/** A device, or a sentence that says why there is none, and what to do. */
export type PciSearch =
  | { readonly device: PciDevice; readonly problem: null }
  | { readonly device: null; readonly problem: string };

const HERE: DevicePlaces = { sys: '/sys', dev: '/dev', lockableMib: () => lockableMib('/proc/self/limits') };
const DRIVER = 'vfio-pci';
/** The class of bridges, which belong to a group without being used. */
const BRIDGE = /^0x06/;
const MIB_BYTES = 1024 * 1024;
/** What is locked beside the memory that the device reaches. */
const OWN_MIB = 1024;

/**
 * The first device with these numbers, `vendor:device` or `vendor:*`, that vfio hands to programs like ours; it is to reach
 * `memoryMib` of the program's memory. Changes nothing on this computer: which driver a device has is for its owner to say.
 */
export async function findPciDevice(
  wanted: string,
  memoryMib: number,
  places: DevicePlaces = HERE,
): Promise<PciSearch> {
  const lockedMib = memoryMib + OWN_MIB;
  const all = join(places.sys, 'bus/pci/devices');
  let problem: string | null = null;
  for (const address of (await readdir(all).catch(() => [])).sort()) {
    const id = `${await readNumber(all, address, 'vendor')}:${await readNumber(all, address, 'device')}`;
    if (id !== wanted && !(wanted.endsWith(':*') && id.startsWith(wanted.slice(0, -1)))) continue;
    const group = await followLink(join(all, address, 'iommu_group'));
    const why = await findProblem({ address, group, lockedMib }, places);
    if (why === null && group !== null) return { device: { address, group, lockedMib }, problem: null };
    problem ??= `the PCI device ${id} (${address}) of this computer ${why}`;
  }
  return { device: null, problem: problem ?? `this computer has no PCI device ${wanted}` };
}

/** Root raises the limit itself. */
async function lockableMib(limits: string): Promise<number> {
  if (process.getuid?.() === 0) return Number.POSITIVE_INFINITY;
  const text = await readFile(limits, 'utf8').catch(() => '');
  const [, most = 'unlimited'] = /^Max locked memory +\S+ +(\S+)/m.exec(text) ?? [];
  return most === 'unlimited' ? Number.POSITIVE_INFINITY : Math.floor(Number(most) / MIB_BYTES);
}

/** What keeps us from using a device, as the end of a sentence about it; null for nothing. */
async function findProblem(
  { address, group, lockedMib }: Omit<PciDevice, 'group'> & { readonly group: string | null },
  { sys, dev, lockableMib }: DevicePlaces,
): Promise<string | null> {
  const all = join(sys, 'bus/pci/devices');
  const driver = await followLink(join(all, address, 'driver'));
  if (group === null)
    return 'has no IOMMU group: switch the IOMMU on, in the firmware and by intel_iommu=on on the command line of the kernel';
  if (driver !== DRIVER)
    return `is ${bound(driver)}, expected ${DRIVER}: run sudo driverctl set-override ${address} ${DRIVER}`;
  for (const other of (await readdir(join(all, address, 'iommu_group/devices')).catch(() => [])).sort()) {
    const owner = await followLink(join(all, other, 'driver'));
    const kind = (await readFile(join(all, other, 'class'), 'utf8').catch(() => '')).trim();
    if (owner === null || owner === DRIVER || BRIDGE.test(kind)) continue;
    return `shares its IOMMU group ${group} with ${other}, which is ${bound(owner)}: run sudo driverctl set-override ${other} ${DRIVER}`;
  }
  for (const file of ['vfio', group])
    if (!(await isUsable(join(dev, 'vfio', file))))
      return `cannot be used: you may not open /dev/vfio/${file}: run sudo chown $USER /dev/vfio/${file}, or be root`;
  const lockable = await lockableMib();
  return lockedMib <= lockable
    ? null
    : `cannot be used: its user locks ${lockedMib} MiB of memory, and you may lock ${lockable} MiB: raise memlock in /etc/security/limits.conf`;
}

function bound(driver: string | null): string {
  return driver === null ? 'bound to no driver' : `bound to ${driver}`;
}

async function readNumber(directory: string, address: string, file: string): Promise<string> {
  return (await readFile(join(directory, address, file), 'utf8').catch(() => '')).trim().replace(/^0x/, '');
}

/** The last part of what a link leads to; null where there is none. */
async function followLink(path: string): Promise<string | null> {
  return basename(await readlink(path).catch(() => '')) || null;
}

async function isUsable(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
