// SPDX-License-Identifier: MIT
import {
  BAD_ACCESS,
  FUNCTION,
  type Kind,
  PC_THEN_TRACE,
  STACK_OVERFLOW,
  TRACE,
  type WalkStep,
} from './family.ts';

const PC_ONLY: readonly (readonly WalkStep[])[] = [['pc']];

/** Processor exceptions in the kernel. */
export const FAULT_KINDS: readonly Kind[] = [
  {
    header: /BUG: (?:.*\b)?stack guard page was hit/,
    title: 'BUG: stack guard page was hit in $f',
    also: STACK_OVERFLOW,
    walks: [
      ['pc', 'trace', 'frames'],
      ['trace', 'frames'],
    ],
    choice: 'overflow',
  },
  {
    header:
      /BUG: (?:unable to handle kernel paging request|unable to handle page fault|Unable to handle (?:unknown paging fault|kernel (?:data access|instruction fetch|paging request|unaligned access)))/i,
    title: 'BUG: unable to handle kernel paging request in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    header: /BUG: (?:unable to handle )?kernel NULL pointer dereference/i,
    title: 'BUG: unable to handle kernel NULL pointer dereference in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  // Old kernels print the headline in two parts, of which the second may be lost.
  {
    header: /BUG: unable to handle kernel/,
    title: 'BUG: unable to handle kernel',
    truncated: 'the second half of the headline is lost',
    stackless: true,
  },
  {
    header: /Unable to handle kernel NULL pointer dereference/,
    title: 'BUG: unable to handle kernel NULL pointer dereference in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    header: /Unable to handle kernel access to user memory/,
    title: 'BUG: unable to handle kernel access to user memory in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    // An address in the first page: the pointer was null.
    header: /Unable to handle kernel (?:paging request|data access)\b.* address:? (?:0x)?0*[0-9a-f]{1,3}$/,
    title: 'BUG: unable to handle kernel paging request in $f',
    also: [{ form: 'BUG: unable to handle kernel NULL pointer dereference in $f' }, ...BAD_ACCESS],
    walks: PC_THEN_TRACE,
  },
  {
    header:
      /Unable to handle kernel (?:paging request|pointer dereference|data access|instruction fetch|execution of (?:user|kernel) memory|read from unreadable|write to read-only|unaligned|unknown paging)/,
    title: 'BUG: unable to handle kernel paging request in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    opens: [
      {
        words: 'general protection fault',
        harmless: /general protection fault.*\berror:[0-9a-f]+ in |general protection ip:/,
      },
    ],
    header: /general protection fault(?:, [^:]*)?(?:.*?:|$)/,
    title: 'general protection fault in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    // The kernel goes on, and prints where it was: a driver touches what this processor does not have.
    opens: [{ words: 'unchecked MSR access error', known: true }],
    header: new RegExp(`unchecked MSR access error: .*at rIP: 0x[0-9a-f]+ \\(${FUNCTION}\\+0x`),
    title: 'unchecked MSR access error in $f',
    walks: [['header'], ...TRACE],
    needsTrace: true,
  },
  {
    opens: [{ words: 'stack segment: ', harmless: /\berror:[0-9a-f]+ in / }],
    header: /stack segment: /,
    title: 'stack segment fault in $f',
    walks: PC_THEN_TRACE,
  },
  {
    opens: [{ words: 'int3:', harmless: /\bip:.* error:|[\w-]int3:/ }],
    header: /int3: /,
    title: 'int3 in $f',
    walks: PC_THEN_TRACE,
  },
  {
    opens: [{ words: 'PANIC: double fault' }],
    header: /PANIC: double fault/,
    title: 'PANIC: double fault in $f',
    walks: PC_ONLY,
    continues: 'head',
  },
  {
    opens: [{ words: 'divide error:', harmless: /\bip:.* error:/ }, { words: 'divide_error:' }],
    header: /divide[ _]error: /,
    title: 'divide error in $f',
    walks: PC_ONLY,
  },
  {
    opens: [{ words: 'invalid opcode:', harmless: /\bip:.* error:/ }],
    header: /invalid opcode: /,
    title: 'invalid opcode in $f',
    walks: PC_ONLY,
    continues: 'head',
  },
  {
    opens: [{ words: 'Unhandled fault:' }],
    header: /Unhandled fault: /,
    title: 'Unhandled fault in $f',
    also: BAD_ACCESS,
    walks: PC_THEN_TRACE,
  },
  {
    opens: [{ words: 'Alignment trap:', harmless: /\) PC=0x[0-9a-f]+ Instr=/ }],
    header: /Alignment trap: /,
    title: 'Alignment trap in $f',
    walks: PC_THEN_TRACE,
    joins: /Unhandled fault: /,
  },
  {
    opens: [{ words: 'Internal error:', known: true }],
    header: /Internal error: (?:Oops|.*\[#\d+\])/,
    title: 'Internal error in $f',
    walks: PC_THEN_TRACE,
    continues: 'head',
  },
  {
    opens: [{ words: 'Oops', known: true }],
    header: /^(?:\S+ )?Oops(?!: (?:general|int3|invalid|divide|stack|double|trap)).*\[#\d+\]/,
    title: 'Oops in $f',
    walks: PC_THEN_TRACE,
    continues: 'head',
  },
  {
    opens: [
      { words: 'in kernel code[#', known: true },
      { words: 'kernel unaligned access[#', known: true },
    ],
    header: /(?:in kernel code|kernel unaligned access)\[#\d+\]/,
    title: 'Oops in $f',
    walks: PC_THEN_TRACE,
    continues: 'head',
  },
  {
    header: /kernel BUG at (?:\S*\/)?lib\/list_debug\.c/i,
    title: 'BUG: corrupted list in $f',
    also: BAD_ACCESS,
    walks: [...TRACE, ['frames']],
  },
  {
    header: /kernel BUG at (?:\S*\/)?mm\/usercopy\.c/i,
    title: 'BUG: bad usercopy in $f',
    walks: TRACE,
    skip: /usercopy|check_object_size|check_heap/,
  },
  { header: /kernel BUG at \S/i, title: 'kernel BUG in $f', walks: PC_THEN_TRACE, skip: /^skb_/ },
  {
    opens: [{ words: 'Kernel bug detected', known: true }],
    header: /Kernel bug detected\[#\d+\]/,
    title: 'kernel BUG in $f',
    walks: PC_THEN_TRACE,
    continues: 'head',
  },
  { header: /Kernel BUG( \[#\d+\]|$)/, title: 'kernel BUG in $f', walks: PC_THEN_TRACE, continues: 'head' },
  { header: /[kK]ernel BUG (.*)/, title: 'kernel BUG $1' },
];
