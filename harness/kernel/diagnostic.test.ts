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

t.test(
  'warnings and errors are found once each, with their file in the tree and the patch that touched it',
  async (t) => {
    const found = parseDiagnostics(LOG, ROOTS, (file) => (file.endsWith('mdev_sysfs.c') ? 7 : null));
    t.strictSame(
      found.map(({ severity, file, line, column, option, patch }) => [
        severity,
        file,
        line,
        column,
        option,
        patch,
      ]),
      [
        ['warning', 'drivers/vfio/mdev/mdev_core.c', 12, 6, '-Wunused-variable', null],
        ['error', 'drivers/vfio/mdev/mdev_sysfs.c', 7, 1, null, 7],
        ['error', 'include/linux/mdev.h', 3, 10, null, null],
        ['error', 'drivers/vfio/mdev/mdev.c', null, null, null, null],
      ],
    );
    t.match(found[3]?.message, /mdev_nowhere/);
  },
);

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
