// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand, runGit } from '../host/index.ts';
import { findChangedFunctions, selectChanged } from './changed-functions.ts';
import { parseChangedLines } from './changed-lines.ts';
import { findDefinitions } from './definition.ts';
import { parseCompiledFunctions } from './inlined.ts';

const namesOf = (source: string) => findDefinitions(source).map((one) => one.name);

t.test('functions are found in the ways in which the kernel writes them', (t) => {
  for (const [source, names] of [
    ['int a(void)\n{\n\treturn 0;\n}\n', ['a']],
    ['static struct page *a(int x,\n\t\t      int y)\n{\n}\n', ['a']],
    ['static inline int a(void) { return 0; }\nint b(void) {\n}\n', ['a', 'b']],
    ['__printf(1, 2) int a(const char *x, ...)\n{\n}\n', ['a']],
    ['static __printf(1, 2) int a(const char *x, ...)\n{\n}\n', ['a']],
    ['static int a(int x) __releases(lock)\n{\n}\n', ['a']],
    ['int __init a(void)\n{\n}\n', ['a']],
    ['SYSCALL_DEFINE3(openat, int, a, const char *, b, int, c)\n{\n}\n', ['sys_openat']],
    ['BPF_CALL_1(bpf_a, int, x)\n{\n}\n', ['bpf_a']],
  ] as const)
    t.strictSame(namesOf(source), names, source);
  t.end();
});

t.test('what is no function is not taken for one', (t) => {
  for (const source of [
    'int a(void);\n',
    'static const struct ops a = {\n\t.b = c(1),\n};\n',
    'struct a {\n\tint (*b)(void);\n};\n',
    'static struct {\n\tint a;\n} b;\n',
    'enum a { B, C };\n',
    'typedef struct {\n} a;\n',
    '#define a(x) do { \\\n\tb(x); \\\n} while (0)\n',
    '/* int a(void)\n{\n} */\n',
    'char *a = "int a(void) {";\n',
    'EXPORT_SYMBOL_GPL(a);\n',
  ])
    t.strictSame(namesOf(source), [], source);
  t.end();
});

t.test(
  'lines of a function are those from its type to its brace, whatever braces conditions leave open',
  (t) => {
    const source = `/* first */
EXPORT_SYMBOL(x);

static int
a(void)
{
#ifdef X
	if (1) {
#else
	if (2) {
#endif
	}
}

int b(void)
{
}
`;
    t.strictSame(findDefinitions(source), [
      { name: 'a', first: 4, last: 13 },
      { name: 'b', first: 15, last: 17 },
    ]);
    t.end();
  },
);

const DIFF = `diff --git a.c a.c
index 1..2 100644
--- a.c
+++ a.c
@@ -3,2 +3 @@ int x(void)
-old
-old
+new
@@ -9 +7,0 @@
-gone
@@ -20,0 +18,2 @@
+more
+--- more
diff --git b.c b.c
new file mode 100644
--- /dev/null
+++ b.c
@@ -0,0 +1,4 @@
`;

t.test('changed lines are read for either side', (t) => {
  const lines = (side: 'before' | 'after') => Object.fromEntries(parseChangedLines(DIFF, side));
  t.strictSame(lines('before'), {
    'a.c': [
      { first: 3, last: 4, gap: false },
      { first: 9, last: 9, gap: false },
      { first: 20, last: 21, gap: true },
    ],
  });
  t.strictSame(lines('after'), {
    'a.c': [
      { first: 3, last: 3, gap: false },
      { first: 7, last: 8, gap: true },
      { first: 18, last: 19, gap: false },
    ],
    'b.c': [{ first: 1, last: 4, gap: false }],
  });
  t.end();
});

t.test('lines that were taken away between two functions change neither', (t) => {
  const definitions = [
    { name: 'a', first: 1, last: 7 },
    { name: 'b', first: 8, last: 12 },
  ];
  const select = (first: number) =>
    selectChanged(definitions, [{ first, last: first + 1, gap: true }]).map((one) => one.name);
  t.strictSame(select(7), []);
  t.strictSame(select(6), ['a']);
  t.strictSame(select(8), ['b']);
  t.end();
});

const SOURCE = `static __attribute__((noinline)) int kept(int x)
{
	return x * 3;
}

static inline __attribute__((always_inline)) int inlined(int x)
{
	return x + 5;
}

int both(int x)
{
	return inlined(x) + kept(x);
}

int caller(int x)
{
	return both(x) + 1;
}

#ifdef NEVER
int absent(void)
{
	return 0;
}
#endif
`;

const BEFORE = SOURCE.replace('x * 3', 'x * 2').replace('x + 5', 'x + 4').replace('+ 1', '+ 2');
const AFTER = SOURCE.replace('return 0', 'return 1').replace('inlined(x) +', '+ inlined(x) +');

/** The compiler inlines the condition, and splits off the rest. */
const SPLIT = `void release(int *p);
void note(const char *text, int x);
static void put(int *p)
{
	if (p) {
		note("a", *p);
		*p -= 1;
		note("b", *p);
		if (!*p)
			release(p);
		note("c", *p);
	}
}
void one(int *p)
{
	put(p);
}
void two(int *p)
{
	put(p + 1);
	put(p);
}
`;

/** A repository whose second commit changes a file, and a module compiled of one side. */
async function aModule(dir: string, before = BEFORE, after = AFTER) {
  const path = 'drivers/toy/toy.c';
  const repository = join(dir, 'tree');
  const modules = join(dir, 'modules');
  mkdirSync(join(repository, 'drivers/toy'), { recursive: true });
  mkdirSync(join(modules, 'drivers/toy'), { recursive: true });
  const git = async (...args: string[]) => (await runGit(args, { cwd: repository })).stdout.trim();
  const commit = async (source: string) => {
    writeFileSync(join(repository, path), source);
    await git('add', '.');
    await git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-q', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  await git('init', '-q');
  const [base, tip] = [await commit(before), await commit(after)];
  const object = join(modules, 'drivers/toy/a-toy.ko');
  await runCommand('gcc', ['-g', '-O2', '-c', '-o', object, join(repository, path)]);
  return { repository, base, tip, modules, object };
}

t.test('a real module tells which changed functions have code, and which were inlined', async (t) => {
  const { repository, base, tip, modules, object } = await aModule(t.testdir());
  const { functions, total } = await findChangedFunctions({
    repository,
    base,
    tip,
    side: 'after',
    kernel: { vmlinux: object, modules, arch: 'x86_64' },
  });
  t.equal(total, 5);
  const file = 'drivers/toy/toy.c';
  t.strictSame(functions, [
    { function: 'kept', file, probes: ['a_toy:kept'], inlined: false, unmeasured: null },
    { function: 'inlined', file, probes: [], inlined: true, unmeasured: 'inlined' },
    { function: 'both', file, probes: ['a_toy:both'], inlined: true, unmeasured: null },
    { function: 'caller', file, probes: ['a_toy:caller'], inlined: false, unmeasured: null },
    { function: 'absent', file, probes: [], inlined: false, unmeasured: 'noCode' },
  ]);
});

t.test('of an inlined function the part that was split off is counted: it ran where that did', async (t) => {
  const { repository, base, tip, modules, object } = await aModule(
    t.testdir(),
    SPLIT.replace('*p -= 1', '*p -= 2'),
    SPLIT,
  );
  const kernel = { vmlinux: object, modules, arch: 'x86_64' } as const;
  const { functions } = await findChangedFunctions({ repository, base, tip, side: 'after', kernel });
  const file = 'drivers/toy/toy.c';
  t.strictSame(functions, [
    { function: 'put', file, probes: ['a_toy:put.part.0'], inlined: true, unmeasured: null },
  ]);
});

t.test('a function of the kernel itself is one whose lines are those of the changed file', async (t) => {
  const { repository, base, tip, object } = await aModule(t.testdir());
  const vmlinux = join(t.testdirName, 'vmlinux');
  const other = join(t.testdirName, 'other.c');
  writeFileSync(other, 'int absent(void)\n{\n\treturn 3;\n}\nint main(void)\n{\n\treturn 0;\n}\n');
  await runCommand('gcc', ['-g', '-O2', '-o', vmlinux, object, other]);
  mkdirSync(join(t.testdirName, 'none'));
  const { functions } = await findChangedFunctions({
    repository,
    base,
    tip,
    side: 'after',
    kernel: { vmlinux, modules: join(t.testdirName, 'none'), arch: 'x86_64' },
  });
  const found = functions.map((one) => [one.function, one.probes, one.unmeasured]);
  t.strictSame(found, [
    ['kept', ['kept'], null],
    ['inlined', [], 'noCode'],
    ['both', ['both'], null],
    ['caller', ['caller'], null],
    ['absent', [], 'noCode'],
  ]);
});

t.test(
  'on the base the functions are those whose old lines change; a file without code has none',
  async (t) => {
    const { repository, base, tip, modules, object } = await aModule(t.testdir());
    const kernel = { vmlinux: object, modules, arch: 'x86_64' } as const;
    const old = await findChangedFunctions({ repository, base, tip, side: 'before', kernel });
    t.equal(old.total, 5);
    const none = await findChangedFunctions({ repository, base: tip, tip, side: 'after', kernel });
    t.strictSame(none, { functions: [], total: 0, notMeasured: null });
  },
);

t.test('debug information of older readelf has names in other words', (t) => {
  const output = `
 <0><b>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <c>   DW_AT_name        : (indirect string, offset: 0x1a): /src/a.c
    <d>   DW_AT_low_pc      : 0x0
 <1><20>: Abbrev Number: 2 (DW_TAG_subprogram)
    <21>   DW_AT_name        : (indirect string, offset: 0x67): one
    <22>   DW_AT_inline      : 1	(inlined)
 <1><30>: Abbrev Number: 3 (DW_TAG_subprogram)
    <31>   DW_AT_name        : two
    <32>   DW_AT_low_pc      : 0x10
 <2><40>: Abbrev Number: 4 (DW_TAG_inlined_subroutine)
    <41>   DW_AT_abstract_origin: <0x20>
    <42>   DW_AT_low_pc      : 0x12
`;
  t.strictSame(
    parseCompiledFunctions(output).get('/src/a.c'),
    new Map([
      ['one', { hasCode: false, isInlined: true }],
      ['two', { hasCode: true, isInlined: false }],
    ]),
  );
  t.end();
});
