// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand, toolPrefix } from '../host/index.ts';
import { ARCHITECTURES } from '../model/index.ts';
import { readBinary } from './elf.ts';
import { openSymboliser } from './symboliser.ts';

const MODULE = `int first(int x)
{
	return x + 1;
}
int __attribute__((section(".text.unlikely"))) second(int x)
{
	x += 2;
	return first(x);
}
`;

for (const arch of ARCHITECTURES)
  t.test(`lines of a module of ${arch} are found in each of its sections`, async (t) => {
    const directory = t.testdir();
    const object = join(directory, 'toy.ko');
    writeFileSync(join(directory, 'toy.c'), MODULE);
    await runCommand(`${toolPrefix(arch)}gcc`, ['-g', '-O0', '-c', '-o', object, 'toy.c'], {
      cwd: directory,
    });
    t.match(await readBinary(object), { arch, relocatable: true });
    await using symboliser = await openSymboliser(object);
    for (const [name, line] of [
      ['first', 2],
      ['second', 6],
    ] as const) {
      const [place] = await symboliser.locate({ function: name, offset: 0, size: null }, true);
      t.match(place, { function: name, file: /toy\.c$/, line });
    }
  });
