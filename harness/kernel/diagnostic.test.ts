// SPDX-License-Identifier: MIT
import t from 'tap';
import { newDiagnostics, parseDiagnostics } from './diagnostic.ts';

const ROOTS = { tree: '/src/linux', output: '/src/out' };
const LOG = `  CC [M]  drivers/vfio/mdev/mdev_core.o
/src/linux/drivers/vfio/mdev/mdev_core.c: In function 'mdev_init':
/src/linux/drivers/vfio/mdev/mdev_core.c:12:6: warning: unused variable 'x' [-Wunused-variable]
   12 |  int x;
../linux/drivers/vfio/mdev/mdev_sysfs.c:7:1: error: expected ';' before '}' token
./include/linux/mdev.h:3:10: fatal error: linux/no.h: No such file or directory
ERROR: modpost: "mdev_nowhere" [drivers/vfio/mdev/mdev.ko] undefined!
/src/linux/drivers/vfio/mdev/mdev_core.c:12:6: warning: unused variable 'x' [-Wunused-variable]
make[4]: *** [scripts/Makefile.build:286: drivers/vfio/mdev/mdev_sysfs.o] Error 1
`;

t.test('warnings and errors are found once each, with their file in the tree', async (t) => {
  const found = parseDiagnostics(LOG, ROOTS);
  t.strictSame(
    found.map(({ severity, file, line, column, option }) => [severity, file, line, column, option]),
    [
      ['warning', 'drivers/vfio/mdev/mdev_core.c', 12, 6, '-Wunused-variable'],
      ['error', 'drivers/vfio/mdev/mdev_sysfs.c', 7, 1, null],
      ['error', 'include/linux/mdev.h', 3, 10, null],
      ['error', 'drivers/vfio/mdev/mdev.c', null, null, null],
    ],
  );
  t.match(found[3]?.message, /mdev_nowhere/);
});

t.test("clang's and sparse's messages are read as gcc's are, without what they add to them", async (t) => {
  const log = `  CC      a/b.o
../linux/a/b.c:3:6: warning: unused variable 'x' [-Wunused-variable]
        int x;
            ^
../linux/a/b.c:4:9: error: incompatible pointer types [-Werror,-Wincompatible-pointer-types]
../linux/a/b.h:9:1: note: passing argument to parameter here
1 warning and 1 error generated.
  CHECK   ../linux/a/c.c
../linux/a/c.c:7:21: warning: incorrect type in argument 1 (different address spaces)
../linux/a/c.c:7:21:    expected void const *from
../linux/a/c.c:7:21:    got char [noderef] __user *buf
`;
  t.strictSame(
    parseDiagnostics(log, ROOTS).map((one) => [one.severity, one.file, one.line, one.message, one.option]),
    [
      ['warning', 'a/b.c', 3, "unused variable 'x'", '-Wunused-variable'],
      ['error', 'a/b.c', 4, 'incompatible pointer types', '-Werror,-Wincompatible-pointer-types'],
      ['warning', 'a/c.c', 7, 'incorrect type in argument 1 (different address spaces)', null],
    ],
  );
});

t.test("LLVM's linker names the file that uses a symbol, or defines it once more", async (t) => {
  const log = `ld.lld-16: error: undefined symbol: nowhere
>>> referenced by b.c:4 (/src/linux/a/b.c:4)
>>>               a/b.o:(f) in archive built-in.a
>>> referenced by c.c:9 (/src/linux/a/c.c:9)
ld.lld: error: duplicate symbol: twice
>>> defined at b.c:3 (../linux/a/b.c:3)
>>>            a/b.o:(twice)
>>> defined at c.c:1 (../linux/a/c.c:1)
>>>            a/c.o:(.text+0x0)
ld.lld: error: undefined symbol: bare
>>> referenced by d.c
>>>               d.o:(f)
ld.lld: warning: cannot find entry symbol _start
>>> referenced by d.c
aarch64-linux-gnu-ld: a/b.o: undefined reference to \`f'
`;
  t.strictSame(
    parseDiagnostics(log, ROOTS).map((one) => [one.severity, one.file, one.line, one.message]),
    [
      ['error', 'a/b.c', 4, 'undefined symbol: nowhere'],
      ['error', 'a/c.c', 1, 'duplicate symbol: twice'],
      ['error', 'd.c', null, 'undefined symbol: bare'],
      ['warning', '(link)', null, 'cannot find entry symbol _start'],
      ['error', '(link)', null, "undefined reference to `f'"],
    ],
  );
});

t.test('a warning that only moved is not new', async (t) => {
  const base = parseDiagnostics(LOG, ROOTS);
  const moved = parseDiagnostics(
    LOG.replaceAll('12:6', '40:6').replace("expected ';'", "expected ','"),
    ROOTS,
  );
  t.strictSame(
    newDiagnostics(base, moved).map((one) => one.file),
    ['drivers/vfio/mdev/mdev_sysfs.c'],
  );
});

t.test('errors of the linker, the assembler, Kconfig and make name the file of the tree', async (t) => {
  const cases: [string, string, number | null, RegExp][] = [
    ["/src/linux/a/b.c:12: undefined reference to `f'", 'a/b.c', 12, /undefined reference/],
    [
      "ld: a/b.o:/src/linux/a/b.c:(.text+0x1): multiple definition of `f'",
      'a/b.c',
      null,
      /multiple definition/,
    ],
    ["ld: a/b.o: undefined reference to `f'", '(link)', null, /undefined reference/],
    ['ld: final link failed: bad value', '(link)', null, /final link failed/],
    ["../linux/a/b.S:7: Error: no such instruction: `x'", 'a/b.S', 7, /no such instruction/],
    ["{standard input}:7: Error: no such instruction: `x'", '{standard input}', 7, /no such instruction/],
    ['a/Kconfig:3: syntax error', 'a/Kconfig', 3, /syntax error/],
    ['../linux/a/Makefile:3: *** missing separator.  Stop.', 'a/Makefile', 3, /missing separator/],
    [
      "make[2]: *** No rule to make target 'a/b.o', needed by 'a/built-in.a'.  Stop.",
      'a/b.o',
      null,
      /No rule/,
    ],
    ['/usr/include/x.h:3:1: error: bad', '/usr/include/x.h', 3, /bad/],
  ];
  for (const [line, file, row, message] of cases) {
    const found = parseDiagnostics(line, ROOTS);
    t.strictSame(
      found.map((one) => [one.severity, one.file, one.line]),
      [['error', file, row]],
      line,
    );
    t.match(found[0]?.message, message);
  }
});
