// SPDX-License-Identifier: MIT

/** The properties of an L2 that its saved state depends on. */
export interface L2Shape {
  readonly memoryMib: number;
  /** Whether its kernel uses ACPI. */
  readonly acpi: boolean;
}

export interface L2Files {
  readonly kernel: string;
  readonly initramfs: string;
  /** The serial console is appended to this file. */
  readonly console: string;
}

/**
 * QEMU's arguments for an L2, without devices and monitor. A state that was saved with these arguments loads only into a QEMU with
 * the same ones.
 */
export function l2Argv({ memoryMib, acpi }: L2Shape, files: L2Files, append = ''): string[] {
  return [
    ...['-machine', 'pc'],
    // Nested KVM would make two arms differ by the host; a tiny L2 is quick enough in emulation.
    ...['-accel', 'tcg', '-m', String(memoryMib)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', files.kernel, '-initrd', files.initramfs],
    // To measure the delay loop takes 3 s of the VM's own time; this is what it measured. ACPI takes 3 s, and 2 s for each
    // device that it routes an interrupt for. After a resume the TSC has another value.
    ...[
      '-append',
      `console=ttyS0 panic=-1 lpj=8191 tsc=unstable acpi=${acpi ? 'noirq' : 'off'} ${append}`.trim(),
    ],
    ...['-chardev', `file,id=console,path=${files.console},append=on`, '-serial', 'chardev:console'],
  ];
}

/** File names, beside the L2's kernel, of its saved state and of the console output up to that point. */
export function l2StateNames({ memoryMib, acpi }: L2Shape): {
  readonly state: string;
  readonly console: string;
} {
  const name = `${memoryMib}${acpi ? '-acpi' : ''}`;
  return { state: `${name}.state`, console: `${name}.console` };
}

/** What an L2's init prints when it finds no serial card and starts to poll for one. */
export const L2_WAITS = 'l2: no port';
