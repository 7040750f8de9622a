// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { digestOf, runCommand, writeFileAtomic } from '../host/index.ts';
import { buildArgv, CONSOLE_FILE, QEMU } from './argv.ts';
import type { MachineSpec } from './spec.ts';

/** Grows when a change here or in what a frozen machine is told makes earlier templates wrong. */
const TEMPLATE_FORMAT = 3;

/** Files of a template, in its directory. */
export const RAM_FILE = 'ram';
/** The empty disk of a template without a data disk. */
export const DATA_DISK_FILE = 'data';
export const STATE_FILE = 'state';
export const OVERLAY_FILE = 'overlay.squashfs';
const MANIFEST_FILE = 'template.json';
const PARTS = [RAM_FILE, STATE_FILE, CONSOLE_FILE, OVERLAY_FILE] as const;

/** A booted machine frozen to disk: any number of clones can be thawed from it, at the same time. */
export interface Template {
  readonly directory: string;
  /** What the frozen machine was; clones differ in name, directory and whose RAM it is. */
  readonly spec: MachineSpec & { readonly dataDiskPath: string };
  /** Digest of the data disk that it has mounted; null when it has none. */
  readonly dataDisk: string | null;
  /** Whether an SSH server waits at the serial port. */
  readonly serial: boolean;
  /** What that server has said already, base64. */
  readonly greeting: string;
  /** From power-on to the first guest command, in milliseconds. */
  readonly bootMs: number;
}

/** What lies beside a template's files and says what they must be. */
interface TemplateManifest {
  readonly format: number;
  readonly key: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly template: Omit<Template, 'directory'>;
  /** SHA-256 of each file, as `digestSparse` has it. */
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * The key of a template: everything that made it. `contents` are digests of what the spec names by path: the kernel's
 * boot image, the root file system, what its overlay has beside keys; a data disk is no part of it. The command line stands
 * for machine, processor, memory and kernel arguments; under KVM the guest's processor is this computer's.
 */
export async function keyOfTemplate(spec: MachineSpec, contents: readonly string[]): Promise<string> {
  const neutral = { name: '', directory: '', bootImage: '', rootPath: '', overlayPath: '', dataDiskPath: '' };
  const argv = buildArgv({ ...spec, ...neutral, ram: { path: '', use: 'shared' } }, '');
  const { stdout } = await runCommand(QEMU, ['--version']);
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
  await writeFileAtomic(join(directory, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
}

/**
 * Reads a template and compares every byte of it with its manifest: about half a second for each 500 MiB in use, so once
 * for all clones of a run and not for each. Returns in words what is wrong with it where something is.
 */
export async function readTemplate(directory: string, key: string): Promise<Template | string> {
  let manifest: TemplateManifest;
  try {
    manifest = JSON.parse(await readFile(join(directory, MANIFEST_FILE), 'utf8')) as TemplateManifest;
  } catch {
    return 'it has no manifest';
  }
  if (manifest.format !== TEMPLATE_FORMAT || manifest.key !== key)
    return 'its manifest is of another template';
  const digests = await digestParts(directory).catch(() => null);
  if (!digests) return 'a file is missing';
  const spoilt = PARTS.find((part) => digests[part] !== manifest.digests[part]);
  if (spoilt !== undefined) return `${spoilt} is not what was written`;
  const { template } = manifest;
  const spec = {
    ...template.spec,
    directory,
    overlayPath: join(directory, OVERLAY_FILE),
    dataDiskPath: join(directory, DATA_DISK_FILE), // each clone brings its own
  };
  return { ...template, spec, directory };
}

/** What changes when somebody writes to a template's files or replaces one: cheap, asked before each clone. */
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

/** SHA-256 over a file's size and each of its blocks that is not all zero, with its place: RAM is mostly empty. */
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
