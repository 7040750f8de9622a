// SPDX-License-Identifier: MIT
import {
  BAD_ACCESS,
  FUNCTION,
  INVALID_FREE,
  type Kind,
  type OtherTitle,
  TRACE,
  type WalkStep,
} from './family.ts';

const HEADER_THEN_TRACE: readonly (readonly WalkStep[])[] = [
  ['header', 'trace', 'frames'],
  ['header', 'frames'],
];
const ACCESS = /^(?:.*\s)?(Read|Write) (?:of size|at addr) /m;
/** Where the value comes from. */
const ORIGIN = /^\s*(?:Uninit was created at|(?:Local variable \S+|Variable) (?:was )?created at):/;
/** What leaked is named as well: who made it. */
const KMSAN_ORIGIN: readonly OtherTitle[] = [
  { form: 'KMSAN origin in $f', walks: [[ORIGIN, 'frames']], skip: /alloc_skb/ },
];
const FREEING = /slab_|kmem_|kfree|vfree|vunmap|^free_(?:large|pages|unref)/;

const KCSAN = 'BUG: KCSAN: ((?:[a-z-]+:? )*?(?:in|race in)) ';
/** Behind a name: its offset, or its place in the source, which the kernel's script puts there. */
const PLACE = String.raw`(?:\+0x[0-9a-f]+\/0x[0-9a-f]+| \([^\s()]+:[\d?]+(?: \(discriminator \d+\))?\))?`;

/** Reports of KASAN, KMSAN, KCSAN, KFENCE and UBSAN. */
export const SANITIZER_KINDS: readonly Kind[] = [
  {
    header: new RegExp(`BUG: KASAN: (?:double-free or invalid-free|double-free|invalid-free) in ${FUNCTION}`),
    title: 'KASAN: invalid-free in $f',
    also: INVALID_FREE,
    walks: HEADER_THEN_TRACE,
    skip: FREEING,
  },
  {
    header: new RegExp(`BUG: KASAN: ([a-z-]+) in ${FUNCTION}`),
    body: ACCESS,
    title: 'KASAN: $1 $3 in $f',
    also: BAD_ACCESS,
    walks: HEADER_THEN_TRACE,
  },
  { header: /BUG: KASAN: ([a-z-]+) on address/, body: ACCESS, title: 'KASAN: $1 $2' },
  {
    header: /BUG: KASAN: (.*)/,
    title: 'KASAN: $1',
    truncated: 'the line with the kind of access is missing',
  },
  {
    header: /BUG: KMSAN: (kernel-(?:usb-)?infoleak[a-z-]*)/,
    title: 'KMSAN: $1 in $f',
    also: KMSAN_ORIGIN,
    promise: ORIGIN,
    walks: [['frames']],
    skip: /usb_submit_urb|usb_start_wait_urb|usb_bulk_msg|usb_interrupt_msg|usb_control_msg|_copy_to|copy_to_iter|skb_copy_datagram|simple_copy_to_iter|instrument_copy/,
  },
  {
    header: new RegExp(`BUG: KMSAN: ([a-z-]+) in ${FUNCTION}`),
    title: 'KMSAN: $1 in $f',
    also: BAD_ACCESS,
    promise: ORIGIN,
    walks: [['frames'], ['header']],
    skip: /^(?:cipher|drbg|rng)_|alloc_skb|netlink_ack|netlink_rcv_skb|_encrypt|_decrypt|crypto_|aes_|sha\d+_|gf128mul|chacha|poly1305|blake2/,
  },
  { header: /BUG: KMSAN: (.*)/, title: 'KMSAN: $1', promise: ORIGIN },
  {
    header: new RegExp(String.raw`${KCSAN}(?<f>[\w.]+)${PLACE}(?: \[?[\w-]+\]?)? \/ ([\w.]+)`),
    title: 'KCSAN: $1 $2 / $3',
    walks: [['header']],
    stackless: true,
  },
  // Who else it was is not known.
  {
    header: new RegExp(String.raw`${KCSAN}(?<f>[\w.]+)(?:(?:\+0x| \([^\s()]+:[\d?]).*|(?: \[[\w-]+\])?(.*))`),
    title: 'KCSAN: $1 $2$3',
    walks: [['header']],
    stackless: true,
  },
  { header: /BUG: KCSAN: (.*)/, title: 'KCSAN: $1', stackless: true },
  {
    header: new RegExp(`BUG: KFENCE: (invalid free) in ${FUNCTION}`),
    title: 'KFENCE: $1 in $f',
    also: INVALID_FREE,
    walks: [['header', 'frames']],
    stackless: true,
  },
  {
    header: new RegExp(`BUG: KFENCE: (memory corruption) in ${FUNCTION}`),
    title: 'KFENCE: $1 in $f',
    walks: [['header', 'frames']],
    stackless: true,
  },
  {
    header: new RegExp(`BUG: KFENCE: ([a-z-]+(?: [a-z]+)*?) in ${FUNCTION}`),
    title: 'KFENCE: $1 in $f',
    also: BAD_ACCESS,
    walks: [['header', 'frames']],
    stackless: true,
  },
  {
    opens: [{ words: 'UBSAN:' }],
    header: /UBSAN: Undefined behaviour in/,
    title: 'UBSAN: undefined-behaviour in $f',
    walks: TRACE,
    skip: /ubsan|overflow/,
  },
  {
    header: /UBSAN: (array-index-out-of-bounds) in \S/,
    title: 'UBSAN: $1 in $f',
    also: BAD_ACCESS,
    walks: TRACE,
    skip: /ubsan|overflow/,
  },
  { header: /UBSAN: ([a-z][\w -]*?) in \S/, title: 'UBSAN: $1 in $f', walks: TRACE, skip: /ubsan|overflow/ },
];
