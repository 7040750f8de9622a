// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type DevicePlaces, digestOf, findPciDevice, type PciDevice } from '../host/index.ts';
import {
  bakeDataDisk,
  bakeOverlay,
  type L2State,
  type L2StateRequest,
  makeKeys,
  type OverlayFile,
} from '../image/index.ts';
import { type DataDisk, Fault, type Kernel, type Limits, l2StateNames } from '../model/index.ts';
import { listL2States } from '../scenario/index.ts';
import {
  type Accelerator,
  type MachineSpec,
  needsNetwork,
  OVERLAY_FILE,
  type TemplateSource,
} from '../vm/index.ts';
import type { ResolvedTrial } from './resolve.ts';

/** Makes the files of VMs inside the guest, by the name of their image in images/. */
export interface L2Images {
  /** Makes the root file system of one; returns its path. */
  bakeRoot(name: string, signal: AbortSignal): Promise<string>;
  /** Boots one and saves its state while it polls for devices; null if such a VM must boot in the guest. */
  saveState(vm: L2StateRequest, signal: AbortSignal): Promise<L2State | null>;
}

/** Where a trial's machine runs, and what makes its parts. */
export interface MachinePlace {
  readonly directory: string;
  readonly accelerator: Accelerator;
  /** Bounds on what its machines may print; `DEFAULT_LIMITS` unless given. */
  readonly limits?: Limits;
  /** Where this computer has its devices; absent: where Linux has them. */
  readonly devices?: DevicePlaces;
  readonly l2Images: L2Images;
}

/** Specifies a trial's machine: makes its keys, and bakes its overlay into the place's directory. */
export async function specifyMachine(
  trial: ResolvedTrial,
  place: MachinePlace,
  signal: AbortSignal,
): Promise<MachineSpec> {
  const machine = await planMachine(trial, place);
  const files = await listOverlayFiles(trial, place, signal);
  const keys = makeKeys();
  await bakeOverlay(machine.overlayPath, { keys, kernel: trial.kernel, files }, { signal });
  const pci = await findDevice(trial, place);
  return { ...machine, ...(pci ? { pci } : {}), keys };
}

/** The device of this computer that a trial's machine gets. Fault `TRIAL_NO_DEVICE` (lab) where it cannot have it any more. */
async function findDevice({ settled }: ResolvedTrial, { devices }: MachinePlace): Promise<PciDevice | null> {
  const wanted = settled.needs?.pci ?? null;
  if (wanted === null) return null;
  const { device, problem } = await findPciDevice(wanted, settled.machine.memoryMib, devices);
  if (device) return device;
  throw new Fault({ blame: 'lab', code: 'TRIAL_NO_DEVICE', message: problem });
}

/** Plans the same machine before anything is made: no keys, and nothing yet at the overlay's path. */
export async function planMachine(trial: ResolvedTrial, place: MachinePlace): Promise<MachineSpec> {
  return {
    name: trial.spec.id,
    arch: trial.kernel.arch,
    directory: place.directory,
    bootImage: trial.kernel.bootImage,
    rootPath: trial.image.rootPath,
    overlayPath: join(place.directory, OVERLAY_FILE),
    cpus: trial.settled.machine.cpus,
    memoryMib: trial.settled.machine.memoryMib,
    kernelArgs: trial.settled.machine.kernelArgs,
    network: await needsNetwork(trial.kernel.config, trial.settled.machine.network),
    accelerator: place.accelerator,
    keys: { clientPrivateKey: '', hostPublicKey: '' },
  };
}

/** Specifies the machine of a template for trials like this one. What they differ in is on each clone's data disk. */
export async function specifyTemplate(
  trial: ResolvedTrial,
  place: MachinePlace,
  signal: AbortSignal,
): Promise<MachineSpec> {
  const machine = await planMachine(trial, place);
  const keys = makeKeys();
  await bakeOverlay(machine.overlayPath, { keys, dataDisk: true }, { signal });
  return { ...machine, name: 'template', keys };
}

/**
 * Makes the disk of a clone: the trial's modules, and what VMs inside its machine need, saved states included. A cold-booted machine
 * has no saved states, so VMs boot there. Equal disks are made once.
 */
export async function makeDataDisk(
  trial: ResolvedTrial,
  place: MachinePlace,
  templates: TemplateSource,
  signal: AbortSignal,
): Promise<DataDisk> {
  const own = await listOverlayFiles(trial, place, signal);
  const files = [...own, ...(await listL2StateFiles(trial, place, own, signal))];
  const name = digestOf(trial.kernel.digest, JSON.stringify(files)).slice(0, 32);
  return templates.shareDataDisk(`${name}.squashfs`, (path) =>
    bakeDataDisk(path, { kernel: trial.kernel, files }),
  );
}

/** Files that a trial's machine gets beside its kernel's modules: ktrial's own, kernels of VMs inside it, and selftests. */
async function listOverlayFiles(
  trial: ResolvedTrial,
  place: MachinePlace,
  signal: AbortSignal,
): Promise<OverlayFile[]> {
  const l2 = (await listL2Files(trial, place, signal)) as OverlayFile[];
  const selftests = new Map<string, OverlayFile>();
  for (const directory of Object.values(trial.selftests)) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const from = join(entry.parentPath ?? entry.path, entry.name);
      const path = `/kselftest/${relative(directory, from)}`;
      selftests.set(path, { path, from, mode: 0o755 });
    }
  }
  const modules = Object.entries(trial.guestModules).map(([name, from]) => ({
    path: `/modules/${name}.ko`,
    from,
  }));
  return [...l2, ...modules, ...selftests.values()];
}

async function listL2Files(
  trial: ResolvedTrial,
  place: MachinePlace,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly from: string }[]> {
  const { settled } = trial;
  const files: { path: string; from: string }[] = [];
  for (const [name, kernel] of Object.entries(trial.l2)) {
    const root = await place.l2Images.bakeRoot(settled.l2[name]?.image ?? 'l2', signal);
    files.push(
      { path: `/l2/${name}/kernel`, from: await chooseL2Boot(kernel) },
      { path: `/l2/${name}/initramfs.cpio`, from: root },
    );
  }
  return files;
}

/** Saved states, in the directory of the L2's kernel and root. */
async function listL2StateFiles(
  { settled, image }: ResolvedTrial,
  { l2Images }: MachinePlace,
  files: readonly OverlayFile[],
  signal: AbortSignal,
): Promise<OverlayFile[]> {
  const states: OverlayFile[] = [];
  const fileOf = (path: string) =>
    files.flatMap((one) => (one.path === path && 'from' in one ? [one.from] : []))[0] ?? '';
  for (const { l2, ...shape } of listL2States(settled)) {
    const [kernel, initramfs] = [fileOf(`/l2/${l2}/kernel`), fileOf(`/l2/${l2}/initramfs.cpio`)];
    const vm = { ...shape, image, kernel, initramfs };
    const saved = await l2Images.saveState(vm, signal);
    if (saved === null) continue;
    const names = l2StateNames(shape);
    states.push({ path: `/l2/${l2}/${names.state}`, from: saved.state });
    states.push({ path: `/l2/${l2}/${names.console}`, from: saved.console });
  }
  return states;
}

/** Picks the file that boots fastest: with PVH, QEMU starts the ELF file at its entry, without real mode and unpacking. */
async function chooseL2Boot(kernel: Kernel): Promise<string> {
  const config = await readFile(kernel.config, 'utf8');
  return /^CONFIG_PVH=y$/m.test(config) ? kernel.vmlinux : kernel.bootImage;
}
