// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { measureSection, measureStruct } from './size.ts';

const SOURCE = `struct small { char a; };
struct other { long a[4]; };
struct wanted { struct small s; long a[3]; };
struct wanted one; struct other two;
int f(void) { return 1; }
`;

/** An object with debug information of the form that a compiler was asked for. */
function compile(directory: string, version: string): string {
  const [source, object] = [join(directory, 'a.c'), join(directory, `a${version}.o`)];
  writeFileSync(source, SOURCE);
  execFileSync('gcc', ['-O1', version, '-c', '-o', object, source]);
  return object;
}

t.test(
  'a struct has the size that the compiler gave it, in every version of debug information',
  async (t) => {
    for (const version of ['-gdwarf-4', '-gdwarf-5']) {
      const object = compile(t.testdir(), version);
      t.equal(await measureStruct(object, 'wanted'), 32, version);
      t.equal(await measureStruct(object, 'small'), 1, version);
      t.equal(await measureStruct(object, 'absent'), null, version);
    }
  },
);

t.test('without debug information no struct has a size', async (t) => {
  t.equal(await measureStruct(compile(t.testdir(), '-g0'), 'wanted'), null);
});

t.test('a section has its size, and another name has none', async (t) => {
  const object = compile(t.testdir(), '-g0');
  const size = await measureSection(object, '.text');
  t.ok(size !== null && size > 0 && size < 100, `${size}`);
  t.equal(await measureSection(object, '.tex'), null);
});

t.test('what is no ELF file is refused', async (t) => {
  const path = join(t.testdir({ 'a.ko': 'text' }), 'a.ko');
  await t.rejects(measureSection(path, '.text'));
});
