// SPDX-License-Identifier: MIT
import { type Makefile, parseMakefile } from './makefile.ts';

/** The files of one commit of a kernel tree, wherever they come from. */
export interface TreeReader {
  /** The text of a file; null where there is none. */
  read(path: string): Promise<string | null>;
  /** The files whose lines match an extended regular expression, of those that pathspecs of git name, each with the line. */
  grep(pattern: string, pathspecs: readonly string[]): Promise<readonly Match[]>;
}

export interface Match {
  readonly path: string;
  readonly text: string;
}

/** Makefiles of a tree, each read once. */
export interface MakefileReader {
  /** What is assigned in the makefiles of a directory, its includes with it; null where it has none. */
  ofDirectory(directory: string): Promise<Makefile | null>;
  /** A makefile by its path; null where there is none. */
  ofFile(path: string, directory: string): Promise<Makefile | null>;
}

/** Reads the makefiles of a tree for one architecture, such as `x86`. */
export function openMakefiles(tree: TreeReader, sourceArch: string): MakefileReader {
  const constants = new Map([
    ['SRCARCH', sourceArch],
    ['ARCH', sourceArch],
    ['BITS', '64'],
  ]);
  const parsed = new Map<string, Promise<Makefile | null>>();
  const parse = (path: string, directory: string, depth = 0): Promise<Makefile | null> => {
    const known = parsed.get(path);
    if (known !== undefined) return known;
    const reading = parseFile(path, directory, depth);
    parsed.set(path, reading);
    return reading;
  };
  const parseFile = async (path: string, directory: string, depth: number) => {
    const text = await tree.read(path);
    if (text === null) return null;
    const own = parseMakefile(text, directory, constants);
    const others =
      depth > 3 ? [] : await Promise.all(own.includes.map((one) => parse(one, directory, depth + 1)));
    return merge([own, ...others]);
  };
  return {
    ofFile: parse,
    async ofDirectory(directory) {
      const at = (name: string) => (directory === '' ? name : `${directory}/${name}`);
      return merge(await Promise.all(['Kbuild', 'Makefile'].map((name) => parse(at(name), directory))));
    },
  };
}

function merge(makefiles: readonly (Makefile | null)[]): Makefile | null {
  const there = makefiles.filter((one) => one !== null);
  if (there.length === 0) return null;
  return {
    assignments: there.flatMap((one) => one.assignments),
    includes: there.flatMap((one) => one.includes),
  };
}
