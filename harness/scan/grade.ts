// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { listInput, lookAtInput, readInput } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { formatGrade, gradeLog } from '../splat/index.ts';
import type { LogPlace } from './read-log.ts';

/**
 * Grades how well directories of logs with expectations are read, as text. Faults (request): `SCAN_NOTHING_TO_GRADE`, those of
 * `host/input.ts`.
 */
export async function gradeDirectories(
  names: readonly string[],
  { workingDirectory, limits, signal }: LogPlace,
): Promise<string> {
  const rows = [];
  for (const name of names) {
    const directory = resolve(workingDirectory, name);
    for (const entry of await listInput(directory, 'directory')) {
      const path = join(directory, entry);
      if ((await lookAtInput(path, 'log')) !== 'file') continue;
      const limitBytes = limits['log-mib'] * 1024 * 1024;
      const raise = `--limit log-mib=${2 * limits['log-mib']}`;
      const bytes = await readInput(path, { what: 'log', limitBytes, raise, signal });
      rows.push(gradeLog(entry, bytes.toString('latin1')));
    }
  }
  if (rows.length > 0) return formatGrade(rows);
  throw new Fault({
    blame: 'request',
    code: 'SCAN_NOTHING_TO_GRADE',
    message: names.length === 0 ? 'no directory is named' : `there is no file in ${names.join(', ')}`,
    next: 'ktrial scan --grade DIRECTORY',
  });
}
