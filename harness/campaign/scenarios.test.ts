// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import t from 'tap';
import { readScenarios } from './scenarios.ts';

const scenario = (name: string, rest = '') =>
  `name: ${name}\ndescription: a test\n${rest}steps:\n  - run: "true"\n`;

const FILES = {
  here: {
    'one.yaml': scenario('one'),
    'same.yaml': scenario('one'),
    'bad.yaml': 'name: bad\n',
    empty: { 'readme.txt': scenario('readme') },
    many: {
      'b.yaml': scenario('b'),
      'a.yml': scenario('a'),
      deep: { 'c.yaml': scenario('c') },
      'd.yaml~': '',
    },
    'counted.yaml': scenario('counted', 'parameters: {count: 1, fast: true, word: x}\n'),
    'matrix.yaml': scenario('matrix', 'matrix: {size: [1, 2]}\n'),
  },
  shipped: { 'one.yaml': scenario('shipped') },
};

function aPlace(directory: string) {
  return { workingDirectory: join(directory, 'here'), root: directory };
}

t.test('scenarios are files and directories, here or else in the project', async (t) => {
  const place = aPlace(t.testdir(FILES));
  const names = async (...paths: string[]) => (await readScenarios(paths, [], place)).map((one) => one.name);
  t.strictSame(await names('one.yaml'), ['one']);
  t.strictSame(await names('many', 'one.yaml'), ['a', 'b', 'c', 'one']);
  t.strictSame(await names('shipped'), ['shipped']);
  t.strictSame(await names(join(place.root, 'shipped/one.yaml')), ['shipped']);
});

t.test('what is no scenario is told, with what to name', async (t) => {
  const place = aPlace(t.testdir(FILES));
  const none = {
    blame: 'request',
    code: 'CAMPAIGN_NO_SCENARIOS',
    message: 'no scenario is named',
    next: /^add --scenarios PATH: .*; or --kselftest TARGET, or --kunit SUITE$/,
  };
  await t.rejects(readScenarios([], [], place), none);
  await t.rejects(readScenarios(['empty', 'empty'], [], place), {
    ...none,
    message: 'there is no scenario in empty, empty',
    next: 'name a file, or a directory with files *.yaml',
  });
  await t.rejects(readScenarios(['one.yaml', 'absent'], [], place), {
    ...none,
    message: 'there is no scenario file or directory absent',
    next: `name one relative to ${place.workingDirectory} or to ${place.root}`,
  });
  await t.rejects(readScenarios(['bad.yaml'], [], place), { blame: 'scenario', message: /bad\.yaml/ });
  await t.rejects(readScenarios(['many', 'one.yaml', 'same.yaml'], [], place), {
    blame: 'scenario',
    code: 'SCENARIO_TWICE',
    message: 'two scenarios are called one',
    next: 'rename one, or name fewer files',
  });
});

t.test('parameters are texts as they are typed', async (t) => {
  const place = aPlace(t.testdir(FILES));
  const read = async (...parameters: string[]) =>
    (await readScenarios(['counted.yaml', 'one.yaml'], parameters, place))[0]?.parameters;
  t.strictSame(await read(), { count: '1', fast: 'true', word: 'x' });
  t.strictSame(await read('count=23', 'fast=false', 'word='), { count: '23', fast: 'false', word: '' });
  t.strictSame(await read('count=-2.50', 'fast=true', 'word=a=b\nc'), {
    count: '-2.50',
    fast: 'true',
    word: 'a=b\nc',
  });
  for (const word of ['5.10', '007', '0x10', '-0', '12345678901234567890', '1e3', 'true', '1.', ''])
    t.equal((await read(`word=${word}`))?.word, word);
});

t.test('a parameter also settles a matrix', async (t) => {
  const place = aPlace(t.testdir(FILES));
  const read = (parameters: string[]) => readScenarios(['matrix.yaml', 'one.yaml'], parameters, place);
  t.equal((await read([])).length, 3);
  t.equal((await read(['size=2'])).length, 2);
});

t.test('a parameter that no scenario has, or that has no value, is the request’s fault', async (t) => {
  const place = aPlace(t.testdir(FILES));
  for (const name of ['cuont', '__proto__', '_x'])
    await t.rejects(readScenarios(['counted.yaml'], ['count=2', `${name}=2`], place), {
      blame: 'request',
      code: 'SCENARIO_UNKNOWN_PARAMETER',
      message: `none of the scenarios has a parameter ${name}`,
      next: 'look at `parameters:` in the scenario',
    });
  for (const arg of ['count', '=2', '2x=3', '-count=2', 'a b=1'])
    await t.rejects(readScenarios(['counted.yaml'], [arg], place), {
      blame: 'request',
      code: 'CAMPAIGN_BAD_PARAMETER',
      message: `got --param ${arg}, expected NAME=VALUE`,
      next: 'NAME is a parameter of the scenario, such as --param count=3',
    });
});
