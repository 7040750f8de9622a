// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import { both, type Condition, type Conditions } from './condition.ts';
import type { Makefile } from './makefile.ts';
import type { MakefileReader } from './tree.ts';

/** One way on which a file gets into the kernel or a module: what must be configured for it. */
export interface Route {
  readonly conditions: readonly Condition[];
  /** The object that the way ends with: `zram` for `zram.ko`; null where it is not known. */
  readonly object: string | null;
}

/** The lists of Kbuild; everything else is a composite object, or a variable. */
const LISTS: ReadonlySet<string> = new Set(
  'obj lib core drivers libs net virt init head extra always subdir hostprogs targets rust'.split(' '),
);
const COMPILED = /\.(?:c|S|rs)$/;
const DEPTH = 6;

interface Found {
  readonly conditions: readonly Condition[];
  readonly object: string | null;
}

/** All ways on which a source file gets built, those with the fewest conditions first; none where no makefile names it. */
export async function findRoutes(
  path: string,
  makefiles: MakefileReader,
  sourceArch: string,
): Promise<Route[]> {
  const target = path.replace(COMPILED, path.endsWith('.lds.S') ? '' : '.o');
  if (target === path) return [];
  for (
    let directory = posix.dirname(path), ups = 0;
    ups < 4;
    directory = posix.dirname(directory), ups += 1
  ) {
    const inside = directory === '.' ? '' : directory;
    const makefile = await makefiles.ofDirectory(inside);
    const name = inside === '' ? target : target.slice(inside.length + 1);
    const found = makefile ? findToken(makefile, name, DEPTH) : [];
    if (found.length > 0) {
      const ways = await findDirectory(inside, makefiles, sourceArch, DEPTH);
      const routes = found.flatMap(({ conditions, object }) =>
        ways.flatMap((way) => join(conditions, way, object)),
      );
      return routes.sort((a, b) => a.conditions.length - b.conditions.length);
    }
    if (inside === '') break;
  }
  return [];
}

function join(a: readonly Condition[], b: readonly Condition[], object: string | null): Route[] {
  const conditions = both(a, b);
  return conditions === null ? [] : [{ conditions, object }];
}

/** Where a makefile lists an object or directory, directly or as a part of another object. */
function findToken(makefile: Makefile, token: string, depth: number): Found[] {
  if (depth === 0) return [];
  return makefile.assignments.flatMap(({ name, conditions, tokens }): Found[] => {
    if (conditions === null || !tokens.includes(token)) return [];
    if (LISTS.has(name)) return [{ conditions, object: objectOf(token) }];
    const around = [
      ...findToken(makefile, `${name}.o`, depth - 1),
      ...['', '-y', '-objs'].flatMap((suffix) => findToken(makefile, `@${name}${suffix}`, depth - 1)),
    ];
    // A list of its own, such as that of a boot stage: its rule is not looked for.
    if (around.length === 0) return [{ conditions, object: null }];
    return around.flatMap((one) =>
      join(conditions, one.conditions, one.object?.startsWith('@') ? objectOf(token) : one.object),
    );
  });
}

function objectOf(token: string): string | null {
  if (token.startsWith('@')) return token;
  return token.endsWith('.o') ? token.slice(0, -2) : null;
}

/** The conditions of each way on which make gets to a directory. */
async function findDirectory(
  directory: string,
  makefiles: MakefileReader,
  sourceArch: string,
  depth: number,
): Promise<(readonly Condition[])[]> {
  if (directory === '') return [[]];
  // Its objects are named by rules, not by lists; make always goes there for a boot image.
  if (directory.startsWith(`arch/${sourceArch}/boot`)) return [[]];
  if (depth === 0) return [];
  const rooted = await makefiles.ofFile(`arch/${sourceArch}/Makefile`, `arch/${sourceArch}`);
  const atTop = [rooted, await makefiles.ofDirectory('')].flatMap((one) =>
    one ? findToken(one, `${directory}/`, 3) : [],
  );
  if (atTop.length > 0) return atTop.map((one) => one.conditions);
  for (let parent = posix.dirname(directory); parent !== '.'; parent = posix.dirname(parent)) {
    const makefile = await makefiles.ofDirectory(parent);
    const found = makefile ? findToken(makefile, `${directory.slice(parent.length + 1)}/`, 3) : [];
    if (found.length === 0) continue;
    const ways = await findDirectory(parent, makefiles, sourceArch, depth - 1);
    return found.flatMap((one) =>
      ways.flatMap((way) => {
        const conditions: Conditions = both(one.conditions, way);
        return conditions === null ? [] : [conditions];
      }),
    );
  }
  return [];
}
