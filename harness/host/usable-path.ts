// SPDX-License-Identifier: MIT
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Fault } from '../model/index.ts';

/**
 * Characters with which the build of a kernel fails when they are in the path of its source or output: make splits words at
 * blanks and knows `:`, `%`, `#` and `$`, its recipes are lines for a shell, and gcc splits `-Wp,-MMD,PATH` at commas.
 */
const UNUSABLE = /[\s\p{Cc}"#$%&'()*,:;<>?[\\\]`|]/u;

/**
 * Passes for a directory that ktrial can keep its files in and build kernels in: an absolute path, without characters that
 * make, a shell or the compiler takes apart, and not a link to one with them. Fault `HOST_UNUSABLE_PATH` (request).
 */
export function requireUsablePath(
  path: string,
  what: string,
  next = 'choose another directory: XDG_CACHE_HOME=/PLAIN/PATH',
): void {
  const fault = (why: string) =>
    new Fault({
      blame: 'request',
      code: 'HOST_UNUSABLE_PATH',
      message: `the ${what} ${JSON.stringify(path)} cannot be used: ${why}`,
      next,
    });
  if (!isAbsolute(path)) throw fault('it is not an absolute path');
  const [found] = UNUSABLE.exec(path) ?? [];
  if (found !== undefined) throw fault(`it contains ${nameOf(found)}, with which kernels cannot be built`);
  const real = findReal(path);
  const [hidden] = UNUSABLE.exec(real) ?? [];
  if (hidden !== undefined)
    throw fault(`it leads to ${JSON.stringify(real)}, which contains ${nameOf(hidden)}`);
}

function nameOf(character: string): string {
  if (character === ' ') return 'a space';
  if (character === '\n') return 'a line feed';
  return JSON.stringify(character);
}

/** The path without symbolic links, as far as it exists. */
function findReal(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(findReal(above), basename(path));
  }
}
