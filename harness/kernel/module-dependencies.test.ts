// SPDX-License-Identifier: MIT
import t from 'tap';
import { describeDependencies, readModuleOrder } from './module-dependencies.ts';

t.test('each module is listed with all that it needs, and what is needed first comes last', async (t) => {
  const needs = (names: string) => `MODULE_INFO(intree, "Y");\n\nMODULE_INFO(depends, "${names}");\n`;
  const output = t.testdir({
    'modules.order': 'kernel/a/top.ko\nkernel/a/left-side.ko\nb/right.o\nb/bottom.ko\n',
    a: { 'top.mod.c': needs('left_side,right'), 'left-side.mod.c': needs('bottom') },
    b: { 'right.mod.c': needs('bottom,left-side,built_in'), 'bottom.mod.c': needs('') },
  });
  const order = await readModuleOrder(output);
  t.strictSame(order, ['a/top.ko', 'a/left-side.ko', 'b/right.ko', 'b/bottom.ko']);
  const text = await describeDependencies(output, order);
  t.equal(
    text,
    'a/top.ko: b/right.ko a/left-side.ko b/bottom.ko\n' +
      'a/left-side.ko: b/bottom.ko\n' +
      'b/right.ko: a/left-side.ko b/bottom.ko\n' +
      'b/bottom.ko:\n',
  );
  for (const line of text.trim().split('\n')) {
    const [module = '', ...needed] = line.replace(':', '').split(' ');
    const loaded = new Set<string>();
    for (const one of [module, ...needed].reverse()) {
      const own = text.split('\n').find((other) => other.startsWith(`${one}:`)) ?? '';
      t.ok(
        own
          .split(' ')
          .slice(1)
          .every((name) => loaded.has(name)),
        `${one} can be loaded`,
      );
      loaded.add(one);
    }
  }
});

t.test('a ring of modules does not hang', async (t) => {
  const output = t.testdir({
    'a.mod.c': 'MODULE_INFO(depends, "b");',
    'b.mod.c': 'MODULE_INFO(depends, "a");',
  });
  t.equal(await describeDependencies(output, ['a.ko', 'b.ko']), 'a.ko: b.ko\nb.ko: a.ko\n');
});
