// SPDX-License-Identifier: MIT
import t from 'tap';
import { findLabTrouble, isAboutSource } from './build-failure.ts';
import { parseDiagnostics } from './diagnostic.ts';

t.test('what programs print when the computer fails them is trouble of the lab', async (t) => {
  const cases: [string, RegExp][] = [
    ['gcc: fatal error: Killed signal terminated program cc1', /^the compiler was killed: gcc/],
    [
      'gcc: internal compiler error: Segmentation fault signal terminated program cc1',
      /^the compiler crashed/,
    ],
    ['a/b.c:3:1: internal compiler error: in f, at g.c:1', /^the compiler crashed/],
    ['clang: error: unable to execute command: Killed', /^the compiler was killed: clang/],
    ['clang-16: error: unable to execute command: Segmentation fault', /^the compiler crashed/],
    [
      'clang: error: clang frontend command failed with exit code 139 (use -v to see invocation)',
      /^the compiler crashed/,
    ],
    ['fatal error: error in backend: Cannot select: 0x1', /^the compiler crashed/],
    ['a/b.c:3:1: fatal error: error writing to /tmp/x.s: No space left on device', /^the disk is full/],
    ['ld: final link failed: No space left on device', /^the disk is full/],
    ['fatal error: cannot write: Disk quota exceeded', /quota/],
    ['cc1: out of memory allocating 65536 bytes after a total of 1 bytes', /^there was not enough memory/],
    ['make[1]: fork: Cannot allocate memory', /^there was not enough memory/],
    ['virtual memory exhausted: Cannot allocate memory', /^there was not enough memory/],
    ['make: fork: Resource temporarily unavailable', /^no process could be started/],
    ['make[3]: *** [scripts/Makefile.build:286: a/b.o] Error 137', /was killed/],
    ['make[3]: *** [scripts/Makefile.build:286: a/b.o] Killed', /was killed/],
    ['make[3]: *** [Makefile:9: vmlinux] Segmentation fault (core dumped)', /was killed/],
  ];
  for (const [line, what] of cases) t.match(findLabTrouble(`  CC      a/b.o\n${line}\n`)?.what, what, line);
});

t.test('the words of the source are not trouble of the lab', async (t) => {
  for (const line of [
    '   12 |  pr_err("No space left on device");',
    '      |         ^~~~ Out of memory',
    'a/b.c:12:3: error: #error Out of memory',
    'a/b.c:12:3: warning: "cannot allocate memory" [-Wformat=]',
    'make[3]: *** [scripts/Makefile.build:286: a/b.o] Error 1',
    'make[3]: *** [scripts/Makefile.build:286: a/b.o] Error 2',
    '  CC      drivers/killed.o',
  ])
    t.equal(findLabTrouble(line), null, line);
});

t.test('an error is about the source when it names a file of the tree, or a symbol', async (t) => {
  const directory = t.testdir({ linux: { a: { 'b.c': '', Kconfig: '' } }, out: {} });
  const tree = `${directory}/linux`;
  const roots = { tree, output: `${directory}/out` };
  const about = (line: string) => isAboutSource(parseDiagnostics(line, roots), roots);
  for (const line of [
    `${tree}/a/b.c:3:1: error: expected ';'`,
    'a/Kconfig:3: syntax error',
    "ld: a/b.o: undefined reference to `f'",
    'ld.lld-16: error: undefined symbol: f',
    'ERROR: modpost: "f" [a/b.ko] undefined!',
    "make[2]: *** No rule to make target 'a/c.o', needed by 'a/built-in.a'.  Stop.",
    '{standard input}:7: Error: no such instruction',
  ])
    t.ok(await about(line), line);
  for (const line of [
    '/usr/include/x.h:3:1: error: bad',
    'ld: cannot find -lelf',
    'ld: cannot open output file vmlinux',
    'make: *** [Makefile:185: __sub-make] Error 2',
    'a/gone.c:3:1: error: bad',
    'something else',
  ])
    t.notOk(await about(line), line);
});
