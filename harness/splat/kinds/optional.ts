// SPDX-License-Identifier: MIT
import { type Kind, type OptionalKind, TRACE } from './family.ts';

/** Complaints about hardware, load or configuration: counted only when asked for. */
export const OPTIONAL_KINDS: readonly Kind[] = [
  {
    opens: [{ words: '[Hardware Error]', known: true }],
    header: /\[Hardware Error\]: (?:Machine check|CPU \d+: Machine Check|.*event severity|Fatal|Uncorrected)/,
    title: 'mce: hardware error',
    stackless: true,
    continues: 'report',
    optional: 'machineCheck',
  },
  {
    opens: [
      { words: 'page allocation failure', known: true },
      { words: 'page allocation stalls', known: true },
    ],
    header: /page allocation (failure|stalls)/,
    title: 'page allocation $1 in $f',
    walks: TRACE,
    skip: /alloc|slab|page_frag|pagecache|get_free_page|dump_|show_|warn_/,
    optional: 'allocationFailure',
  },
  {
    opens: [
      { words: 'Out of memory', known: true },
      { words: 'out of memory', known: true },
    ],
    header: /(?:Out of memory|[Mm]emory cgroup out of memory): Kill(?:ed)? process/,
    title: 'out of memory: killed process',
    stackless: true,
    optional: 'outOfMemory',
  },
  {
    opens: [{ words: 'nobody cared', known: true }],
    header: /irq \d+: nobody cared/,
    // What was interrupted is chance; who handles the line is not.
    title: 'irq: nobody cared',
    walks: [[/^handlers:/, /^\[<[0-9a-f]+>\] (?<f>[A-Za-z_][\w.]*)/]],
    stackless: true,
    optional: 'interrupt',
  },
  {
    opens: [{ words: 'NETDEV WATCHDOG', known: true }],
    header: /NETDEV WATCHDOG: .*transmit queue \d+ timed out/,
    title: 'NETDEV WATCHDOG: transmit queue timed out',
    stackless: true,
    continues: 'report',
    optional: 'netdevWatchdog',
  },
  {
    opens: [{ words: 'kmemleak: ', known: true }],
    header: /kmemleak: \d+ new suspected memory leaks/,
    title: 'kmemleak: new suspected memory leaks',
    stackless: true,
    optional: 'leakNotice',
  },
];

/** The names by which the kinds above are asked for. */
export const OPTIONAL_KIND_NAMES: readonly OptionalKind[] = [
  ...new Set(OPTIONAL_KINDS.flatMap((kind) => kind.optional ?? [])),
].sort();
