// SPDX-License-Identifier: MIT
import { mkdir, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Confinement, type Daemon, makeScratch, startDaemon } from '../host/index.ts';
import { CONSOLE_FILE } from './argv.ts';
import type { MachineSpec } from './spec.ts';

/** QEMU's own memory, and what TCG, its threads and their stacks reserve, in MiB of address space; docs/performance.md has figures. */
const OWN_MIB = 4096;
/** Room in the console's file beyond the limit at which we stop the machine: a reader that lags must not lose what it may read. */
const SLACK_MIB = 1;
const DEVICES: readonly string[] = ['/dev/urandom', '/dev/kvm'];

/** Makes what QEMU writes of a machine, and names everything that it may reach. */
export async function confineMachine(
  spec: MachineSpec,
  sockets: string,
  consoleMib: number,
  canOutlive: boolean,
): Promise<Confinement> {
  const console = join(spec.directory, CONSOLE_FILE);
  await mkdir(sockets, { mode: 0o700 });
  await touch(console);
  if (spec.ram?.use === 'shared') {
    // QEMU would make it itself; the limit of its files is far below the size of its RAM.
    await touch(spec.ram.path);
    await truncate(spec.ram.path, spec.memoryMib * 1024 * 1024);
  }
  return {
    readable: [
      // A clone's kernel is in its RAM.
      ...(spec.ram?.use === 'private' ? [] : [spec.bootImage]),
      spec.rootPath,
      ...(spec.dataDiskPath === undefined ? [] : [spec.dataDiskPath]),
      ...(spec.pci ? [`/sys/bus/pci/devices/${spec.pci.address}`] : []),
    ],
    secret: [spec.overlayPath],
    writable: [sockets, console, ...(spec.ram ? [spec.ram.path] : [])],
    devices: [
      ...devicesOf(spec.accelerator.kind),
      ...(spec.pci ? ['/dev/vfio/vfio', `/dev/vfio/${spec.pci.group}`] : []),
    ],
    network: spec.network,
    addressSpaceMib: spec.memoryMib + OWN_MIB,
    ...(spec.pci ? { lockedMib: spec.pci.lockedMib } : {}),
    fileMib: consoleMib + SLACK_MIB,
    canOutlive,
  };
}

/** The same for the machine without disks on which an accelerator is tried. */
export async function confineProbe(
  kind: MachineSpec['accelerator']['kind'],
  bootImage: string,
  console: string,
  memoryMib: number,
): Promise<Confinement> {
  await touch(console);
  return {
    readable: [bootImage],
    secret: [],
    writable: [console],
    devices: devicesOf(kind),
    network: false,
    addressSpaceMib: memoryMib + OWN_MIB,
    fileMib: SLACK_MIB,
  };
}

/** What holds the QEMUs that this caller starts on this computer, found out with a program that does nothing. */
export async function probeConfinement(): Promise<Pick<Daemon, 'confinement' | 'isolated'>> {
  await using scratch = await makeScratch('probe');
  const shared = { readable: [], secret: [], writable: [], devices: [], network: false };
  const limits = { addressSpaceMib: OWN_MIB, fileMib: SLACK_MIB };
  const daemon = await startDaemon(['true'], join(scratch.path, 'log'), { ...shared, ...limits });
  await daemon.ended;
  return daemon;
}

function devicesOf(kind: MachineSpec['accelerator']['kind']): readonly string[] {
  return DEVICES.filter((path) => kind === 'kvm' || path !== '/dev/kvm');
}

async function touch(path: string): Promise<void> {
  await (await open(path, 'a', 0o600)).close();
}
