// SPDX-License-Identifier: MIT
import t from 'tap';
import { checkCuts } from '../testing/cut-campaigns.ts';

t.setTimeout(10 * 60_000);

t.test('a campaign that is cut off anywhere and resumed is the one that was not', (t) =>
  checkCuts(t, 10_000),
);
