// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SMALL_TREE } from '../testing/small-kernel.ts';

t.setTimeout(300_000);

const MAIN = join(import.meta.dirname, 'main.js');

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function ktrial(directory: string, ...args: string[]): Ended {
  const env = {
    ...process.env,
    XDG_CACHE_HOME: join(directory, 'cache'),
    XDG_STATE_HOME: join(directory, 'state'),
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { code: status, text: `${stdout}${stderr}` };
}

const ZEROS = '0'.repeat(64);

function define(source: string, config = '{fragments: [../a.config]}', rest = ''): string {
  return `name: small\ndescription: a test\nsource: ${source}\nconfig: ${config}\n${rest}`;
}

t.test(
  'lint and build refuse a hostile or careless definition with exit code 2, and do nothing',
  async (t) => {
    const directory = t.testdir({
      linux: SMALL_TREE,
      'a.config': 'CONFIG_A=y\n',
      'empty.config': '',
      precious: { file: 'kept' },
    });
    const out = `x${'/..'.repeat(12)}${directory}/precious`;
    const definitions = [
      define(`{debian: {package: p, suite: "${out}"}}`),
      define(`{debian: {package: "${out}", suite: bookworm}}`),
      define(
        `{debian: {package: p1, suite: "x\\"; APT::Update::Pre-Invoke:: \\"touch ${directory}/PWNED\\"; Y \\"z"}}`,
      ),
      define(`{debian: {package: "-oAPT::Update::Pre-Invoke::=touch ${directory}/PWNED", suite: bookworm}}`),
      define(`{git: {repository: ${directory}/linux, ref: "--upload-pack=touch ${directory}/PWNED"}}`),
      define(`{git: {repository: "--upload-pack=touch ${directory}/PWNED;x@h:", ref: main}}`),
      define(`{git: {repository: "ext::touch ${directory}/PWNED", ref: main}}`),
      define(`{git: {repository: /r, ref: "main:refs/heads/zap"}}`),
      define(`{git: {repository: /r, ref: ""}}`),
      define(`{tarball: {location: "ftp://h/x", sha256: "${ZEROS}"}}`),
      define(`{tarball: {location: nope.tar, sha256: "${ZEROS}"}}`),
      define('{directory: /nonexistent}'),
      define('{directory: precious}'),
      define('{directory: linux, git: {repository: /r, ref: a}}'),
      define('{directory: linux}', '{base: menuconfig, fragments: [../a.config]}'),
      define('{directory: linux}', '{base: randconfig, fragments: [../a.config]}'),
      define('{directory: linux}', '{fragments: [""]}'),
      define('{directory: linux}', '{fragments: [nope.config]}'),
      define('{directory: linux}', '{fragments: [../linux]}'),
      define('{directory: linux}', '{fragments: [../empty.config]}'),
      define('{directory: linux}', '{fragments: [../linux/core.c]}'),
      define('{directory: linux}', undefined, 'patches: [../precious]\n'),
      define('{directory: linux}', undefined, 'patches: [../a.config]\n'),
      define('{directory: linux}').replace('small', 'n'.repeat(300)),
    ];
    mkdirSync(join(directory, 'defs'));
    for (const [index, text] of definitions.entries())
      writeFileSync(join(directory, `defs/${index}.yaml`), text);
    const linted = ktrial(directory, 'lint', 'defs');
    t.equal(linted.code, 2);
    t.match(linted.text, new RegExp(`${definitions.length} of ${definitions.length} files have errors`));
    for (const index of [0, 2, 4, 5, 12, 14, 19, 21]) {
      const built = ktrial(directory, 'build', '--kernel', `defs/${index}.yaml`);
      t.equal(built.code, 2, `${definitions[index]}: ${built.text}`);
      t.match(built.text, new RegExp(`defs/${index}\\.yaml:\\d+`), 'with the line of the definition');
    }
    t.notOk(existsSync(join(directory, 'PWNED')));
    t.equal(readFileSync(join(directory, 'precious/file'), 'utf8'), 'kept');
    t.notOk(existsSync(join(directory, 'cache/ktrial/sources')), 'nothing was fetched');
  },
);

t.test('a fragment of the command line is read before anything is built', async (t) => {
  const directory = t.testdir({
    linux: SMALL_TREE,
    'a.config': 'CONFIG_A=y\n',
    'bad.config': 'CONFIG_A=y\nfoo\n',
    'empty.config': '',
  });
  writeFileSync(join(directory, 'k.yaml'), define('{directory: linux}', '{fragments: [a.config]}'));
  const cases: [string, RegExp][] = [
    ['nope.config', /there is no config fragment/],
    ['linux', /got a directory/],
    ['bad.config', /bad\.config:2: got foo/],
    ['empty.config', /has no option/],
    ['/dev/zero', /got a device/],
  ];
  for (const [path, message] of cases) {
    const { code, text } = ktrial(directory, 'build', '--kernel', 'k.yaml', '--config', path);
    t.equal(code, 2, path);
    t.match(text, message, path);
  }
  t.notOk(existsSync(join(directory, 'cache/ktrial/sources')));
  const { code, text } = ktrial(directory, 'build', '--kernel', 'k.yaml', '--config', 'a.config');
  t.equal(code, 0, text);
});
