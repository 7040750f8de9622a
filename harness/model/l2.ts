// SPDX-License-Identifier: MIT

/** A VM inside the guest, as far as a state that is saved of it depends on it. */
export interface L2Shape {
  readonly memoryMib: number;
  /** Whether its kernel uses ACPI. */
  readonly acpi: boolean;
}

export interface L2Files {
  readonly kernel: string;
  readonly initramfs: string;
  /** To its end its serial console is written. */
  readonly console: string;
}

/**
 * What QEMU is started with for a VM inside the guest, apart from its devices and its monitor. A state that was saved with these
 * arguments goes on where QEMU has the same ones.
 */
export function l2Argv({ memoryMib, acpi }: L2Shape, files: L2Files, append = ''): string[] {
  return [
    ...['-machine', 'pc'],
    // Nested KVM would make two arms differ by the host; a tiny L2 is quick enough in emulation.
    ...['-accel', 'tcg', '-m', String(memoryMib)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', files.kernel, '-initrd', files.initramfs],
    // To measure the delay loop takes 3 s of the VM's own time; this is what it measured. ACPI takes 3 s, and 2 s for each
    // device that it routes an interrupt for. The time stamp counter of a saved VM is another one when it goes on.
    ...[
      '-append',
      `console=ttyS0 panic=-1 lpj=8191 tsc=unstable acpi=${acpi ? 'noirq' : 'off'} ${append}`.trim(),
    ],
    ...['-chardev', `file,id=console,path=${files.console},append=on`, '-serial', 'chardev:console'],
  ];
}

/** The names of the files with the saved state of such a VM and what is on its console by then, beside its kernel. */
export function l2StateNames({ memoryMib, acpi }: L2Shape): {
  readonly state: string;
  readonly console: string;
} {
  const name = `${memoryMib}${acpi ? '-acpi' : ''}`;
  return { state: `${name}.state`, console: `${name}.console` };
}

/** What an L2's init prints where it was handed no card yet, and waits for one. */
export const L2_WAITS = 'l2: no port';
