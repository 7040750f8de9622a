// SPDX-License-Identifier: MIT
import { PANIC_WORDS } from '../../model/index.ts';
import { FUNCTION, type Kind, STACK_OVERFLOW, TRACE, type WalkStep } from './family.ts';

/** The words of a panic that only ends what an earlier report began. */
export const PANIC_AFTERMATH_WORDS =
  'Fatal exception|.*panic_on_\\w+ set|hung_task: blocked tasks|softlockup: hung tasks|Hard LOCKUP|RCU Stall|Machine halted|Oops|kasan|kfence|stack-protector: Fatal';

/** Such a panic's line. */
export const PANIC_AFTERMATH: RegExp = new RegExp(`${PANIC_WORDS}: (?:${PANIC_AFTERMATH_WORDS})`, 'i');

/** The first line of a panic. */
export const PANIC_LINE: RegExp = new RegExp(`(?<!end )${PANIC_WORDS}`);

/** A cheap test that every such line passes. */
export const PANIC_HINT = 'Kernel panic';

/** After this many lines of a report, a panic's own trace only repeats it. Some reports are shorter. */
export const LINES_BEFORE_PANIC = 22;
export const SHORT_REPORT: RegExp = /KMSAN/;
export const SHORT_REPORT_LINES = 16;

/** Behind that many lines, these words begin a repetition as well. */
export const REPETITION: RegExp = /possible circular locking dependency/;

const LOST = 'it says only how the kernel ended: the headline before it is lost';
const STACK_WALKS: readonly (readonly WalkStep[])[] = [['trace', 'frames'], ['frames']];

/** Panics, and programs that report their own end on the console. */
export const PANIC_KINDS: readonly Kind[] = [
  {
    header: new RegExp(
      `Kernel panic - not syncing: stack-protector:? Kernel stack is corrupted in: ${FUNCTION}\\+0x`,
    ),
    title: 'kernel panic: stack is corrupted in $f',
    walks: [['header'], ...TRACE],
    skip: /stack_chk/,
    stackless: true,
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: stack-protector:? Kernel stack is corrupted in/,
    title: 'kernel panic: stack is corrupted in $f',
    walks: TRACE,
    skip: /stack_chk/,
    stackless: true,
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: corrupted stack end/,
    title: 'kernel panic: corrupted stack end in $f',
    also: STACK_OVERFLOW,
    walks: STACK_WALKS,
    choice: 'stall',
    continues: 'report',
  },
  {
    opens: [
      { words: 'Kernel stack overflow', known: true },
      { words: 'kernel stack overflow (', known: true },
    ],
    header:
      /Kernel panic - not syncing: kernel stack overflow|Kernel stack overflow|kernel stack overflow \(/,
    title: 'kernel stack overflow in $f',
    also: STACK_OVERFLOW,
    walks: [['pc', 'trace', 'frames'], ...STACK_WALKS],
    choice: 'stall',
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: Attempted to kill init!/,
    title: 'kernel panic: Attempted to kill init!',
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: Couldn't open N_TTY ldisc/,
    title: "kernel panic: Couldn't open N_TTY ldisc",
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: (EXT4-fs) \(device [^)]*\): (panic forced after error)/,
    title: 'kernel panic: $1 $2',
    continues: 'report',
  },
  {
    header:
      /Kernel panic - not syncing: (?:[\w.]+: )?(Fatal exception|panic_on_warn set|hung_task: blocked tasks)/,
    title: 'kernel panic: $1',
    truncated: LOST,
    continues: 'report',
  },
  {
    header: /Kernel panic - not syncing: ((?:\S+: )?\S*(?:panic_on_\w+|panic) set)/,
    title: 'kernel panic: $1',
    truncated: LOST,
    continues: 'report',
  },
  { header: /Kernel panic - not syncing: (.*)/, title: 'kernel panic: $1', continues: 'report' },
  {
    opens: [{ words: 'rust_kernel: panicked' }],
    header: /rust_kernel: panicked at .*?:\d+:\d+:/,
    body: /panicked at [^\n]*\n\s*(\S[^\n]*)/,
    title: '$1 in $f',
    walks: TRACE,
    skip: /rust_begin_unwind|core::panicking|core::result|core::option|core::slice|core::cell|^rust_helper|core::str::|core::ops::/,
    joins: /kernel BUG at|invalid opcode|Oops|Internal error/,
  },
  {
    header: /rust_kernel: panicked at '([^']*)'/,
    title: '$1 in $f',
    walks: TRACE,
    skip: /rust_begin_unwind|core::panicking|core::result|core::option|core::slice|core::cell|^rust_helper|core::str::|core::ops::/,
    joins: /kernel BUG at|invalid opcode|Oops|Internal error/,
  },
  {
    // The Solaris layer of ZFS: the task that met it never goes on.
    opens: [{ words: 'PANIC at ', known: true }],
    header: /^PANIC at \S+:\d+:(?<f>[A-Za-z_]\w*)\(\)/,
    title: 'PANIC in $f',
    walks: [['header'], ...TRACE],
  },
  {
    opens: [{ words: 'trusty: panic' }],
    header: /trusty: panic.*ASSERT FAILED at \([^)]*\): ?(.*)/,
    title: 'trusty: ASSERT FAILED: $1',
    stackless: true,
  },
  { header: /trusty: panic[^:]*: ?(.*)/, title: 'trusty: panic: $1', stackless: true },
  {
    opens: [
      {
        words: 'Booting the kernel.',
        harmless: /Unknown parameter|Bad value|unknown option|unrecognized/i,
        known: true,
      },
    ],
    header: /Booting the kernel\./,
    title: 'unexpected kernel reboot',
    stackless: true,
    restart: true,
  },
  {
    opens: [{ words: 'panic:', harmless: /_panic:|xlog_status:|evtlog_status:|ddb\.onpanic:/, known: true }],
    header: /^(?:\d[\d/-]+ [\d:.]+ )?(panic: .*)/,
    body: /^goroutine \d+ |^runtime\./m,
    title: '$1',
    stackless: true,
  },
  {
    opens: [{ words: 'fatal error:', harmless: /ALSA/, known: true }],
    header: /^(?:\d[\d/-]+ [\d:.]+ )?(fatal error: .*)/,
    body: /^goroutine \d+ |^runtime\.|^runtime stack:/m,
    title: '$1',
    stackless: true,
  },
  { opens: [{ words: 'SYZFAIL:' }], header: /(SYZFAIL: .*)/, title: '$1', stackless: true },
  { opens: [{ words: 'SYZFATAL:' }], header: /(SYZFATAL: .*)/, title: '$1', stackless: true },
];
