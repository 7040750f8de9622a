// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { digestOf, lookInside, readInside, removeHostile } from '../host/index.ts';
import { Fault, isFault, type Kernel } from '../model/index.ts';
import { isDigest, openArtifactStore, openOutputFiles, readArtifact } from '../store/index.ts';
import type { BuildSite } from './build.ts';
import { parseConfig } from './fragment.ts';
import { type MakeResult, makeKernel } from './make.ts';

/** Grows when a change here makes earlier results wrong. */
const MODULES_FORMAT = '1';

/** Where builds have the sources of such modules, below their output. */
const PLACE = 'ktrial';

export interface GuestModulesRequest {
  /** The kernel for which they are built. */
  readonly kernel: Pick<Kernel, 'digest' | 'commit' | 'release'>;
  readonly modules: readonly string[];
  /** The directory with the sources of each in a directory of its name. */
  readonly sources: string;
  readonly onProgress?: (text: string) => void;
}

/** What a module needs of a kernel's configuration. What is `m` here may be built in as well. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  ktrial_delay: ['CONFIG_MODULES=y', 'CONFIG_KPROBES=y', 'CONFIG_SYSFS=y'],
  ktrial_coverage: ['CONFIG_MODULES=y', 'CONFIG_KPROBES=y', 'CONFIG_SYSFS=y', 'CONFIG_PROC_FS=y'],
  // Kernels without vfio_mdev have another interface for parent drivers.
  mdev_probe: ['CONFIG_MODULES=y', 'CONFIG_SYSFS=y', 'CONFIG_VFIO_MDEV=m', 'CONFIG_VFIO_MDEV_DEVICE=m'],
  mdev_probe_driver: [
    'CONFIG_MODULES=y',
    'CONFIG_SYSFS=y',
    'CONFIG_VFIO_MDEV=m',
    'CONFIG_VFIO_MDEV_DEVICE=m',
  ],
  mdev_bochs: ['CONFIG_MODULES=y', 'CONFIG_SYSFS=y', 'CONFIG_VFIO_MDEV=m', 'CONFIG_VFIO_MDEV_DEVICE=m'],
};

/** With these a module fits only the build that made the kernel, and not one that has the same configuration. */
const FORBIDS: readonly string[] = [
  'CONFIG_MODVERSIONS',
  'CONFIG_MODULE_SIG_FORCE',
  'CONFIG_GCC_PLUGIN_RANDSTRUCT',
  'CONFIG_RANDSTRUCT',
];

/** Fault `KERNEL_NO_GUEST_MODULE` (request) where a kernel of this configuration cannot have one of these modules. */
export function requireGuestModules(
  { definition, config }: { readonly definition: { readonly name: string }; readonly config: string },
  modules: readonly string[],
): void {
  for (const module of modules) {
    const wanted = lackedByGuestModule(config, module);
    if (wanted.length === 0) continue;
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_GUEST_MODULE',
      message: `a scenario needs ktrial's module ${module}, which ${definition.name} cannot have: expected ${wanted.join(', ')}`,
      next: `add ${wanted.map((one) => `--config ${one}`).join(' ')}, or put that into the kernel definition`,
    });
  }
}

/** What a configuration would need for one of ktrial's own modules, such as `CONFIG_KPROBES=y`. Pure. */
export function lackedByGuestModule(config: string, module: string): readonly string[] {
  const options = parseConfig(config);
  const lacking = (NEEDS[module] ?? ['CONFIG_MODULES=y']).filter((wanted) => {
    const [name = '', value] = wanted.split('=');
    const got = options.get(name);
    return got !== 'y' && got !== value;
  });
  const forbidden = FORBIDS.filter((name) => options.get(name) === 'y');
  return [...lacking, ...forbidden.map((name) => `${name}=n`)];
}

const metaSchema = z.strictObject({ module: z.string() });

function parseMeta(value: unknown) {
  const result = metaSchema.safeParse(value);
  return result.success ? result.data : null;
}

/** The file of a module that was built for a kernel from these sources; null where it is not in the cache. */
export async function findStoredGuestModule(
  cacheDirectory: string,
  sources: string,
  kernel: string,
  module: string,
): Promise<string | null> {
  const digest = digestOfModule(kernel, module, await readSources(sources, module));
  if (!isDigest(digest)) return null;
  const reading = await readArtifact(storeOf(cacheDirectory, digest), parseMeta, digest);
  return reading.kind === 'whole' ? join(reading.artifact.directory, `${module}.ko`) : null;
}

function storeOf(cacheDirectory: string, digest = ''): string {
  return join(cacheDirectory, 'guest-modules', digest);
}

type Sources = readonly (readonly [name: string, text: string])[];

async function readSources(sources: string, module: string): Promise<Sources> {
  const directory = join(sources, module);
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const),
  );
}

function digestOfModule(kernel: string, module: string, sources: Sources): string {
  return digestOf(MODULES_FORMAT, kernel, module, ...sources.flat());
}

/**
 * Builds ktrial's own modules for a kernel, in the sandbox, and stores each. The tree is prepared as for any external
 * module, in a separate directory: the output tree may already contain the next arm. Faults:
 * `KERNEL_GUEST_MODULE_FAILED` (lab) where a module cannot be built or is not for this kernel, `KERNEL_BUILD_DISTURBED`.
 */
export async function buildGuestModules(site: BuildSite, request: GuestModulesRequest): Promise<void> {
  const { kernel, sources, onProgress } = request;
  const wanted: { readonly module: string; readonly digest: string; readonly files: Sources }[] = [];
  for (const module of request.modules) {
    if ((await findStoredGuestModule(site.cacheDirectory, sources, kernel.digest, module)) !== null) continue;
    const files = await readSources(sources, module);
    wanted.push({ module, files, digest: digestOfModule(kernel.digest, module, files) });
  }
  if (wanted.length === 0) return;
  onProgress?.(`building ${wanted.map((one) => one.module).join(', ')} for its guests`);
  await site.checkOut(kernel.commit);
  const output = join(dirname(site.output), 'guest-modules', 'out');
  // What another arm's code could write never becomes part of this one's modules.
  await removeHostile(dirname(output));
  // Before any code of the tree is executed: what it leaves may be a link to anywhere.
  for (const { module, files } of wanted) {
    const place = join(output, PLACE, module);
    await mkdir(place, { recursive: true });
    for (const [name, text] of files) await writeFile(join(place, name), text);
  }
  requireMade(
    await make(site, output, ['modules_prepare'], onProgress),
    'the tree cannot be prepared for modules',
  );
  await requireRelease(output, kernel.release);
  const store = openArtifactStore({
    directory: storeOf(site.cacheDirectory),
    parse: parseMeta,
    onNote: onProgress,
  });
  const built = await openOutputFiles(output);
  for (const { module, digest } of wanted) {
    const place = join(PLACE, module);
    // Without the symbols of a whole build, what is not exported shows when the module is loaded.
    const targets = [`M=${join(mountOf(site, output), place)}`, 'KBUILD_MODPOST_WARN=1', 'modules'];
    await makeModule(module, () => make(site, output, targets, onProgress), output);
    const file = join(place, `${module}.ko`);
    if ((await lookInside(output, file)) === null) throw failed(`make left no ${module}.ko`);
    await store.put(digest, async (directory, final) => {
      await built.put(file, join(directory, `${module}.ko`), join(final, `${module}.ko`));
      return { module };
    });
  }
  await built.close();
}

/** The path of the kernel's own output where that is possible: then the compiler cache has most of what is compiled. */
function mountOf(site: BuildSite, output: string): string {
  return site.containment.sandbox === null ? output : site.output;
}

function make(
  site: BuildSite,
  output: string,
  targets: readonly string[],
  onProgress: GuestModulesRequest['onProgress'],
): Promise<MakeResult> {
  return makeKernel({
    ...site,
    output,
    mountedAt: mountOf(site, output),
    ccache: { directory: site.ccache, writable: false },
    touched: [],
    startEmpty: false,
    targets,
    keepOpen: site.lock.descriptor,
    onProgress,
  });
}

/** A file that is not in the tree is none of its errors: make's own log has those of the module. */
async function makeModule(module: string, build: () => Promise<MakeResult>, output: string): Promise<void> {
  const what = `${module} cannot be built`;
  try {
    requireMade(await build(), what);
  } catch (error) {
    if (!isFault(error, 'KERNEL_BUILD_DISTURBED')) throw error;
    const log = await readFile(join(dirname(output), 'build.log'), 'utf8');
    const errors = log.split('\n').filter((line) => /\berror:/i.test(line));
    throw failed(`${what}: ${errors[0] ?? error.message}`, errors.slice(0, 10), error.next);
  }
}

function requireMade({ ok, diagnostics, logTail, logPath }: MakeResult, what: string): void {
  if (ok) return;
  const [first] = diagnostics.filter((one) => one.severity === 'error');
  throw failed(`${what}${first ? `: ${first.message}` : ''}`, logTail, `read the whole log: ${logPath}`);
}

async function requireRelease(output: string, release: string): Promise<void> {
  const made = (await readInside(output, 'include/config/kernel.release', 1000))?.trim();
  if (made === release) return;
  throw failed(`modules would be for another kernel: got ${made ?? 'no release'}, expected ${release}`);
}

function failed(message: string, details: readonly string[] = [], next?: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'KERNEL_GUEST_MODULE_FAILED',
    message,
    details,
    ...(next === undefined ? {} : { next }),
  });
}
