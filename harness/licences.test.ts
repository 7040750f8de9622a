// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from './testing/index.ts';

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Licences that allow everything that ktrial does with a package. */
const ACCEPTED =
  /^(?:MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|BlueOak-1\.0\.0|Apache-2\.0|Unlicense|CC0-1\.0|CC-BY-[34]\.0|WTFPL)$/;

const lock = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const packages = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, one]) => ({ ...one, name: path.replace(/^.*node_modules\//, '') }));
const page = readFileSync(join(PROJECT_ROOT, 'docs/licences.md'), 'utf8');
const listed = [...page.matchAll(/^\| (\S+) \| (\d\S*) \| ([\w.-]+)/gm)].map((row) => row.slice(1).join(' '));

t.test(
  'the page lists every package of an installation with its version and licence, and no other',
  async (t) => {
    const rows = packages.filter((one) => !one.dev);
    const named = rows.map(({ name, version }) => `${name} ${version}`).sort();
    t.strictSame(listed.map((row) => row.replace(/ \S+$/, '')).sort(), named);
    for (const { name, version, license } of rows)
      if (license !== undefined)
        t.ok(listed.includes(`${name} ${version} ${license}`), `${name}: ${license}`);
  },
);

t.test('every licence is one that was looked at', async (t) => {
  for (const row of listed) t.match(row.split(' ')[2], ACCEPTED, row);
  for (const { name, license } of packages) {
    if (license === undefined) continue;
    const choices = license.replace(/[()]/g, '').split(' OR ');
    t.ok(
      choices.some((one) => ACCEPTED.test(one)),
      `${name}: ${license}`,
    );
  }
});
