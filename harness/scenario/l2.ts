// SPDX-License-Identifier: MIT
import { quoteArgs } from '../model/index.ts';

/** Where VMs inside the guest have their consoles and monitors, a pair of files each: `<job>.console`, `<job>.monitor`. */
const L2_DIRECTORY = '/run/l2';

/** Where the overlay has `<name>/kernel` and `<name>/initramfs.cpio` of each L2 that the scenario names. */
const L2_FILES = '/overlay/l2';

/** The file in the guest to which a VM inside it writes its serial console. */
export function consolePathOf(job: string): string {
  return `${L2_DIRECTORY}/${job}.console`;
}

/** The unix socket in the guest at which a VM inside it listens for QMP. */
export function monitorPathOf(job: string): string {
  return `${L2_DIRECTORY}/${job}.monitor`;
}

export interface L2Options {
  readonly l2: string;
  readonly job: string;
  readonly memoryMib: number;
  readonly devices: readonly string[];
  readonly append: string;
  readonly acpi: boolean;
  readonly paused: boolean;
}

/** The command that starts QEMU inside the guest, as a shell line. */
export function l2Command(options: L2Options): string {
  const acpi = options.acpi ? 'noirq' : 'off';
  const argv = [
    'qemu-system-x86_64',
    ...['-machine', 'pc'],
    // Nested KVM would make two arms differ by the host; a tiny L2 is quick enough in emulation.
    ...['-accel', 'tcg', '-m', String(options.memoryMib)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', `${L2_FILES}/${options.l2}/kernel`],
    ...['-initrd', `${L2_FILES}/${options.l2}/initramfs.cpio`],
    // To measure the delay loop takes 3 s of the VM's own time; this is what it measured. ACPI takes 3 s, and 2 s for each
    // device that it routes an interrupt for.
    ...['-append', `console=ttyS0 panic=-1 lpj=8191 acpi=${acpi} ${options.append}`.trim()],
    ...['-chardev', `file,id=console,path=${consolePathOf(options.job)}`, '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=monitor,path=${monitorPathOf(options.job)},server=on,wait=off`],
    ...['-mon', 'chardev=monitor,mode=control'],
    ...options.devices.flatMap((path, index) => ['-device', `vfio-pci,id=device${index},sysfsdev=${path}`]),
    ...(options.paused ? ['-S'] : []),
  ];
  return `mkdir -p ${L2_DIRECTORY} && rm -f ${monitorPathOf(options.job)} && exec ${quoteArgs(argv)}`;
}
