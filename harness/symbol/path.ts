// SPDX-License-Identifier: MIT

/** A source file's path relative to the source tree, whichever of the roots it lies under; else as it is. */
export function relativePath(file: string, roots: readonly string[]): string {
  const path = normalise(file);
  for (const root of roots) {
    const prefix = `${normalise(root)}/`;
    if (prefix !== '/' && path.startsWith(prefix)) return path.slice(prefix.length);
  }
  return path;
}

/** The root of the tree that was compiled, from the path of a file whose place in the tree is known. */
export function rootOf(file: string, relative: string): string | null {
  const path = normalise(file);
  return path.endsWith(`/${relative}`) ? path.slice(0, -relative.length - 1) : null;
}

/** The ends of an absolute path that have a directory, longest first: `a/b.c` of `/x/a/b.c` after `x/a/b.c`. */
export function endsOf(path: string): string[] {
  const parts = normalise(path)
    .split('/')
    .filter((part) => part !== '');
  return parts
    .slice(0, -1)
    .map((_, index) => parts.slice(index))
    .filter((end) => !end.includes('..'))
    .map((end) => end.join('/'));
}

/** Takes `.` and `..` out of a path: debug information is full of `/./include` and `../`. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue;
    const above = parts.at(-1);
    if (part === '..' && above !== undefined && above !== '..' && above !== '') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
