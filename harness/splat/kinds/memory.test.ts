// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const WHOLE = { corrupted: false, panicked: false };

const ROWS: readonly Row[] = [
  [
    'memory leak in pond_open',
    [
      'BUG: memory leak',
      'unreferenced object 0xffff888012345678 (size 64):',
      '  comm "probe", pid 42, jiffies 4294942345 (age 13.0s)',
      '  hex dump (first 32 bytes):',
      '    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................',
      '  backtrace:',
      '    [<00000000a1b2c3d4>] kmalloc include/linux/slab.h:552 [inline]',
      '    [<00000000a1b2c3d4>] kzalloc include/linux/slab.h:748 [inline]',
      '    [<00000000a1b2c3d4>] pond_open+0x24/0x130 drivers/pond/pond.c:77',
      '    [<00000000a1b2c3d5>] vfs_open+0x24/0x130 fs/open.c:900',
    ],
    { type: 'LEAK', culprit: 'pond_open', comm: 'probe', pid: 42, ...WHOLE },
  ],
  [
    'memory leak in pond_open',
    [
      'BUG: memory leak',
      'unreferenced object 0xffff888012345678 (size 64):',
      '  comm "probe", pid 42, jiffies 4294942345',
      '  hex dump (first 32 bytes):',
      '    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................',
      '  backtrace (crc c9a1c131):',
      '    kmemleak_alloc_recursive include/linux/kmemleak.h:42 [inline]',
      '    slab_post_alloc_hook mm/slub.c:4123 [inline]',
      '    __kmalloc_cache_noprof+0x24a/0x480 mm/slub.c:4391',
      '    pond_bucket_alloc+0x24/0x130 drivers/pond/pond.c:70',
      '    pond_open+0x24/0x130 drivers/pond/pond.c:77',
    ],
    { type: 'LEAK', culprit: 'pond_open', ...WHOLE },
  ],
  [
    'memory leak in pond_open', // as the kernel's log has it with "verbose=1"
    [
      'kmemleak: unreferenced object 0xffff888012345678 (size 64):',
      'kmemleak:   comm "probe", pid 42, jiffies 4294942345',
      'kmemleak:   hex dump (first 32 bytes):',
      'kmemleak:     00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................',
      'kmemleak:   backtrace (crc c9a1c131):',
      'kmemleak:     __kmalloc_cache_noprof+0x24a/0x480',
      'kmemleak:     pond_open+0x24/0x130 [pond]',
      'kmemleak:     vfs_open+0x24/0x130',
    ],
    { type: 'LEAK', culprit: 'pond_open', comm: 'probe', pid: 42, ...WHOLE },
  ],
  [
    'BUG: Bad page state in pond_map',
    [
      'BUG: Bad page state in process probe  pfn:1a2b4',
      'page: refcount:0 mapcount:1 mapping:0000000000000000 index:0x0 pfn:0x1a2b4',
      'flags: 0xfff00000000000(node=0|zone=1|lastcpupid=0x7ff)',
      'raw: 00fff00000000000 dead000000000100 dead000000000122 0000000000000000',
      'page dumped because: nonzero mapcount',
      'page_owner tracks the page as allocated',
      'page last allocated via order 0, migratetype Unmovable, gfp_mask 0xcc0(GFP_KERNEL), pid 42, tgid 42 (probe), ts 100, free_ts 90',
      aStack('post_alloc_hook get_page_from_freelist __alloc_pages_noprof alloc_pages_mpol pond_map'),
      'page last free pid 40 tgid 40 stack trace:',
      aStack('free_unref_page __folio_put pond_unmap'),
      'Modules linked in:',
      CPU,
      aCallTrace(`dump_stack_lvl bad_page free_unref_page pond_exit ${ENTRY}`),
    ],
    { culprit: 'pond_map', ...WHOLE },
  ],
  [
    'BUG: Bad page state in pond_exit',
    [
      'BUG: Bad page state in process probe  pfn:1a2b4',
      'page:ffffea0000688ad0 refcount:0 mapcount:1 mapping:0000000000000000 index:0x0',
      CPU,
      aCallTrace(`dump_stack_lvl bad_page free_unref_page pond_exit ${ENTRY}`),
    ],
    { culprit: 'pond_exit', ...WHOLE },
  ],
  [
    'BUG: Bad rss-counter state',
    ['BUG: Bad rss-counter state mm:00000000a1b2c3d4 type:MM_ANONPAGES val:2 Comm:probe Pid:42'],
    WHOLE,
  ],
  ['BUG: non-zero pgtables_bytes on freeing mm', ['BUG: non-zero pgtables_bytes on freeing mm: 4096'], WHOLE],
  ['BUG: non-zero nr_ptes on freeing mm', ['BUG: non-zero nr_ptes on freeing mm: 1'], WHOLE],
  [
    'BUG: Dentry still in use in unmount',
    [
      'BUG: Dentry ffff888012345678{i=2a,n=file0}  still in use (1) [unmount of pondfs loop0]',
      '------------[ cut here ]------------',
      'WARNING: CPU: 1 PID: 42 at fs/dcache.c:1700 umount_check+0x1a/0x30',
      CPU,
      'RIP: 0010:umount_check+0x1a/0x30',
      aCallTrace(`d_walk shrink_dcache_for_umount ${ENTRY}`),
    ],
    { corrupted: false },
  ],
  [
    'BUG: Object already free',
    ['BUG kmalloc-64 (Tainted: G    B         ): Object already free', '-'.repeat(77)],
    { type: 'DoS' },
  ],
  [
    'VFS: Busy inodes after unmount (use-after-free)',
    ['VFS: Busy inodes after unmount of loop0 (pondfs)', 'eth0: link up'],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'VFS: Close: file count is zero (use-after-free)',
    ['VFS: Close: file count is 0'],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'unregister_netdevice: waiting for DEV to become free',
    [
      'unregister_netdevice: waiting for pond0 to become free. Usage count = 2',
      'unregister_netdevice: waiting for pond0 to become free. Usage count = 2',
    ],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'INFO: Freed in pond_release age=NUM cpu=NUM pid=NUM',
    ['INFO: Freed in pond_release+0x12/0x40 age=3 cpu=1 pid=42'],
    { corrupted: true },
  ],
  ['BUG: corrupted', ['BUG:'], { corrupted: true }],
  ['INFO: corrupted', ['INFO: '], { corrupted: true }],
];

for (const [title, lines, expected = {}] of ROWS)
  for (const caller of [undefined, 'T42'])
    t.test(`${title}: ${lines[0]} (${caller ?? 'no caller id'})`, async (t) => {
      const splats = scanLog(aLog(lines, { caller }));
      t.equal(splats[0]?.title, title);
      t.hasStrict(splats[0] ?? {}, expected);
      t.equal(splats.length, 1, 'it is one complaint');
    });
