// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FRONT_DOORS, GUARDED, MAXIMUM_LINES, ROOMS, type Room, SINGLE_DOORS } from './rooms.ts';
import { PROJECT_ROOT } from './testing/index.ts';
import { parseSource, readSources, resolveImport, type SourceFile } from './testing/sources.ts';

const HARNESS = join(PROJECT_ROOT, 'harness');
const all = readSources(HARNESS);
/** What is on the plan: everything but tests and what serves them. */
const sources = all.filter(
  ({ path, room }) => room !== '' && room !== 'testing' && !/\.(?:test|bench|fuzz)\.ts$/.test(path),
);

function targetRoom(file: SourceFile, from: string): string | null {
  if (!from.startsWith('.')) return null;
  const target = resolveImport(file, from);
  const room = target.slice(0, target.indexOf('/'));
  return room === file.room ? null : room;
}

/** What is wrong with one file's imports and globals; a test below shows that each kind is found. */
function findTrespasses(file: SourceFile): string[] {
  const room = ROOMS[file.room];
  if (!room) return [`${file.path}: the room ${file.room} is not on the plan`];
  const found: string[] = [];
  for (const { from } of file.imports) {
    const target = targetRoom(file, from);
    if (from.startsWith('.')) {
      if (target === null) continue;
      if (target === 'testing' && room.rooms.includes(target)) continue;
      if (!room.rooms.includes(target)) found.push(`${file.path}: ${file.room} may not import ${target}`);
      else if (resolveImport(file, from) !== `${target}/index.ts`)
        found.push(`${file.path}: import ${target}/index.ts, not ${resolveImport(file, from)}`);
    } else {
      if (!room.modules.includes(from)) found.push(`${file.path}: ${file.room} may not import ${from}`);
      const door = SINGLE_DOORS[from];
      if (door !== undefined && !file.path.startsWith(door))
        found.push(`${file.path}: only ${door} may import ${from}`);
    }
  }
  if (!FRONT_DOORS.some((door) => file.path.startsWith(door)))
    for (const name of file.globals)
      if (GUARDED.includes(name) || name.endsWith('.*'))
        found.push(`${file.path}: ${name} belongs to a program's front door`);
  return [...new Set(found)];
}

/** Permissions on the plan that no file uses. */
function findUnused(name: string, room: Room, files: readonly SourceFile[]): string[] {
  const own = files.filter((file) => file.room === name);
  const used = new Set(own.flatMap((file) => file.imports.map(({ from }) => targetRoom(file, from) ?? from)));
  return [...room.rooms, ...room.modules].filter((one) => !used.has(one));
}

/** Names that a room exports and no other room, test or program imports. */
function findUnusedExports(room: string, files: readonly SourceFile[]): string[] {
  const index = files.find((file) => file.path === `${room}/index.ts`);
  const used = new Set(
    files
      .filter((file) => file.room !== room)
      .flatMap((file) =>
        file.imports.flatMap(({ from, name }) =>
          from.startsWith('.') && resolveImport(file, from) === `${room}/index.ts` ? [name] : [],
        ),
      ),
  );
  return used.has(null) ? [] : (index?.exports ?? []).filter((name) => !used.has(name));
}

/** The first ring of files that import one another, or null. Type-only imports count. */
function findRing(files: readonly SourceFile[]): readonly string[] | null {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    const file = byPath.get(path);
    for (const { from } of file?.imports ?? []) {
      const ring = file && from.startsWith('.') ? visit(resolveImport(file, from), [...way, path]) : null;
      if (ring) return ring;
    }
    done.add(path);
    return null;
  };
  for (const { path } of files) {
    const ring = visit(path, []);
    if (ring) return ring;
  }
  return null;
}

t.test('every import is on the floor plan', async (t) => {
  t.ok(sources.length > 200, 'the sources were found');
  t.strictSame(sources.flatMap(findTrespasses), []);
});

t.test('every permission on the plan is used', async (t) => {
  for (const [name, room] of Object.entries(ROOMS)) t.strictSame(findUnused(name, room, sources), [], name);
});

t.test('a room exports only what others import', async (t) => {
  for (const name of Object.keys(ROOMS)) t.strictSame(findUnusedExports(name, all), [], name);
});

t.test('no files import one another in a ring', async (t) => {
  t.strictSame(findRing(sources), null);
});

t.test('a trespass of each kind is found', async (t) => {
  const trespass = (path: string, text: string) => findTrespasses(parseSource(path, text)).join();
  t.match(
    trespass('splat/a.ts', "import { readFile } from 'node:fs/promises';"),
    /splat may not import node:fs/,
  );
  t.match(
    trespass('splat/a.ts', "import type { Machine } from '../vm/index.ts';"),
    /splat may not import vm/,
  );
  t.match(trespass('splat/a.ts', "const { x } = await import('../vm/index.ts');"), /splat may not import vm/);
  t.match(trespass('splat/a.ts', "type X = import('../vm/index.ts').Machine;"), /splat may not import vm/);
  t.match(trespass('vm/qmp.ts', "import { Client } from 'ssh2';"), /only vm\/ssh.ts/);
  t.match(trespass('kernel/a.ts', "import { x } from '../host/command.ts';"), /import host\/index.ts/);
  t.match(trespass('kernel/a.ts', 'const home = process.env.HOME;'), /process.env belongs/);
  t.match(trespass('kernel/a.ts', 'const { env } = process;'), /process.env belongs/);
  t.match(trespass('kernel/a.ts', 'const p = process;'), /process.\* belongs/);
  t.match(trespass('attic/x.ts', ''), /not on the plan/);
  t.equal(trespass('kernel/a.ts', "import { x } from '../host/index.ts'; // process.env"), '');
  const room = { rooms: ['model', 'host'], modules: ['zod'] };
  const only = [parseSource('kernel/a.ts', "import { x } from '../host/index.ts';")];
  t.strictSame(findUnused('kernel', room, only), ['model', 'zod']);
  const two = [
    parseSource('a/index.ts', "export { used, unused } from './b.ts';"),
    parseSource('c/d.ts', "import { used } from '../a/index.ts';"),
  ];
  t.strictSame(findUnusedExports('a', two), ['unused']);
  const ring = [
    parseSource('a/x.ts', "import type { Y } from './y.ts';"),
    parseSource('a/y.ts', "export { X } from './x.ts';"),
  ];
  t.strictSame(findRing(ring), ['a/x.ts', 'a/y.ts', 'a/x.ts']);
});

t.test('every room opens with what it makes, needs and never does', async (t) => {
  for (const room of Object.keys(ROOMS)) {
    const index = readFileSync(join(HARNESS, room, 'index.ts'), 'utf8');
    t.match(index, /\/\/ Makes: .*\n(?:\/\/.*\n)*\/\/ Needs: .*\n(?:\/\/.*\n)*\/\/ Never: /, room);
    t.notMatch(index, /export \*/, `${room} names its exports`);
  }
});

t.test('no file is long', async (t) => {
  for (const { path, codeLines } of sources) {
    const limit = path.startsWith('splat/kinds/') ? MAXIMUM_LINES.table : MAXIMUM_LINES.code;
    if (codeLines > limit) t.fail(`${path} has ${codeLines} lines of code, ${limit} are allowed`);
  }
  t.equal(parseSource('a/b.ts', '// comment\n\n/* a\n b */\nlet a = `x\ny`;\n').codeLines, 2);
});

t.test('every source file names its licence', async (t) => {
  for (const { path, text } of all)
    if (!/SPDX-License-Identifier: MIT/.test(text.slice(0, 80))) t.fail(`${path} names no licence`);
  t.ok(all.length > sources.length);
});

t.test('the rooms form no ring', async (t) => {
  const visit = (room: string, way: readonly string[]): void => {
    if (way.includes(room)) t.fail([...way, room].join(' → '));
    else for (const next of ROOMS[room]?.rooms ?? []) visit(next, [...way, room]);
  };
  for (const room of Object.keys(ROOMS)) visit(room, []);
  t.ok(Object.keys(ROOMS).length > 15);
});
