// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { MachineSpec } from './spec.ts';

export const QEMU = 'qemu-system-x86_64';
export const CONSOLE_FILE = 'console.log';
/** Sockets of a machine, in its directory of sockets. */
export const QMP_SOCKET = 'qmp';
/** The serial ports behind which an SSH server waits, and the machine's guest agent. */
export const SSH_SOCKET = 'ssh';
export const GUEST_AGENT_SOCKET = 'agent';

/** Words that every ktrial kernel is started with. */
const KERNEL_ARGS: readonly string[] = [
  'console=ttyS0,115200',
  'earlycon=uart8250,io,0x3f8,115200', // the driver comes late: an early death would be silent
  'root=/dev/vda',
  'ro',
  'rootfstype=squashfs',
  'init=/sbin/init',
  'panic=0', // a panicked kernel stands still, so that its last words are read
  'ignore_loglevel', // a complaint at a low level is a complaint too
  'printk.devkmsg=on', // what guest programs write to the log is not rationed
  'net.ifnames=0',
  // On a busy computer the emulated timer's first interrupts come late, and the kernel panics over an I/O APIC that "doesn't work".
  'no_timer_check',
  // QEMU keeps the CPUs' time stamps together. Kernels doubt that and read a far slower clock instead.
  'tsc=reliable',
];

/** The whole command line of a machine; `sockets` is the directory of its sockets. Pure. */
export function buildArgv(spec: MachineSpec, sockets: string): string[] {
  return [
    QEMU,
    ...machineType(spec),
    ...processors(spec),
    ...memory(spec),
    // A clone's kernel is in its RAM: QEMU would keep one more copy of the file for each.
    ...(spec.ram?.use === 'private' ? [] : kernel(spec)),
    ...serialConsole(spec),
    ...monitor(sockets),
    ...disk('root', spec.rootPath),
    ...disk('overlay', spec.overlayPath),
    ...(spec.dataDiskPath === undefined ? [] : disk('data', spec.dataDiskPath)),
    ...network(),
    ...ports(sockets),
    ...entropy(),
    ...endings(),
    ...(spec.ram?.use === 'private' ? ['-incoming', 'defer'] : []),
  ];
}

function machineType(spec: MachineSpec): string[] {
  return [
    '-name',
    `guest=${comma(spec.name)}`,
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-machine',
    spec.ram ? 'q35,memory-backend=ram' : 'q35',
  ];
}

function processors(spec: MachineSpec): string[] {
  const { kind } = spec.accelerator;
  // `max` under TCG lacks nothing that 5.10 asks for; la57 costs one more page-table level and gives nothing.
  return [
    '-accel',
    kind === 'kvm' ? 'kvm' : 'tcg,thread=multi',
    '-cpu',
    kind === 'kvm' ? 'host' : 'max,la57=off',
    '-smp',
    String(spec.cpus),
  ];
}

function memory(spec: MachineSpec): string[] {
  const size = `${spec.memoryMib}M`;
  if (!spec.ram) return ['-m', size];
  const share = spec.ram.use === 'shared' ? 'on' : 'off';
  return [
    '-m',
    size,
    '-object',
    `memory-backend-file,id=ram,mem-path=${comma(spec.ram.path)},size=${size},share=${share}`,
  ];
}

function kernel(spec: MachineSpec): string[] {
  return ['-kernel', spec.bootImage, '-append', [...KERNEL_ARGS, ...spec.kernelArgs].join(' ')];
}

/** QEMU itself writes the log, so that the evidence is complete even when we are killed; we read the file along. */
function serialConsole(spec: MachineSpec): string[] {
  const log = join(spec.directory, CONSOLE_FILE);
  return ['-chardev', `file,id=console,path=${comma(log)},append=on`, '-serial', 'chardev:console'];
}

function monitor(sockets: string): string[] {
  return ['-qmp', `unix:${comma(join(sockets, QMP_SOCKET))},server=on,wait=off`];
}

/** Two serial ports without a baud rate, /dev/vport*p1 and /dev/vport*p2 in the guest; a kernel without the driver sees none. */
function ports(sockets: string): string[] {
  const port = (id: string, number: number) => [
    '-chardev',
    `socket,id=${id},path=${comma(join(sockets, id))},server=on,wait=off`,
    '-device',
    `virtserialport,chardev=${id},id=${id},nr=${number}`,
  ];
  return ['-device', 'virtio-serial-pci', ...port(SSH_SOCKET, 1), ...port(GUEST_AGENT_SOCKET, 2)];
}

function disk(id: string, path: string): string[] {
  return [
    '-drive',
    `if=none,id=${id},file=${comma(path)},format=raw,readonly=on,file.locking=off`,
    '-device',
    `virtio-blk-pci,drive=${id}`,
  ];
}

/** `restrict=on`: the guest reaches nobody. Port 0: QEMU picks one itself, so that none is taken between asking and using. */
function network(): string[] {
  return [
    '-netdev',
    'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
    '-device',
    'virtio-net-pci,netdev=net,romfile=',
  ];
}

function entropy(): string[] {
  return ['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'];
}

/**
 * A reset ends the machine: what comes after a triple fault is another boot, and not the one on trial. A kernel with
 * the pvpanic driver tells of its panic at once; it runs on, because its last words come after.
 */
function endings(): string[] {
  return ['-no-reboot', '-device', 'pvpanic', '-action', 'panic=none'];
}

/** A comma in an option's value is written twice. */
function comma(path: string): string {
  return path.replaceAll(',', ',,');
}
