// SPDX-License-Identifier: MIT
import type { runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** What a branch is compared with. */
export interface Upstream {
  /** The merge base of the branch and its upstream. */
  readonly base: string;
  /** What was chosen: `origin/master`, `the tag v6.12`. */
  readonly name: string;
  /** What was looked for before, each with the reason why it was not taken. */
  readonly passedOver: readonly string[];
}

export interface UpstreamQuery {
  ask(...args: readonly string[]): ReturnType<typeof runGit>;
  resolve(name: string): Promise<string | null>;
  readonly top: string;
  readonly head: string;
  readonly branch: string | null;
  readonly isShallow: boolean;
  /** Whether there are changes beyond HEAD: then a base that is HEAD will do. */
  readonly hasChanges: boolean;
}

/** Where a branch may have come from, when it does not say so itself; `name` is for people. */
const USUAL = ['origin/HEAD', 'origin/master', 'origin/main', 'master', 'main'];

/**
 * Chooses what a branch is compared with: its upstream, else the usual names, else the newest `v*` tag below it. Faults
 * (request): `SERIES_NO_UPSTREAM`, `SERIES_NOTHING_NEW`.
 */
export async function chooseUpstream(query: UpstreamQuery): Promise<Upstream> {
  const { head, branch, hasChanges } = query;
  const passedOver: string[] = [];
  let containing: string | null = null;
  const attempt = async (name: string, revision: string): Promise<Upstream | null> => {
    const commit = await query.resolve(revision);
    if (commit === null) {
      passedOver.push(`${name}: there is none`);
      return null;
    }
    const { exitCode, stdout } = await query.ask('merge-base', commit, head);
    const base = stdout.trim();
    if (exitCode !== 0 || base === '')
      passedOver.push(
        `${name}: it has no common ancestor with HEAD${query.isShallow ? ' in this shallow clone' : ''}`,
      );
    else if (base === head && !hasChanges) {
      passedOver.push(`${name}: it has everything that HEAD has`);
      containing ??= name;
    } else return { base, name, passedOver };
    return null;
  };
  if (branch === null) passedOver.push('an upstream: HEAD is on no branch');
  else {
    const named = await query.ask('rev-parse', '--abbrev-ref', '--symbolic-full-name', '@{upstream}');
    const name = named.exitCode === 0 ? named.stdout.trim() : '';
    const found = name === '' ? null : await attempt(name, '@{upstream}');
    if (found) return found;
    if (name === '') passedOver.push(`the upstream of ${branch}: none is set`);
  }
  for (const name of USUAL) {
    if (name === branch) continue;
    const found = await attempt(name, name.includes('/') ? `refs/remotes/${name}` : `refs/heads/${name}`);
    if (found) return found;
  }
  // A tag is older than any branch: it says where a series began only where nothing else does.
  if (containing === null) {
    const { exitCode, stdout } = await query.ask(
      ...['describe', '--tags', '--match', 'v[0-9]*', '--abbrev=0', head],
    );
    const tag = stdout.trim();
    if (exitCode !== 0 || tag === '') passedOver.push('a tag v*: none is below HEAD');
    else {
      const found = await attempt(`the tag ${tag}`, `refs/tags/${tag}`);
      if (found) return found;
    }
  }
  throw nothing(query, passedOver, containing);
}

function nothing(
  { top, isShallow }: UpstreamQuery,
  passedOver: readonly string[],
  containing: string | null,
) {
  return containing === null
    ? new Fault({
        blame: 'request',
        code: 'SERIES_NO_UPSTREAM',
        message: `nothing in ${top} says where the series begins: no upstream, no usual branch and no tag v* was found`,
        details: passedOver.map((one) => `looked for ${one}`),
        next: isShallow
          ? 'name the commit before the series: --base COMMIT; or fetch the history: git fetch --unshallow'
          : 'name the commit before the series: --base COMMIT; or set an upstream: git branch -u REMOTE/BRANCH',
      })
    : new Fault({
        blame: 'request',
        code: 'SERIES_NOTHING_NEW',
        message: `there is nothing to put on trial: ${containing} has every commit of HEAD, and no tracked file is changed`,
        details: passedOver.map((one) => `looked for ${one}`),
        next: 'commit or edit something, or name the commit before the series: --base COMMIT',
      });
}
