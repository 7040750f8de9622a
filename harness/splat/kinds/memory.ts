// SPDX-License-Identifier: MIT
import { type Kind, TRACE, type WalkStep } from './family.ts';

const ALLOCATORS =
  /alloc|kmemleak|kmem|slab|get_free_page|create_object|mmap|idr_|list_lru_init|k?vasprintf|kasprintf|strn?dup|memdup|pcpu_create|kobject_/;
/** What hands out pages and takes them back, up to the one who wanted or returned them. */
const PAGE_HANDLERS =
  /page_owner|alloc|vmap|prep_new_page|prep_compound|rmqueue|(?:free|put|get|update|release)_page|free_unref|^_*folio|page_frag_free|truncate_inode_pages|^bad_page|^(?:__)?(?:free|check)_\w*(?:pcp|page|pages)(?:_|$)/;

/** SLUB notices late that an object was overwritten. Who owns the object is known: it is who allocated it. */
const ALLOCATED: readonly (readonly WalkStep[])[] = [
  [/^(?:INFO: )?Allocated in (?<f>[A-Za-z_.][\w.$]*)(?:\+0x| \()/],
];

/** Pages, slabs, leaks and counters. */
export const MEMORY_KINDS: readonly Kind[] = [
  {
    header: /BUG: memory leak/,
    title: 'memory leak in $f',
    walks: [[/^\s*backtrace/, 'frames']],
    skip: ALLOCATORS,
    joins: /unreferenced object/,
  },
  {
    opens: [{ words: 'unreferenced object 0x', known: true }],
    header: /^[\s>|]*(?:kmemleak: )?unreferenced object 0x[0-9a-f]+ \(/,
    title: 'memory leak in $f',
    walks: [[/^\s*backtrace/, 'frames']],
    skip: ALLOCATORS,
  },
  {
    header: /BUG: Bad page (state|cache)/,
    title: 'BUG: Bad page $1 in $f',
    // Who allocated the page matters more than who noticed; without that trace, who returned it.
    walks: [[/page last allocated/, 'frames'], ...TRACE],
    skip: PAGE_HANDLERS,
  },
  { header: /BUG: Bad page map/, title: 'BUG: Bad page map', walks: TRACE, skip: /print_bad_pte/ },
  { header: /BUG: Bad rss-counter state/, title: 'BUG: Bad rss-counter state', stackless: true },
  { header: /BUG: (non-zero \w+ on freeing mm)/, title: 'BUG: $1', stackless: true },
  {
    header: /BUG: Dentry .*still in use .*(\[unmount(?: of [^\]]*\])?)/,
    title: 'BUG: Dentry still in use in unmount',
    also: [{ form: 'BUG: Dentry still in use $1' }],
    joins: /WARNING: .*fs\/dcache\.c/,
  },
  {
    opens: [{ words: 'BUG kmalloc-' }],
    header: /BUG kmalloc-.*: Object already free/,
    title: 'BUG: Object already free',
  },
  {
    opens: [
      { words: '(Not tainted): ', known: true },
      { words: '(Tainted: ', known: true },
    ],
    header: /BUG (?!kmalloc-)([\w:.-]+ \((?:Not tainted|Tainted: [^)]*)\): (?!kasan: ).*)/,
    title: 'BUG $1',
    walks: ALLOCATED,
    stackless: true,
  },
  { header: /BUG (kmalloc-.*)/, title: 'BUG $1', walks: ALLOCATED, stackless: true },
  {
    opens: [{ words: 'VFS: Close: file count is 0' }],
    header: /VFS: Close: file count is 0/,
    title: 'VFS: Close: file count is zero (use-after-free)',
    stackless: true,
  },
  {
    opens: [{ words: 'VFS: Busy inodes after unmount' }],
    header: /VFS: Busy inodes after unmount/,
    title: 'VFS: Busy inodes after unmount (use-after-free)',
    stackless: true,
  },
  {
    opens: [{ words: 'unregister_netdevice: waiting for' }],
    header: /unregister_netdevice: waiting for \S+ to become free/,
    title: 'unregister_netdevice: waiting for DEV to become free',
    stackless: true,
    recurring: true,
    continues: 'report',
  },
  {
    header: /INFO: ((?:(?:Allocated|Freed) in|Slab 0x|Object 0x|0x[0-9a-f]+-0x).*)/,
    title: 'INFO: $1',
    truncated: 'the headline before it is lost',
    continues: 'report',
  },
  { header: /BUG:\s*$/, title: 'BUG: corrupted', truncated: 'the headline is cut' },
  { header: /INFO:\s*$/, title: 'INFO: corrupted', truncated: 'the headline is cut' },
];
