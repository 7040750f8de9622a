// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Fault } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { findLostOptions, parseConfig, parseFragment } from './fragment.ts';

t.test('a fragment is parsed into options with their lines, without the reasons', async (t) => {
  const options = parseFragment(
    '# a heading\nCONFIG_A=y   # why\n\n# CONFIG_B is not set\nCONFIG_C="a # b"\nCONFIG_D=18 # size\n',
    'x.config',
  );
  t.strictSame(
    options.map(({ name, value, line }) => [name, value, line]),
    [
      ['CONFIG_A', 'y', 2],
      ['CONFIG_B', 'n', 4],
      ['CONFIG_C', '"a # b"', 5],
      ['CONFIG_D', '18', 6],
    ],
  );
});

t.test('a line that is not an option is refused with its position', async (t) => {
  try {
    parseFragment('CONFIG_A=y\nCONFIG_B y\n', 'x.config');
    t.fail('it was taken');
  } catch (error) {
    t.ok(error instanceof Fault);
    t.match((error as Fault).message, /x\.config:2/);
    t.equal((error as Fault).code, 'CONFIG_BAD_LINE');
  }
});

t.test(
  'each option that did not survive is found, and a later request overrides an earlier one',
  async (t) => {
    const requested = [
      ...parseFragment('CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_E=y\n', 'one'),
      ...parseFragment('CONFIG_C=n\nCONFIG_D=5\n', 'two'),
    ];
    const lost = findLostOptions(
      requested,
      parseConfig('CONFIG_A=y\nCONFIG_B=y\nCONFIG_D=5\n# CONFIG_E is not set\n'),
    );
    t.strictSame(
      lost.map(({ name, value, got, file, line }) => ({ name, value, got, file, line })),
      [
        { name: 'CONFIG_B', value: 'm', got: 'y', file: 'one', line: 2 },
        { name: 'CONFIG_E', value: 'y', got: 'n', file: 'one', line: 4 },
      ],
    );
  },
);

t.test('every option of the fragments in this repository has a reason on its line', async (t) => {
  const directory = join(PROJECT_ROOT, 'kernels/config');
  const files = readdirSync(directory).filter((name) => name.endsWith('.config'));
  t.ok(files.length >= 4);
  for (const name of files) {
    const text = readFileSync(join(directory, name), 'utf8');
    t.ok(parseFragment(text, name).length > 0, name);
    for (const line of text.split('\n'))
      if (line.startsWith('CONFIG_')) t.match(line, /\s# \S.{5,}/, `${name}: ${line}`);
  }
});
