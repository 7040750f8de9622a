// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import { type DebianSource, lockApt, openAptState, runApt } from './apt.ts';
import { listClosure } from './closure.ts';
import { type DebianPackage, downloadPackages, findPackages } from './download.ts';
import { withFreshLists } from './fresh.ts';
import { requireDebianName } from './name.ts';

/**
 * Fetches one package of a suite (the newest version, or the one named) and verifies it. Faults `DEBIAN_BAD_NAME`, and
 * `DEBIAN_NO_PACKAGE`, which names the versions that the suite has instead.
 */
export async function fetchDebianPackage(
  name: string,
  version: string | undefined,
  source: DebianSource,
): Promise<DebianPackage> {
  requireDebianName('package', name);
  if (version !== undefined) requireDebianName('version', version);
  await using _lock = await lockApt(source);
  const state = await openAptState(source);
  const [fetched] = await withFreshLists(state, async () =>
    downloadPackages(state, (await findPackages(state, [{ name, version }])).slice(0, 1)),
  );
  if (fetched) return fetched;
  const { stdout } = await runApt(state, ['madison', '--', name], { program: 'apt-cache', accept: 'any' });
  const others = [...new Set(stdout.split('\n').flatMap((row) => row.split('|')[1]?.trim() || []))];
  throw new Fault({
    blame: 'request',
    code: 'DEBIAN_NO_PACKAGE',
    message:
      others.length === 0
        ? `Debian ${source.suite} has no package ${name}`
        : `Debian ${source.suite} has no ${name} ${version}; it has ${others.join(', ')}`,
    next:
      others.length === 0
        ? 'check the names of the package and the suite'
        : 'name one of these versions, or point --mirror to an archive of old states that still has the other: mirrors keep only the last few',
  });
}

/** Fetches packages with all their dependencies, as an installation on an empty system needs them; sorted by name. */
export async function fetchDebianClosure(
  names: readonly string[],
  source: DebianSource,
): Promise<readonly DebianPackage[]> {
  await using _lock = await lockApt(source);
  const state = await openAptState(source);
  const fetched = await withFreshLists(state, async () =>
    downloadPackages(state, await listClosure(state, names)),
  );
  if (fetched.length > 0) return fetched;
  throw new Fault({
    blame: 'lab',
    code: 'DEBIAN_NO_PACKAGE',
    message: `apt lists no packages for ${names.join(', ')} in Debian ${source.suite}`,
  });
}
