// SPDX-License-Identifier: MIT
import type { PciDevice } from '../host/index.ts';
import type { Architecture, Limits } from '../model/index.ts';

/** How a machine's CPUs are run, and why that was chosen. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg';
  readonly reason: string;
}

/** The SSH keys of one machine. */
export interface MachineKeys {
  /** Ours, an OpenSSH private key. */
  readonly clientPrivateKey: string;
  /** The guest's, a public key in SSH wire form, base64. */
  readonly hostPublicKey: string;
}

/** Everything that a machine is made of, as a value: its command line can be compared without starting it. */
export interface MachineSpec {
  readonly name: string;
  /** Of the kernel, and so of the machine. */
  readonly arch: Architecture;
  /** Where the console log and QEMU's own log are written. */
  readonly directory: string;
  readonly bootImage: string;
  /** Squashfs, read-only; any number of machines share it. */
  readonly rootPath: string;
  /** Squashfs with this machine's keys, modules and files. */
  readonly overlayPath: string;
  /** A third disk, /data in the guest: the one thing in which clones of a template may differ. */
  readonly dataDiskPath?: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly kernelArgs: readonly string[];
  /** Whether it has a network card, in a network in which nobody else is; SSH over TCP needs one. */
  readonly network: boolean;
  /** A device of this computer that it gets; such a machine can be no template and no clone. Absent: none. */
  readonly pci?: PciDevice;
  readonly accelerator: Accelerator;
  readonly keys: MachineKeys;
  /** The file with its RAM, for a template or a clone; anonymous memory without one. */
  readonly ram?: MachineRam;
}

/** What ktrial lets a machine do, beside what it is made of. */
export interface MachineBounds {
  readonly limits: Limits;
  /** Whether it can be left running. */
  readonly keepable: boolean;
}

/** RAM as a file. */
export interface MachineRam {
  readonly path: string;
  /**
   * `shared`, for a template: the file has what the guest writes. `private`, for a clone: copy on write; such a machine does
   * not boot but waits for a device state to be loaded.
   */
  readonly use: 'shared' | 'private';
}

/** How a machine ended. */
export interface MachineEnd {
  /**
   * `poweroff`, `reset`: the guest did it. `panic`: its kernel panicked. `internalError`: QEMU could not emulate its CPU.
   * `consoleFull`: its console's log reached the limit. `qemuExited`, `qemuKilled`: the process exited by itself or was
   * killed. `stoppedByUs`: ktrial stopped it.
   */
  readonly reason:
    | 'poweroff'
    | 'reset'
    | 'panic'
    | 'internalError'
    | 'consoleFull'
    | 'qemuExited'
    | 'qemuKilled'
    | 'stoppedByUs';
  /** One sentence for people. */
  readonly detail: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}
