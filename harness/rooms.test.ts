// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CLI_ONLY, FRONT_DOORS, MAXIMUM_LINES, ROOMS, SINGLE_DOORS } from './rooms.ts';
import { PROJECT_ROOT } from './testing/index.ts';

const HARNESS = join(PROJECT_ROOT, 'harness');

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly code: readonly string[];
  readonly imports: readonly string[];
}

function readSources(): SourceFile[] {
  return readdirSync(HARNESS, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.ts') &&
        path.includes('/') &&
        !path.endsWith('.test.ts') &&
        !path.endsWith('.bench.ts') &&
        !path.endsWith('.fuzz.ts') &&
        !path.startsWith('testing/'),
    )
    .map((path) => readSource(path, readFileSync(join(HARNESS, path), 'utf8')));
}

function readSource(path: string, text: string): SourceFile {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .split('\n')
    .map((line) => line.replace(/^\s*\/\/.*$/, ''))
    .filter((line) => line.trim() !== '');
  const joined = code.join('\n');
  const imports = [
    ...joined.matchAll(/^(?:import|export)\s[^'";=(]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...joined.matchAll(/^import\s*['"]([^'"]+)['"]/gm),
    ...joined.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/gm),
  ].map((match) => match[1] ?? '');
  return { path, room: path.slice(0, path.indexOf('/')), text, code, imports };
}

/** What is wrong with one file's imports; the test below shows that it finds each kind. */
function findTrespasses(file: SourceFile): string[] {
  const room = ROOMS[file.room];
  if (!room) return [`${file.path}: the room ${file.room} is not on the plan`];
  const found: string[] = [];
  for (const target of file.imports) {
    if (target.startsWith('.')) {
      const resolved = join(file.path, '..', target);
      const targetRoom = resolved.slice(0, resolved.indexOf('/'));
      if (targetRoom === file.room) continue;
      if (!room.rooms.includes(targetRoom))
        found.push(`${file.path}: ${file.room} may not import ${targetRoom}`);
      else if (resolved !== `${targetRoom}/index.ts`)
        found.push(`${file.path}: import ${targetRoom}/index.ts, not ${resolved}`);
    } else {
      if (!room.modules.includes(target)) found.push(`${file.path}: ${file.room} may not import ${target}`);
      const door = SINGLE_DOORS[target];
      if (door !== undefined && door !== file.path)
        found.push(`${file.path}: only ${door} may import ${target}`);
    }
  }
  if (!FRONT_DOORS.some((door) => file.path.startsWith(door))) {
    const joined = file.code.join('\n');
    for (const word of CLI_ONLY) {
      const pattern = new RegExp(
        `(?<![\\w.'"])${word.replace('.', '\\.')}${word.endsWith('.') ? '' : '\\b'}`,
      );
      if (pattern.test(joined)) found.push(`${file.path}: ${word} belongs to cli/`);
    }
  }
  return found;
}

t.test('every import stands on the floor plan', async (t) => {
  const sources = readSources();
  t.ok(sources.length > 20, 'the sources were found');
  t.strictSame(sources.flatMap(findTrespasses), []);
});

t.test('a trespass of each kind is found', async (t) => {
  const trespass = (path: string, text: string) => findTrespasses(readSource(path, text)).join();
  t.match(
    trespass('splat/scan.ts', "import { readFile } from 'node:fs/promises';"),
    /splat may not import node:fs/,
  );
  t.match(
    trespass('splat/scan.ts', "import type { Machine } from '../vm/index.ts';"),
    /splat may not import vm/,
  );
  t.match(trespass('vm/qmp.ts', "import { Client } from 'ssh2';"), /only vm\/ssh.ts/);
  t.match(trespass('kernel/build.ts', "import { x } from '../host/command.ts';"), /import host\/index.ts/);
  t.match(trespass('kernel/build.ts', 'const home = process.env.HOME;'), /belongs to cli/);
  t.match(trespass('attic/x.ts', ''), /not on the plan/);
  t.equal(trespass('kernel/build.ts', "import { x } from '../host/index.ts';"), '');
});

t.test('every room opens with what it makes, needs and never does', async (t) => {
  for (const room of Object.keys(ROOMS)) {
    const index = readFileSync(join(HARNESS, room, 'index.ts'), 'utf8');
    t.match(index, /\/\/ Makes: .*\n(?:\/\/.*\n)*\/\/ Needs: .*\n(?:\/\/.*\n)*\/\/ Never: /, room);
    t.notMatch(index, /export \*/, `${room} names its exports`);
  }
});

t.test('no file is long', async (t) => {
  for (const { path, code } of readSources()) {
    const limit = /(^splat\/kinds\/|\/tables?\/|-table\.ts$)/.test(path)
      ? MAXIMUM_LINES.table
      : MAXIMUM_LINES.code;
    t.ok(code.length <= limit, `${path} has ${code.length} lines of code, ${limit} are allowed`);
  }
});

t.test('every source file names its licence', async (t) => {
  for (const { path, text } of readSources())
    t.match(text.slice(0, 80), /SPDX-License-Identifier: MIT/, path);
});

t.test('the rooms form no ring', async (t) => {
  const visit = (room: string, way: readonly string[]): void => {
    t.notOk(way.includes(room), [...way, room].join(' → '));
    if (!way.includes(room)) for (const next of ROOMS[room]?.rooms ?? []) visit(next, [...way, room]);
  };
  for (const room of Object.keys(ROOMS)) visit(room, []);
});
