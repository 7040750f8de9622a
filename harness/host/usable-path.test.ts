// SPDX-License-Identifier: MIT
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { requireUsablePath } from './index.ts';

t.test('a path that make, a shell or the compiler takes apart is refused by name', async (t) => {
  const directory = t.testdir();
  for (const letter of [
    ' ',
    '\t',
    '\n',
    '"',
    "'",
    '#',
    '$',
    '%',
    '&',
    '(',
    ')',
    '*',
    ',',
    ':',
    ';',
    '<',
    '>',
    '?',
    '[',
    '\\',
    ']',
    '`',
    '|',
    '\0',
  ])
    t.throws(
      () => requireUsablePath(`${directory}/a${letter}b/c`, 'cache directory'),
      {
        blame: 'request',
        code: 'HOST_UNUSABLE_PATH',
        message: /it contains .*, with which kernels cannot be built/,
      },
      JSON.stringify(letter),
    );
  for (const path of ['cache', './cache', '', '~/cache', '../cache'])
    t.throws(() => requireUsablePath(path, 'cache directory'), { message: /not an absolute path/ }, path);
  mkdirSync(join(directory, 'a b'));
  symlinkSync('a b', join(directory, 'plain'));
  t.throws(() => requireUsablePath(join(directory, 'plain/x/y'), 'cache directory'), {
    message: /it leads to ".*a b\/x\/y", which contains a space/,
  });
  for (const name of ['a-b_c.d', 'a@b', 'a+b', 'a=b', 'a~b', 'a^b', 'ü', '日本'])
    t.doesNotThrow(() => requireUsablePath(join(directory, name), 'cache directory'), name);
});
