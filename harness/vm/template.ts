// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { digestOf, emulatorOf, runCommand, writeFileAtomic } from '../host/index.ts';
import { buildArgv, CONSOLE_FILE } from './argv.ts';
import type { MachineSpec } from './spec.ts';

/** Grows when a change of the files, or of what is done to a machine before the freeze, makes earlier templates useless. */
const TEMPLATE_FORMAT = 7;

/** Files of a template, in its directory. */
export const RAM_FILE = 'ram';
/** The empty disk of a template without a data disk. */
export const DATA_DISK_FILE = 'data';
export const STATE_FILE = 'state';
export const OVERLAY_FILE = 'overlay.squashfs';
const MANIFEST_FILE = 'template.json';
const PARTS = [RAM_FILE, STATE_FILE, CONSOLE_FILE, OVERLAY_FILE] as const;

/** A booted machine frozen to disk. Any number of clones can be thawed from it, at the same time. */
export interface Template {
  readonly directory: string;
  /** The frozen machine; clones have their own name, directory, disks and private RAM. */
  readonly spec: MachineSpec & { readonly dataDiskPath: string };
  /** Digest of the data disk that is mounted; null when none is. */
  readonly dataDisk: string | null;
  /** Whether an SSH server waits at the serial port. */
  readonly serial: boolean;
  /** What that server has sent already, base64. */
  readonly greeting: string;
  /** From power-on to the first guest command, in milliseconds. */
  readonly bootMs: number;
}

/** What the manifest beside a template's files says. */
interface TemplateManifest {
  readonly format: number;
  readonly key: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly template: Omit<Template, 'directory'>;
  /** SHA-256 of each file, as `digestSparse` computes it. */
  readonly digests: Readonly<Record<string, string>>;
}

/** The manifest as a file: a digest of the text makes every change of it visible. */
interface ManifestFile {
  readonly digest: string;
  readonly text: string;
}

/**
 * The key of a template: a digest of everything that goes into it. `contents` are digests of the files that the spec names by
 * path: boot image, root file system, the overlay apart from keys; the data disk is not part of it. The command line covers
 * machine, processor, memory and kernel arguments. Under KVM the guest has this computer's processor.
 */
export async function keyOfTemplate(spec: MachineSpec, contents: readonly string[]): Promise<string> {
  const neutral = { name: '', directory: '', bootImage: '', rootPath: '', overlayPath: '', dataDiskPath: '' };
  const argv = buildArgv({ ...spec, ...neutral, ram: { path: '', use: 'shared' } }, '');
  const { stdout } = await runCommand(emulatorOf(spec.arch), ['--version']);
  const host = spec.accelerator.kind === 'kvm' ? [release(), await describeProcessor()] : [];
  return digestOf(String(TEMPLATE_FORMAT), ...argv, stdout, ...contents, ...host).slice(0, 32);
}

async function describeProcessor(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return ['model name', 'microcode', 'flags']
    .map((field) => new RegExp(`^${field}\\s*:.*$`, 'm').exec(text)?.[0] ?? '')
    .join('\n');
}

/** Writes a template's manifest, with the digest of each of its files. */
export async function writeManifest(template: Template, key: string): Promise<void> {
  const { directory, ...rest } = template;
  const manifest: TemplateManifest = {
    format: TEMPLATE_FORMAT,
    key,
    madeAt: new Date().toISOString(),
    template: rest,
    digests: await digestParts(directory),
  };
  const text = JSON.stringify(manifest);
  const file: ManifestFile = { digest: digestOf(text), text };
  await writeFileAtomic(join(directory, MANIFEST_FILE), `${JSON.stringify(file)}\n`);
}

/**
 * Reads a template and compares every byte of it with its manifest: about half a second for each 500 MiB in use, so once
 * for all clones of a run. Returns what is wrong with it, as a text, where something is.
 */
export async function readTemplate(directory: string, key: string): Promise<Template | string> {
  const manifest = parseManifest(await readFile(join(directory, MANIFEST_FILE), 'utf8').catch(() => ''));
  if (typeof manifest === 'string') return manifest;
  if (manifest.format !== TEMPLATE_FORMAT || manifest.key !== key)
    return 'its manifest belongs to another template';
  const digests = await digestParts(directory).catch(() => null);
  if (!digests) return 'a file is missing';
  const changed = PARTS.find((part) => digests[part] !== manifest.digests[part]);
  if (changed !== undefined) return `${changed} is not what was written`;
  const { template } = manifest;
  const spec = {
    ...template.spec,
    directory,
    overlayPath: join(directory, OVERLAY_FILE),
    dataDiskPath: join(directory, DATA_DISK_FILE), // a clone with a data disk has its own
  };
  return { ...template, spec, directory };
}

/** A manifest that was written whole and not changed since, or what is wrong with it. */
function parseManifest(text: string): TemplateManifest | string {
  if (text === '') return 'it has no manifest';
  try {
    const file = JSON.parse(text) as Partial<ManifestFile> | null;
    if (typeof file?.text === 'string' && digestOf(file.text) === file.digest)
      return JSON.parse(file.text) as TemplateManifest;
  } catch {
    // It was cut off: the same as one that was changed.
  }
  return 'its manifest is not what was written';
}

/** A text that changes when somebody writes to a template's files or replaces one. Cheap: used before each clone. */
export async function markOfTemplate(directory: string): Promise<string> {
  const marks = PARTS.map(async (part) => {
    const { ino, size, mtimeMs } = await stat(join(directory, part));
    return `${part} ${ino} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(marks)).join('\n');
}

async function digestParts(directory: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const part of PARTS) digests[part] = await digestSparse(join(directory, part));
  return digests;
}

const BLOCK = 256 * 1024;

/** SHA-256 of a file's size and of each block that is not all zero, with its offset: RAM is mostly empty. */
async function digestSparse(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(BLOCK);
  const empty = Buffer.alloc(BLOCK);
  const file = await open(path, 'r');
  try {
    let at = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, BLOCK, at);
      if (bytesRead === 0) break;
      const block = buffer.subarray(0, bytesRead);
      if (block.compare(empty, 0, bytesRead) !== 0) hash.update(`${at}:`).update(block);
      at += bytesRead;
    }
    return hash.update(`${at}.`).digest('hex');
  } finally {
    await file.close();
  }
}
