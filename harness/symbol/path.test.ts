// SPDX-License-Identifier: MIT
import t from 'tap';
import { endsOf, relativePath, rootOf } from './path.ts';

t.test('a path is made relative to the first root that it lies under, dots taken out', async (t) => {
  const roots = ['/build/linux', '/src/linux/'];
  t.equal(relativePath('/build/linux/./include/linux/a.h', roots), 'include/linux/a.h');
  t.equal(relativePath('/src/linux/out/../mm/slab.c', roots), 'mm/slab.c');
  t.equal(relativePath('/src/linux-next/mm/slab.c', roots), '/src/linux-next/mm/slab.c');
  t.equal(relativePath('./mm/slab.c', roots), 'mm/slab.c');
  t.equal(relativePath('../mm/slab.c', roots), '../mm/slab.c');
  t.equal(relativePath('/mm/slab.c', ['/']), '/mm/slab.c');
});

t.test('the root of the compiled tree follows from a file whose place is known', async (t) => {
  t.equal(rootOf('/b/linux/./init/main.c', 'init/main.c'), '/b/linux');
  t.equal(rootOf('/b/linux/xinit/main.c', 'init/main.c'), null);
  t.equal(rootOf('', 'init/main.c'), null);
});

t.test('the ends of a path are those with a directory, longest first', async (t) => {
  t.strictSame(endsOf('/x/../a/b/c.c'), ['a/b/c.c', 'b/c.c']);
  t.strictSame(endsOf('/c.c'), []);
});

t.test('the ends of a hostile path stay in the tree', async (t) => {
  for (const path of [
    '/../../etc/passwd',
    '../../etc/passwd',
    '/a/../../../etc/passwd',
    '/x/../..//../etc/shadow',
  ])
    for (const end of endsOf(path)) t.notOk(end.split('/').includes('..'), `${path}: ${end}`);
  t.strictSame(endsOf('/../../etc/passwd'), ['etc/passwd']);
});
