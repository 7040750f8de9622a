// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Tainted: G        W          6.12.0 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const WHOLE = { corrupted: false, panicked: false };
const WARNING = { type: 'WARNING', ...WHOLE };

/** A warning as x86 prints it since 4.13, in the words of 6.12. */
function aWarning(place: string, trace: string, before: readonly string[] = []): string[] {
  const [top, ...rest] = trace.split(' ');
  return [
    '------------[ cut here ]------------',
    ...before,
    `WARNING: CPU: 1 PID: 42 at ${place} ${top}+0x1a/0x30`,
    'Modules linked in: pond(O) configs [last unloaded: puddle]',
    CPU,
    'Tainted: [W]=WARN',
    'Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2',
    `RIP: 0010:${top}+0x1a/0x30`,
    'Code: 48 89 e5 41 57 41 56 <0f> 0b 48 c1 e8 03',
    'RSP: 0018:ffffc90000107c40 EFLAGS: 00010246',
    aCallTrace(`${rest.join(' ')} ${ENTRY}`),
    '---[ end trace 0000000000000000 ]---',
  ];
}

const ROWS: readonly Row[] = [
  [
    'WARNING in pond_poll',
    aWarning('drivers/pond/pond.c:77', 'pond_poll vfs_poll'),
    { culprit: 'pond_poll', taint: 'G W', modules: ['pond(O)', 'configs'], pid: 42, cpu: 1, ...WARNING },
  ],
  ['WARNING in pond_poll', aWarning('kernel/workqueue.c:4170', '__flush_work flush_work pond_poll'), WARNING],
  [
    'WARNING in pond_poll',
    aWarning('mm/page_alloc.c:4700', '__alloc_pages_noprof alloc_pages_mpol pond_poll'),
    WARNING,
  ],
  ['WARNING in pond_poll', aWarning('fs/sysfs/group.c:280', 'sysfs_remove_group pond_poll'), WARNING],
  [
    'WARNING: refcount bug in pond_put',
    aWarning('lib/refcount.c:28', 'refcount_warn_saturate __refcount_sub_and_test pond_put', [
      'refcount_t: underflow; use-after-free.',
    ]),
    { type: 'REFCOUNT_WARNING', ...WHOLE },
  ],
  [
    'WARNING: refcount bug in pond_put',
    aWarning('lib/refcount.c:187', 'refcount_sub_and_test refcount_dec_and_test kobject_put pond_put'),
    { type: 'REFCOUNT_WARNING', ...WHOLE },
  ],
  [
    'WARNING: ODEBUG bug in pond_release',
    aWarning(
      'lib/debugobjects.c:612',
      'debug_print_object debug_check_no_obj_freed kfree pond_release __fput',
      [
        'ODEBUG: free active (active state 0) object: ffff888012345678 object type: timer_list hint: pond_tick+0x0/0x40',
      ],
    ),
    WARNING,
  ],
  [
    'WARNING: ODEBUG bug in pond_ask',
    aWarning(
      'lib/debugobjects.c:557',
      'lookup_object_or_alloc.part.0 __debug_object_init debug_object_init init_timer_key pond_ask',
      ['ODEBUG: object ffffc90000123456 is on stack ffffc90000120000, but NOT annotated.'],
    ),
    WARNING,
  ],
  [
    'WARNING: DMA-API bug in pond_receive',
    aWarning(
      'kernel/dma/debug.c:1013',
      'check_unmap debug_dma_unmap_page dma_unmap_page_attrs pond_receive',
      [
        'DMA-API: pond 0000:00:04.0: device driver frees DMA memory with different size [device address=0x0000000001234000] [map size=256 bytes] [unmap size=128 bytes]',
      ],
    ),
    { ...WARNING, alternatives: ['WARNING in check_unmap'] },
  ],
  [
    'WARNING: DMA-API bug in pond_fill',
    aWarning('kernel/dma/debug.c:596', 'add_dma_entry debug_dma_map_page dma_map_page_attrs pond_fill', [
      "DMA-API: pond 0000:00:04.0: cacheline tracking EEXIST, overlapping mappings aren't supported",
    ]),
    { ...WARNING, alternatives: ['WARNING in add_dma_entry'] },
  ],
  [
    'WARNING: kobject bug in pond_register',
    aWarning('lib/kobject.c:734', 'kobject_get kobject_add_internal device_add pond_register', [
      'kobject: (ffff888012345678): is not initialized, yet kobject_get() is being called.',
    ]),
    WARNING,
  ],
  [
    'WARNING: proc registration bug in pond_init',
    aWarning('fs/proc/generic.c:377', 'proc_register proc_create_data pond_init', [
      "proc_dir_entry 'net/pond' already registered",
    ]),
    WARNING,
  ],
  [
    'WARNING: locking bug in pond_poll',
    aWarning('kernel/locking/lockdep.c:4700', '__lock_acquire lock_acquire _raw_spin_lock pond_poll', [
      'DEBUG_LOCKS_WARN_ON(1)',
    ]),
    WHOLE,
  ],
  [
    'WARNING: kmalloc bug in pond_alloc',
    aWarning('mm/util.c:665', 'kvmalloc_node_noprof pond_alloc'),
    WARNING,
  ],
  [
    'WARNING: kmalloc bug in pond_alloc',
    aWarning('mm/slab_common.c:950', 'kmalloc_slab __kmalloc pond_alloc'),
    WARNING,
  ],
  [
    'WARNING: zero-size vmalloc in pond_alloc',
    aWarning('mm/vmalloc.c:3300', '__vmalloc_node_range vmalloc pond_alloc'),
    WARNING,
  ],
  [
    'WARNING: bad usercopy in pond_read',
    aWarning('mm/usercopy.c:78', 'usercopy_warn __check_heap_object __check_object_size pond_read'),
    WARNING,
  ],
  [
    'WARNING in pond_probe/usb_submit_urb',
    aWarning('drivers/usb/core/urb.c:504', 'usb_submit_urb usb_start_wait_urb usb_bulk_msg pond_probe', [
      'usb 1-1: BOGUS urb xfer, pipe 3 != type 1',
    ]),
    { culprit: 'pond_probe', ...WARNING },
  ],
  // The other layouts.
  [
    'WARNING in pond_poll',
    [
      '------------[ cut here ]------------',
      'WARNING: drivers/pond/pond.c:77 at pond_poll+0x1a/0x30, CPU#1: probe/42',
      'Modules linked in:',
      CPU,
      'RIP: 0010:pond_poll+0x1a/0x30',
      aCallTrace(`vfs_poll ${ENTRY}`),
    ],
    { culprit: 'pond_poll', cpu: 1, comm: 'probe', pid: 42, ...WARNING },
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: [!list_empty(&pond->ducks)] drivers/pond/pond.c:77 at pond_poll+0x1a/0x30, CPU#1: probe/42',
      CPU,
      'RIP: 0010:pond_poll+0x1a/0x30',
      aCallTrace(`vfs_poll ${ENTRY}`),
    ],
    WARNING,
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: drivers/pond/pond.c:77 at 0x0, CPU#1: probe/42',
      CPU,
      'RIP: 0010:pond_poll+0x1a/0x30',
      aCallTrace(`vfs_poll ${ENTRY}`),
    ],
    WARNING,
  ],
  [
    'WARNING: refcount bug in pond_put',
    [
      'refcount_t: underflow; use-after-free.',
      'WARNING: lib/refcount.c:28 at refcount_warn_saturate+0x1a/0x30, CPU#1: probe/42',
      CPU,
      'RIP: 0010:refcount_warn_saturate+0x1a/0x30',
      aCallTrace(`pond_put ${ENTRY}`),
    ],
    { type: 'REFCOUNT_WARNING', ...WHOLE },
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 0 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x13d/0x260()',
      'Modules linked in:',
      'CPU: 0 PID: 42 Comm: probe Not tainted 4.4.0 #1',
      'Call Trace:',
      ' [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
      ' [<ffffffff8123a3f9>] warn_slowpath_common+0x9d/0xc4',
      ' [<ffffffff8123a3f9>] warn_slowpath_null+0x29/0x30',
      ' [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
      '---[ end trace 4e3d1a2b3c4d5e6f ]---',
    ],
    WARNING,
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: at drivers/pond/pond.c:77 pond_poll+0x13d/0x260()',
      'Hardware name: Bochs',
      'Modules linked in:',
      'Pid: 42, comm: probe Not tainted 3.10.0 #1',
      'Call Trace:',
      ' [<ffffffff8123a3f9>] warn_slowpath_common+0x9d/0xc4',
      ' [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
    ],
    { pid: 42, comm: 'probe', ...WARNING },
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 0 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x13d/0x260',
      'Modules linked in:',
      'Kernel panic - not syncing: panic_on_warn set ...',
      'CPU: 0 PID: 42 Comm: probe Not tainted 4.19.0 #1',
      'Call Trace:',
      ' dump_stack+0x9d/0xc4',
      ' panic+0x154/0x339',
      ' __warn.cold.8+0x20/0x45',
      ' report_bug+0x263/0x2b0',
      ' do_error_trap+0x11b/0x200',
      ' do_invalid_op+0x37/0x50',
      ' invalid_op+0x14/0x20',
      'RIP: 0010:pond_poll+0x13d/0x260',
      'RSP: 0018:ffff8801c0ba7c40 EFLAGS: 00010293',
      ' vfs_poll+0x9d/0xc4',
    ],
    { type: 'WARNING', corrupted: false, panicked: true },
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x64/0x1a0',
      'Modules linked in:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'NIP:  c0000000007d1234 LR: c0000000007d1200 CTR: c0000000001a2b40',
      'REGS: c00000000f3bb7a0 TRAP: 0700   Not tainted  (6.6.30)',
      'NIP [c0000000007d1234] refcount_read+0x64/0x1a0',
      'LR [c0000000007d1200] refcount_read+0x30/0x1a0',
      '--- interrupt: 700 at pond_poll+0x64/0x1a0',
      'Call Trace:',
      '[c00000000f3bba90] [c0000000004a2b40] vfs_poll+0x120/0x2b0',
    ],
    WARNING,
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x6c/0xa0',
      'Modules linked in:',
      'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1',
      'pstate: 80400005 (Nzcv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)',
      'pc : pond_poll+0x6c/0xa0',
      'lr : vfs_poll+0x44/0x94',
      'Call trace:',
      ' pond_poll+0x6c/0xa0 (P)',
      ' vfs_poll+0x44/0x94',
    ],
    WARNING,
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 0 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1e0/0x1e4',
      'Modules linked in:',
      'CPU: 0 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'Hardware name: ARM-Versatile Express',
      'Call trace: ',
      '[<818b7b40>] (dump_backtrace) from [<818b7c3c>] (show_stack+0x18/0x1c)',
      '[<818b7c24>] (show_stack) from [<818d52d0>] (dump_stack_lvl+0x54/0x7c)',
      '[<818d527c>] (dump_stack_lvl) from [<818d5310>] (dump_stack+0x18/0x1c)',
      '[<818d52f8>] (dump_stack) from [<818b876c>] (panic+0x120/0x358)',
      '[<818b864c>] (panic) from [<80243f6c>] (check_panic_on_warn+0x0/0x70)',
      '[<80243ef8>] (check_panic_on_warn) from [<80244134>] (__warn+0x7c/0x180)',
      '[<802440b8>] (__warn) from [<80244330>] (warn_slowpath_fmt+0xf8/0x11c)',
      '[<8024423c>] (warn_slowpath_fmt) from [<8088d1b4>] (pond_poll+0x1e0/0x1e4)',
      '[<8088cfd4>] (pond_poll) from [<80501234>] (vfs_poll+0x44/0x94)',
    ],
    WARNING,
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 0 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1e0/0x1e4',
      'Call trace: ',
      ' dump_backtrace from show_stack+0x18/0x1c',
      ' r7:81d6d2cc r6:00000000 r5:60000093 r4:81d7b9e4',
      ' show_stack from dump_stack_lvl+0x54/0x7c',
      ' dump_stack_lvl from dump_stack+0x18/0x1c',
      ' dump_stack from __warn+0x7c/0x180',
      ' __warn from warn_slowpath_fmt+0xf8/0x11c',
      ' warn_slowpath_fmt from pond_poll+0x1e0/0x1e4',
      ' pond_poll from vfs_poll+0x44/0x94',
    ],
    WARNING,
  ],
  [
    "WARNING: kernel stack regs has bad 'bp' value",
    ["WARNING: kernel stack regs at ffff8801c0ba7c40 in probe:42 has bad 'bp' value 0000000000000001"],
    WHOLE,
  ],
  ['WARNING: pond is too deep for ducks', ['WARNING: pond is too deep for ducks'], { corrupted: false }],
  ['WARNING: corrupted', ['WARNING: '], { corrupted: true }],
  [
    'WARNING in pond_poll',
    ['WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x64/0x1a0', 'Modules linked in:'],
    { corrupted: true, culprit: 'pond_poll' },
  ],
  [
    'WARNING in corrupted',
    ['WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77', 'Modules linked in:'],
    { corrupted: true, culprit: null },
  ],
];

for (const [title, lines, expected = {}] of ROWS)
  for (const caller of [undefined, 'T42'])
    t.test(
      `${title}: ${lines.find((line) => line.includes('WARNING'))} (${caller ?? 'no caller id'})`,
      async (t) => {
        const splats = scanLog(aLog(lines, { caller }));
        t.equal(splats[0]?.title, title);
        t.hasStrict(splats[0] ?? {}, expected);
        t.equal(splats.length, 1, 'it is one complaint');
      },
    );
