// SPDX-License-Identifier: MIT

/** How a machine's CPUs are made to run, and why that was chosen. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg';
  readonly reason: string;
}

/** Keys of one run: a client key for us, a host key that the guest must show. */
export interface MachineKeys {
  /** OpenSSH private key. */
  readonly clientPrivateKey: string;
  /** Base64 of the host's public key in SSH wire form: what the guest must show. */
  readonly hostPublicKey: string;
}

/** Everything that makes a machine; a value, so that its command line can be compared without starting it. */
export interface MachineSpec {
  readonly name: string;
  /** Console log and QEMU's own words go here. */
  readonly directory: string;
  readonly bootImage: string;
  /** Squashfs, read-only, shared by any number of machines. */
  readonly rootPath: string;
  /** Squashfs with this run's keys, modules and files. */
  readonly overlayPath: string;
  /** A third disk, at /data: what clones of one template may differ in. */
  readonly dataDiskPath?: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly kernelArgs: readonly string[];
  readonly accelerator: Accelerator;
  readonly keys: MachineKeys;
  /** The file that is its RAM, where it is to be frozen or comes from a frozen one; else memory without a name. */
  readonly ram?: MachineRam;
}

/** RAM as a file. */
export interface MachineRam {
  readonly path: string;
  /**
   * `shared`: what the guest writes is in the file, as a template needs it. `private`: it begins as the file and keeps
   * what it writes to itself (copy on write); such a machine waits for a frozen device state and does not boot.
   */
  readonly use: 'shared' | 'private';
}

/** How a machine came to its end. */
export interface MachineEnd {
  /**
   * `poweroff`, `reset`: the guest's own doing. `panic`: its kernel panicked. `internalError`: QEMU could not go on.
   * `qemuExited`, `qemuKilled`: the process ended by itself or by a signal. `stoppedByUs`: we asked for it.
   */
  readonly reason:
    | 'poweroff'
    | 'reset'
    | 'panic'
    | 'internalError'
    | 'qemuExited'
    | 'qemuKilled'
    | 'stoppedByUs';
  /** One sentence for people. */
  readonly detail: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}
