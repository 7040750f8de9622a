// SPDX-License-Identifier: MIT
import { HEADLINES } from './headline.ts';

/** Words of reports that are not all in small letters: what a log in capitals is given back. */
export const CASED_WORDS: readonly string[] = [
  ...HEADLINES.map(({ words }) => words),
  ...[
    'KASAN',
    'KMSAN',
    'KCSAN',
    'KFENCE',
    'UBSAN',
    // A stall names the flavour in small letters.
    'suspicious RCU',
    'lock or RCU',
    'RCU Stall',
    'NULL pointer',
    'CPU',
    'PID',
    'RIP:',
    'NIP [',
    'Comm:',
  ],
  ...['Call Trace:', 'Call trace:', 'Read of size', 'Write of size', 'Allocated by task', 'Freed by task'],
  ...[
    'Not tainted',
    'Tainted:',
    'Bad page state',
    'Bad rss-counter',
    'Dentry still in use',
    'Modules linked in',
  ],
  ...[
    'HARDIRQ',
    'SOFTIRQ',
    'Invalid wait context',
    'Nested lock',
    'Uninit was',
    'Local variable',
    'Workqueue:',
  ],
];
