// SPDX-License-Identifier: MIT
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { emulatorOf, runCommand } from '../host/index.ts';
import { type KernelDefinition, programsOf } from '../kernel/index.ts';
import type { RunRequest, Series, SeriesRecord } from '../model/index.ts';
import type { ArmsRequest, CampaignRequest } from './request.ts';

/** A request as the journal keeps it: values only, and what computer and programs it was made with. */
export async function recordRequest(
  request: CampaignRequest,
  id: string,
  ktrialVersion: string,
): Promise<RunRequest> {
  const {
    title,
    series,
    kernel,
    seed,
    repeatCommand,
    scenarios: _planned,
    knownIssues: _too,
    ...options
  } = request;
  return {
    id,
    title,
    series: series && recordSeries(series),
    kernel: { ...kernel },
    options,
    seed,
    repeat: repeatCommand,
    versions: await readVersions(ktrialVersion, kernel),
    host: {
      arch: arch(),
      kernel: release(),
      cpus: availableParallelism(),
      memoryMib: Math.round(totalmem() / 1024 / 1024),
    },
  };
}

function recordSeries(series: Series): SeriesRecord {
  const { title, version, digest, baseCommit, origin } = series;
  const patches = series.patches.map(({ number, subject, author, messageId, files }) => ({
    number,
    subject,
    author,
    messageId,
    files,
  }));
  return { title, version, digest, baseCommit, origin, patches };
}

/** What a resumed campaign needs of its request; its plan is in the journal, its patches in the run's directory. */
export interface ResumedRequest extends ArmsRequest {
  readonly image: string;
  readonly jobs: number | null;
}

/** A request from the journal. `series` was read from the run's directory. */
export function restoreRequest(record: RunRequest, series: Series | null): ResumedRequest {
  const options = record.options as Pick<
    CampaignRequest,
    'notes' | 'baseCommit' | 'arms' | 'mirror' | 'allowUnsandboxed' | 'image' | 'jobs'
  >;
  // The journal's own writer put a definition there.
  const kernel = record.kernel as unknown as KernelDefinition;
  // Records of earlier versions have no notes.
  return { ...options, notes: options.notes ?? [], series, kernel };
}

async function readVersions(
  ktrial: string,
  kernel: KernelDefinition,
): Promise<Record<string, string | null>> {
  const firstLine = async (program: string) =>
    runCommand(program, ['--version'], { accept: 'any' }).then(
      ({ stdout }) => stdout.split('\n')[0] ?? null,
      () => null,
    );
  const { cc, ld } = programsOf(kernel.toolchain, kernel.arch);
  const names = [emulatorOf(kernel.arch), cc, ld, 'git'];
  const [qemu = null, compiler = null, linker = null, git = null] = await Promise.all(names.map(firstLine));
  return { ktrial, node: process.version, qemu, compiler, linker, git };
}
