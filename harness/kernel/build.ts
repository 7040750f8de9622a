// SPDX-License-Identifier: MIT
import { digestOf, type Lock, runGit } from '../host/index.ts';
import type { BuildResult, Diagnostic } from '../model/index.ts';
import type { Artifact } from '../store/index.ts';
import type { BuildArchitecture } from './arch/architecture.ts';
import { isMakefile } from './build-files.ts';
import type { Containment } from './containment.ts';
import type { KernelDefinition } from './definition.ts';
import { mergeDiagnostics } from './diagnostic.ts';
import { errorOfBuild, type MakeResult, makeKernel } from './make.ts';
import { findOutputProblem } from './output-check.ts';
import type { SeriesOutput } from './series-output.ts';
import { type KernelMeta, openKernelStore, storeKernel, toKernel } from './stored-kernel.ts';
import { describeToolchain, type Toolchain } from './toolchain.ts';

/** Grows when a change here makes earlier cached kernels wrong. */
const BUILD_FORMAT = '3';

export interface BuildRequest {
  readonly commit: string;
  /**
   * Files whose warnings must be known: compiled even if make considers them up to date. Arms whose warnings are compared
   * need the same list, the base too.
   */
  readonly touched?: readonly string[];
  /** Whether the commit has patches of a series: what its code could write is kept apart from the base. */
  readonly ofSeries?: boolean;
  /** Whether other arms' warnings are compared with this one's: those of the base. */
  readonly isReference?: boolean;
  /** Number of the patch that a file's diagnostics belong to. */
  readonly attribute?: (file: string) => number | null;
  readonly onProgress?: (text: string) => void;
}

/** Where a build takes place, and with what. */
export interface BuildSite {
  readonly definition: KernelDefinition;
  readonly tree: string;
  readonly output: string;
  readonly config: string;
  readonly toolchain: Toolchain;
  readonly architecture: BuildArchitecture;
  readonly makeArguments: readonly string[];
  readonly cacheDirectory: string;
  /**
   * The repository that the source is borrowed from. Nobody checks that its objects are what their names say, so a kernel
   * from it is never taken for one from elsewhere.
   */
  readonly lender: string | null;
  /** The compiler cache of this source: written by its base alone. */
  readonly ccache: string;
  readonly containment: Containment;
  readonly seriesOutput: SeriesOutput;
  readonly jobs: number;
  readonly lock: Lock;
  readonly signal?: AbortSignal | undefined;
  checkOut(commit: string): Promise<void>;
}

/**
 * Builds a kernel, or takes it from the cache when the same tree, configuration and compiler were built before and the
 * diagnostics of all touched files are known. An error in the source is a value; trouble of this computer is a Fault
 * `KERNEL_BUILD_DISTURBED`.
 */
export async function buildKernel(site: BuildSite, request: BuildRequest): Promise<BuildResult> {
  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  const attribute = (diagnostics: readonly Diagnostic[]) =>
    diagnostics.map((one) => ({ ...one, patch: request.attribute?.(one.file) ?? null }));
  const succeed = ({ meta, ...artifact }: Artifact<KernelMeta>, cached: boolean): BuildResult => {
    // The same tree may have been built from another commit, in a build tree that is gone.
    const kernel = { ...toKernel({ ...artifact, meta }), source: site.tree, commit: request.commit };
    return {
      ok: true,
      kernel,
      cached,
      durationMs: elapsed(),
      diagnostics: attribute(meta.diagnostics),
      files: meta.files ?? {},
      notes: meta.notes ?? [],
    };
  };
  const touched = request.touched ?? [];
  const digest = await identifyBuild(site, request.commit);
  const store = openKernelStore(site.cacheDirectory, request.onProgress);
  const known = await store.get(digest);
  // A changed Makefile or Kconfig file compiles other files in the other arms, whose old warnings would look new.
  const needsAll = request.isReference === true && touched.some(isMakefile);
  // Of a base nobody asks which files it compiles.
  const knowsFiles = !request.ofSeries || touched.every((file) => known?.meta.files?.[file] !== undefined);
  if (known && knowsFiles && coversAll(known.meta.compiled, needsAll ? null : touched))
    return succeed(known, true);
  await site.checkOut(request.commit);
  const { architecture, definition } = site;
  // Without a sandbox a directory cannot be under another path, and the series could write to any.
  const isApart = request.ofSeries === true && site.containment.sandbox !== null;
  const output = isApart ? await site.seriesOutput.open(request.onProgress) : site.output;
  const fail = ({ diagnostics, logPath, logTail, notes }: FailedMake): BuildResult => ({
    ok: false,
    diagnostics: attribute(diagnostics),
    durationMs: elapsed(),
    logPath,
    logTail,
    notes,
  });
  const made = await makeKernel({
    ...site,
    output,
    mountedAt: site.output,
    ccache: { directory: site.ccache, writable: !isApart },
    touched,
    startEmpty: needsAll,
    targets: [architecture.bootTarget, ...(definition.modules ? ['modules'] : [])],
    keepOpen: site.lock.descriptor,
    onProgress: request.onProgress,
  });
  if (!made.ok) return fail(made);
  const found = mergeFound(known?.meta, made, touched);
  if (known) return succeed(await store.describe(known, { ...known.meta, ...found }), false);
  const { bootImage } = architecture;
  const built = { output, bootImage, modules: definition.modules };
  const problem = await findOutputProblem(built);
  if (problem !== null) return fail({ ...made, diagnostics: [errorOfBuild(problem)] });
  const kernel = {
    digest,
    name: definition.name,
    arch: definition.arch,
    source: site.tree,
    compiler: describeToolchain(site.toolchain),
    commit: request.commit,
  };
  return succeed(await storeKernel(store, built, kernel, found), false);
}

type FailedMake = Pick<MakeResult, 'diagnostics' | 'logPath' | 'logTail' | 'notes'>;

async function identifyBuild(site: BuildSite, commit: string): Promise<string> {
  const { stdout } = await runGit(['rev-parse', `${commit}^{tree}`], {
    cwd: site.tree,
    signal: site.signal,
  });
  const { compiler, linker, checker } = site.toolchain;
  return digestOf(
    BUILD_FORMAT,
    stdout.trim(),
    site.config,
    compiler,
    linker,
    ...site.makeArguments,
    site.definition.modules ? 'modules' : 'no modules',
    ...(site.lender === null ? [] : [`lender ${site.lender}`]),
    ...(checker === null ? [] : [`checker ${checker}`]),
  );
}

/** Whether the diagnostics of these files, or of all with null, are known. */
function coversAll(compiled: KernelMeta['compiled'], touched: readonly string[] | null): boolean {
  return compiled === 'all' || (touched?.every((file) => compiled.includes(file)) ?? false);
}

/** Adds what a build found to what earlier builds of the same kernel found. */
function mergeFound(
  known: KernelMeta | undefined,
  made: Pick<MakeResult, 'diagnostics' | 'complete' | 'notes' | 'files'>,
  touched: readonly string[],
): Pick<KernelMeta, 'diagnostics' | 'compiled' | 'notes' | 'files'> {
  const before = known?.compiled ?? [];
  const compiled =
    made.complete || before === 'all' ? ('all' as const) : [...new Set([...before, ...touched])].sort();
  const notes = [...new Set([...(known?.notes ?? []), ...made.notes])];
  const files = { ...known?.files, ...made.files };
  return {
    compiled,
    diagnostics: mergeDiagnostics(known?.diagnostics ?? [], made.diagnostics),
    notes,
    files,
  };
}
