// SPDX-License-Identifier: MIT

/**
 * The system calls that no build needs, as a seccomp(2) program for x86-64: those that reach what namespaces do not part
 * (keyrings, io_uring, bpf, perf), those that hold memory which no process is charged with, and those that give a file a
 * set-user-ID or set-group-ID bit.
 */

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const FAIL = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

const AUDIT_ARCH_X86_64 = 0xc000003e;
/** Numbers from here up are those of the x32 ABI. */
const X32 = 0x40000000;

const SET_ID_BITS = 0o6000;
/** O_CREAT and O_TMPFILE: only with them is the mode looked at. */
const CREATES = 0o100 | 0o20000000;

/** Refused whatever their arguments are. */
const REFUSED: Readonly<Record<string, number>> = {
  ptrace: 101,
  shmget: 29,
  pivot_root: 155,
  mount: 165,
  umount2: 166,
  kexec_load: 246,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  unshare: 272,
  perf_event_open: 298,
  open_by_handle_at: 304,
  setns: 308,
  process_vm_readv: 310,
  process_vm_writev: 311,
  kexec_file_load: 320,
  bpf: 321,
  userfaultfd: 323,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsmount: 432,
  mount_setattr: 442,
};

/** Said not to exist, so that programs do what they do on an older kernel. */
const ABSENT: Readonly<Record<string, number>> = {
  memfd_create: 319,
  io_uring_setup: 425,
  openat2: 437,
  memfd_secret: 447,
};

/** Calls that set a file's mode, and which argument that is. */
const SETS_MODE: readonly (readonly [number: number, argument: number])[] = [
  [85, 1], // creat
  [90, 1], // chmod
  [91, 1], // fchmod
  [133, 1], // mknod
  [259, 2], // mknodat
  [268, 2], // fchmodat
  [452, 2], // fchmodat2
];

/** Calls that may create a file: number, argument of the flags, argument of the mode. */
const OPENS: readonly (readonly [number: number, flags: number, mode: number])[] = [
  [2, 1, 2], // open
  [257, 2, 3], // openat
];

type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number];

/** The filter as bytes, as the kernel takes it. */
export function makeSandboxFilter(): Uint8Array {
  const program: Instruction[] = [
    [LOAD, 0, 0, 4],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH_X86_64],
    [RETURN, 0, 0, FAIL | ENOSYS],
    [LOAD, 0, 0, 0],
    [JUMP_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, FAIL | ENOSYS],
  ];
  const refuse = (number: number, errno: number) =>
    program.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, FAIL | errno]);
  for (const number of Object.values(REFUSED)) refuse(number, EPERM);
  for (const number of Object.values(ABSENT)) refuse(number, ENOSYS);
  for (const [number, mode] of SETS_MODE)
    program.push(
      [LOAD, 0, 0, 0],
      [JUMP_EQUAL, 0, 3, number],
      [LOAD, 0, 0, argument(mode)],
      [JUMP_ANY_BIT, 0, 1, SET_ID_BITS],
      [RETURN, 0, 0, FAIL | EPERM],
    );
  for (const [number, flags, mode] of OPENS)
    program.push(
      [LOAD, 0, 0, 0],
      [JUMP_EQUAL, 0, 5, number],
      [LOAD, 0, 0, argument(flags)],
      [JUMP_ANY_BIT, 0, 3, CREATES],
      [LOAD, 0, 0, argument(mode)],
      [JUMP_ANY_BIT, 0, 1, SET_ID_BITS],
      [RETURN, 0, 0, FAIL | EPERM],
    );
  program.push([RETURN, 0, 0, ALLOW]);
  const bytes = new DataView(new ArrayBuffer(8 * program.length));
  for (const [index, [code, whenTrue, whenFalse, value]] of program.entries()) {
    bytes.setUint16(8 * index, code, true);
    bytes.setUint8(8 * index + 2, whenTrue);
    bytes.setUint8(8 * index + 3, whenFalse);
    bytes.setUint32(8 * index + 4, value >>> 0, true);
  }
  return new Uint8Array(bytes.buffer);
}

/** Where `seccomp_data` has the lower half of an argument. */
function argument(index: number): number {
  return 16 + 8 * index;
}
