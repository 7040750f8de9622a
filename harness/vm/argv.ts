// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { emulatorOf } from '../host/index.ts';
import { type Architecture, quoteArgs } from '../model/index.ts';
import { boardOf } from './board.ts';
import type { Accelerator, MachineSpec } from './spec.ts';

export const CONSOLE_FILE = 'console.log';
/** Sockets of a machine, in its directory of sockets. */
export const QMP_SOCKET = 'qmp';
/** The serial ports at which an SSH server waits, and the guest agent. */
export const SSH_SOCKET = 'ssh';
export const GUEST_AGENT_SOCKET = 'agent';
/** QEMU's stub for gdb, of a machine that may be left running. */
export const GDB_SOCKET = 'gdb';
/** Memory of the machine on which an accelerator is tried. */
export const PROBE_MIB = 512;

/** Arguments that every kernel is booted with, behind those of its board. */
const KERNEL_ARGS: readonly string[] = [
  'printk.time=1', // a line with a time stamp is the kernel's, one without may be anybody's
  'root=/dev/vda',
  'ro',
  'rootfstype=squashfs',
  'init=/sbin/init',
  'panic=0', // a panicked kernel stands still, so that its last lines reach the console
  'ignore_loglevel', // a complaint at a low level is a complaint too
  'printk.devkmsg=on', // messages of guest programs are not rate-limited
  'net.ifnames=0',
];

/**
 * The command line of a machine that ktrial drives; `sockets` is the directory of its sockets. `keepable`: it may be left
 * running, and a debugger can attach to it. Pure.
 */
export function buildArgv(spec: MachineSpec, sockets: string, keepable = false): string[] {
  const isClone = spec.ram?.use === 'private';
  return [
    emulatorOf(spec.arch),
    ...machineType(spec, spec.ram !== undefined),
    ...processors(spec),
    ...memory(spec),
    // A clone's kernel is in its RAM: QEMU would keep one more copy of the file for each.
    ...(isClone ? [] : kernel(spec)),
    ...consoleFile(join(spec.directory, CONSOLE_FILE)),
    ...monitor(join(sockets, QMP_SOCKET)),
    ...(keepable ? ['-gdb', `unix:${comma(join(sockets, GDB_SOCKET))},server=on,wait=off`] : []),
    ...disks(spec),
    ...(spec.network ? network(',hostfwd=tcp:127.0.0.1:0-:22') : []),
    ...ports((id) => `socket,id=${id},path=${comma(join(sockets, id))},server=on,wait=off`),
    ...entropy(),
    ...realDevice(spec),
    ...endings(spec.arch),
    ...(isClone ? ['-incoming', 'defer'] : []),
  ];
}

/**
 * The shell command that boots the same machine by hand: the same devices at the same places, the console and QEMU's
 * monitor (Ctrl-A C) on the terminal, and nothing behind the ports that ktrial uses. It needs the kernel, the image and the
 * disks that the spec names. A clone is booted as its template was. Pure.
 */
export function buildReproductionCommand(spec: MachineSpec): string {
  return quoteArgs([
    emulatorOf(spec.arch),
    ...machineType(spec, false),
    ...processors(spec),
    ...['-m', `${spec.memoryMib}M`],
    ...kernel(spec),
    ...['-serial', 'mon:stdio'],
    ...disks(spec),
    ...(spec.network ? network('') : []),
    ...ports((id) => `null,id=${id}`),
    ...entropy(),
    ...realDevice(spec),
    ...endings(spec.arch),
  ]);
}

/** The command line of a machine without disks, on which an accelerator is tried. Pure. */
export function buildProbeArgv(
  arch: Architecture,
  kind: Accelerator['kind'],
  bootImage: string,
  consolePath: string,
): string[] {
  const accelerator = { kind, reason: '' };
  const spec = { name: 'ktrial-probe', arch, accelerator, cpus: 2, bootImage, kernelArgs: [] };
  return [
    emulatorOf(arch),
    ...machineType(spec, false),
    ...processors(spec),
    ...['-m', `${PROBE_MIB}M`],
    ...kernel(spec),
    ...consoleFile(consolePath),
    ...endings(arch),
  ];
}

function machineType(
  { name, arch, accelerator }: Pick<MachineSpec, 'name' | 'arch' | 'accelerator'>,
  ramInFile: boolean,
): string[] {
  const machine = boardOf(arch).machine[accelerator.kind];
  return [
    ...['-name', `guest=${comma(name)}`],
    ...['-nodefaults', '-no-user-config'],
    ...['-display', 'none'],
    ...['-machine', ramInFile ? `${machine},memory-backend=ram` : machine],
    ...sandbox(),
  ];
}

/** QEMU's own seccomp filter, with every class of system calls that a machine can do without. */
function sandbox(): string[] {
  const denied = ['obsolete', 'elevateprivileges', 'spawn', 'resourcecontrol'];
  return ['-sandbox', ['on', ...denied.map((one) => `${one}=deny`)].join()];
}

function processors({
  arch,
  accelerator,
  cpus,
}: Pick<MachineSpec, 'arch' | 'accelerator' | 'cpus'>): string[] {
  const [engine, model] =
    accelerator.kind === 'kvm' ? ['kvm', 'host'] : ['tcg,thread=multi', boardOf(arch).emulatedCpu];
  return ['-accel', engine, '-cpu', model, '-smp', String(cpus)];
}

function memory({ memoryMib, ram }: MachineSpec): string[] {
  const size = `${memoryMib}M`;
  if (!ram) return ['-m', size];
  const share = ram.use === 'shared' ? 'on' : 'off';
  const file = `memory-backend-file,id=ram,mem-path=${comma(ram.path)},size=${size},share=${share}`;
  return ['-m', size, '-object', file];
}

function kernel({
  arch,
  bootImage,
  kernelArgs,
}: Pick<MachineSpec, 'arch' | 'bootImage' | 'kernelArgs'>): string[] {
  const all = [...boardOf(arch).kernelArgs, ...KERNEL_ARGS, ...kernelArgs];
  return ['-kernel', bootImage, '-append', all.join(' ')];
}

/** QEMU itself writes the log, so that the evidence is complete even when ktrial is killed; we read it as it grows. */
function consoleFile(path: string): string[] {
  return ['-chardev', `file,id=console,path=${comma(path)},append=on`, '-serial', 'chardev:console'];
}

function monitor(socket: string): string[] {
  return ['-qmp', `unix:${comma(socket)},server=on,wait=off`];
}

function disks(spec: MachineSpec): string[] {
  return [
    ...disk('root', spec.rootPath),
    ...disk('overlay', spec.overlayPath),
    ...(spec.dataDiskPath === undefined ? [] : disk('data', spec.dataDiskPath)),
  ];
}

/** Read-only and unlocked: any number of machines share a file. */
function disk(id: string, path: string): string[] {
  const drive = `if=none,id=${id},file=${comma(path)},format=raw,readonly=on,file.locking=off`;
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=${id}`];
}

/** `restrict=on`: the guest reaches nobody. Port 0 in `forward`: QEMU picks one, so none is taken between asking and using. */
function network(forward: string): string[] {
  return ['-netdev', `user,id=net,restrict=on${forward}`, '-device', 'virtio-net-pci,netdev=net,romfile='];
}

/** Two virtio serial ports, /dev/vport*p1 and /dev/vport*p2 in the guest; a kernel without the driver sees none. */
function ports(backend: (id: string) => string): string[] {
  const port = (id: string, number: number) => [
    ...['-chardev', backend(id)],
    ...['-device', `virtserialport,chardev=${id},id=${id},nr=${number}`],
  ];
  return ['-device', 'virtio-serial-pci', ...port(SSH_SOCKET, 1), ...port(GUEST_AGENT_SOCKET, 2)];
}

function entropy(): string[] {
  return ['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'];
}

/** At one place in every guest, 0000:00:10.0. Without its ROM, from which the firmware would try to boot. */
function realDevice({ pci }: MachineSpec): string[] {
  return pci ? ['-device', `vfio-pci,host=${pci.address},addr=0x10,rombar=0`] : [];
}

/**
 * A reset ends the machine: what comes after a triple fault is another boot, and not the one on trial. A kernel with
 * the pvpanic driver reports its panic at once; it runs on, because its last lines come after.
 */
function endings(arch: Architecture): string[] {
  return ['-no-reboot', '-device', boardOf(arch).panicDevice, '-action', 'panic=none'];
}

/** A comma in an option's value is written twice. */
function comma(path: string): string {
  return path.replaceAll(',', ',,');
}
