// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/index.ts';
import type { Accelerator } from './spec.ts';

/** What QEMU and a kernel need to be told of an architecture's machines; all else is the same on each. */
export interface Board {
  /** The value of `-machine`. */
  readonly machine: Readonly<Record<Accelerator['kind'], string>>;
  /** The value of `-cpu` under TCG. */
  readonly emulatedCpu: string;
  /** Reports a panic to QEMU. */
  readonly panicDevice: string;
  /** Arguments that its kernels are booted with, before all others. */
  readonly kernelArgs: readonly string[];
}

/** Devices of a q35 board that `-nodefaults` leaves there and no machine of ours uses. Kernels reset through the keyboard's. */
const Q35 = ['q35', 'sata=off', 'smbus=off', 'vmport=off'].join();

const BOARDS: Readonly<Record<Architecture, Board>> = {
  x86_64: {
    machine: { kvm: Q35, tcg: Q35 },
    // All that 5.10 asks for; la57 only adds a page-table level.
    emulatedCpu: 'max,la57=off',
    panicDevice: 'pvpanic',
    kernelArgs: [
      'console=ttyS0,115200',
      'earlycon=uart8250,io,0x3f8,115200', // the driver comes late: an early death would be silent
      // On a busy computer the emulated timer's first interrupts come late, and the kernel panics over an I/O APIC that "doesn't work".
      'no_timer_check',
      // QEMU keeps the CPUs' time stamps together. Kernels doubt that and read a far slower clock instead.
      'tsc=reliable',
    ],
  },
  arm64: {
    // The interrupt controller is the host's under KVM, because no other can be had there.
    machine: { kvm: 'virt,gic-version=host', tcg: 'virt,gic-version=3' },
    // Kernels before 5.12 do not boot with lpa2; QEMU computes real pointer authentication so slowly that nothing else counts.
    emulatedCpu: 'max,lpa2=off,pauth-impdef=on',
    panicDevice: 'pvpanic-pci',
    kernelArgs: [
      'console=ttyAMA0,115200',
      'earlycon=pl011,0x9000000', // the driver comes late: an early death would be silent
    ],
  },
};

/** The board of this architecture. */
export function boardOf(arch: Architecture): Board {
  return BOARDS[arch];
}
