// SPDX-License-Identifier: MIT
import { type FileHandle, open } from 'node:fs/promises';
import type { Architecture } from '../model/index.ts';

/** What an ELF file says of itself. */
export interface Binary {
  /** Null for one that ktrial builds no kernels for. */
  readonly arch: Architecture | null;
  /** `ET_REL`, as modules are: addresses count from the beginning of a section. */
  readonly relocatable: boolean;
  /** The linker's digest of the file, hex; null where it was not asked to write one. */
  readonly buildId: string | null;
  /** Size in bytes. A stripped copy keeps the build id of what it was copied from, but not the size. */
  readonly size: number;
}

/** Values of `e_machine`. */
const MACHINES: Readonly<Record<number, Architecture>> = { 62: 'x86_64', 183: 'arm64' };
const SHT_NOTE = 7;
const NT_GNU_BUILD_ID = 3;
/** A section of notes is some dozen bytes; more than this is not what it says. */
const NOTES_MAXIMUM = 1024 * 1024;

/** Reads the headers and notes of a 64-bit ELF file; null for any other file. Rejects when it cannot be read. */
export async function readBinary(path: string): Promise<Binary | null> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await readAt(file, 0, 64);
    // Class 2 is 64 bits.
    if (head.byteLength < 64 || head.getUint32(0) !== 0x7f454c46 || head.getUint8(4) !== 2) return null;
    const little = head.getUint8(5) === 1;
    const relocatable = head.getUint16(16, little) === 1;
    const arch = MACHINES[head.getUint16(18, little)] ?? null;
    return { arch, relocatable, buildId: await findBuildId(file, head, little), size };
  } finally {
    await file.close();
  }
}

async function findBuildId(file: FileHandle, head: DataView, little: boolean): Promise<string | null> {
  const entrySize = head.getUint16(58, little);
  const count = head.getUint16(60, little);
  const table = await readAt(file, Number(head.getBigUint64(40, little)), entrySize * count);
  for (let at = 0; entrySize >= 64 && at + 64 <= table.byteLength; at += entrySize) {
    if (table.getUint32(at + 4, little) !== SHT_NOTE) continue;
    const offset = Number(table.getBigUint64(at + 24, little));
    const length = Number(table.getBigUint64(at + 32, little));
    if (length > NOTES_MAXIMUM) continue;
    const found = findNote(await readAt(file, offset, length), little);
    if (found !== null) return found;
  }
  return null;
}

/** Notes are name, content and a type, each part padded to four bytes. */
function findNote(notes: DataView, little: boolean): string | null {
  let at = 0;
  while (at + 12 <= notes.byteLength) {
    const nameSize = notes.getUint32(at, little);
    const size = notes.getUint32(at + 4, little);
    const type = notes.getUint32(at + 8, little);
    const content = at + 12 + padded(nameSize);
    if (content + size > notes.byteLength) return null;
    const isGnu = nameSize === 4 && notes.getUint32(at + 12) === 0x474e5500;
    if (isGnu && type === NT_GNU_BUILD_ID && size > 0)
      return Buffer.from(notes.buffer, notes.byteOffset + content, size).toString('hex');
    at = content + padded(size);
  }
  return null;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return new DataView(bytes.buffer, 0, bytesRead);
}
