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
