// SPDX-License-Identifier: MIT
import t from 'tap';
import { suggestName } from './index.ts';

const NAMES = ['cpus', 'memory', 'timeout', 'run', 'waitForDmesg', 'at'];

t.test('the nearest name is suggested, and none if nothing is near', async (t) => {
  const table: readonly [string, string | null][] = [
    ['cpsu', 'cpus'],
    ['tiemout', 'timeout'],
    ['Memory', 'memory'],
    ['waitfordmsg', 'waitForDmesg'],
    ['rum', 'run'],
    ['it', 'at'],
    ['io', null],
    ['rom', null],
    ['kernel', null],
    ['', null],
  ];
  for (const [written, expected] of table) t.equal(suggestName(written, NAMES), expected, written);
});
