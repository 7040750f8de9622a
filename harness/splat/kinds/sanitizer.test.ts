// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const RULE = '='.repeat(66);
const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1 PREEMPT(full)';
const REPORTERS = 'dump_stack_lvl print_address_description print_report kasan_report';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const WHOLE = { corrupted: false, panicked: false };

const KASAN: readonly Row[] = [
  [
    'KASAN: slab-use-after-free Read in pond_poll',
    [
      RULE,
      'BUG: KASAN: slab-use-after-free in pond_poll+0x1a4/0x2b0',
      'Read of size 8 at addr ffff888012345678 by task probe/42',
      CPU,
      aCallTrace(`${REPORTERS} pond_poll vfs_poll ${ENTRY}`),
      'Allocated by task 41:',
      aStack('kasan_save_stack __kasan_kmalloc pond_open'),
      'Freed by task 43:',
      aStack('kasan_save_stack __kasan_slab_free kfree pond_release'),
      RULE,
    ],
    { type: 'KASAN-USE-AFTER-FREE-READ', culprit: 'pond_poll', comm: 'probe', pid: 42, ...WHOLE },
  ],
  [
    'KASAN: use-after-free Write in pond_poll',
    [
      'BUG: KASAN: use-after-free in __lock_acquire+0x3a/0x500 kernel/locking/lockdep.c:3700',
      'Write of size 4 at addr ffff888012345678 by task probe/42',
      aCallTrace(`${REPORTERS} __lock_acquire lock_acquire _raw_spin_lock_irqsave pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-USE-AFTER-FREE-WRITE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KASAN: slab-out-of-bounds Read in pond_poll',
    [
      'BUG: KASAN: slab-out-of-bounds in memcmp+0x12/0x40 at addr ffff880012345678',
      'Read of size 1 by task probe/42',
      'CPU: 0 PID: 42 Comm: probe Not tainted 4.9.3+ #1',
      'Call Trace:',
      ' [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
      ' [<ffffffff814c0f1c>] kasan_object_err+0x1c/0x70',
      ' [<ffffffff814c11b7>] kasan_report_error+0x1f7/0x4d0',
      ' [<ffffffff814c1a3e>] __asan_report_load1_noabort+0x3e/0x40',
      ' [<ffffffff81b5dd6c>] memcmp+0x12/0x40',
      ' [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
    ],
    { type: 'KASAN-READ', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KASAN: null-ptr-deref Write in pond_poll',
    [
      'BUG: KASAN: null-ptr-deref in instrument_atomic_read_write include/linux/instrumented.h:96 [inline]',
      'BUG: KASAN: null-ptr-deref in refcount_add include/linux/refcount.h:193 [inline]',
      'BUG: KASAN: null-ptr-deref in pond_poll+0x1a4/0x2b0 drivers/pond/pond.c:82',
      'Write of size 4 at addr 0000000000000010 by task probe/42',
      aCallTrace(`${REPORTERS} kasan_check_range refcount_add pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-NULL-POINTER-DEREFERENCE-WRITE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KASAN: user-memory-access Write in pond_poll',
    [
      'BUG: KASAN: user-memory-access in atomic_inc+0x12/0x40',
      'Write of size 4 at addr 00000000deadbeef by task probe/42',
      aCallTrace(`${REPORTERS} atomic_inc pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-WRITE', ...WHOLE },
  ],
  [
    'KASAN: wild-memory-access Read in pond_poll',
    [
      'BUG: KASAN: wild-memory-access on address dead000000000108',
      'Read of size 8 by task probe/42',
      aCallTrace(`${REPORTERS} pond_poll ${ENTRY}`),
    ].map((line) => line.replace('on address dead000000000108', 'in pond_poll+0x12/0x40')),
    { type: 'KASAN-READ', ...WHOLE },
  ],
  [
    'KASAN: wild-memory-access Read',
    [
      'BUG: KASAN: wild-memory-access on address dead000000000108',
      'Read of size 8 by task probe/42',
      aCallTrace(`${REPORTERS} pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-READ', culprit: null, ...WHOLE },
  ],
  [
    'KASAN: null-ptr-deref Read',
    [
      'BUG: KASAN: null-ptr-deref on address           (null)',
      'Read of size 8 by task probe/42',
      aCallTrace(`${REPORTERS} pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-NULL-POINTER-DEREFERENCE-READ', ...WHOLE },
  ],
  [
    'KASAN: invalid-access Write in pond_poll',
    [
      'BUG: KASAN: invalid-access in pond_poll+0x6c/0xa0',
      'Write at addr f7ff000012345678 by task probe/42',
      'Pointer tag: [f7], memory tag: [fe]',
      'CPU: 0 PID: 42 Comm: probe Not tainted 6.8.0 #1',
      'Hardware name: linux,dummy-virt (DT)',
      'Call trace:',
      ' dump_backtrace+0x94/0xec',
      ' show_stack+0x18/0x24',
      ' kasan_report+0xc8/0x108',
      ' __do_kernel_fault+0x17c/0x1e8',
      ' do_tag_check_fault+0x78/0x8c',
      ' do_mem_abort+0x44/0x94',
      ' el1_abort+0x40/0x60',
      ' el1h_64_sync_handler+0xd8/0xe4',
      ' el1h_64_sync+0x64/0x68',
      ' pond_poll+0x6c/0xa0',
      ' invoke_syscall+0x48/0x114',
    ],
    { type: 'KASAN-WRITE', culprit: 'pond_poll', ...WHOLE },
  ],
  ...['double-free or invalid-free', 'double-free', 'invalid-free'].map(
    (words): Row => [
      'KASAN: invalid-free in pond_release',
      [
        `BUG: KASAN: ${words} in kfree+0xd3/0x240`,
        'Free of addr ffff888012345678 by task probe/42',
        CPU,
        aCallTrace(
          `dump_stack_lvl print_report kasan_report_invalid_free __kasan_slab_free kfree pond_release __fput ${ENTRY}`,
        ),
      ],
      { type: 'KASAN-INVALID-FREE', culprit: 'pond_release', ...WHOLE },
    ],
  ),
  [
    'KASAN: stack-out-of-bounds Read in pond_poll',
    [
      'BUG: KASAN: stack-out-of-bounds in pond_poll+0x1a4/0x2b0 [pond]',
      'Read of size 8 at addr ffffc90000107c40 by task probe/42',
      aCallTrace(`${REPORTERS} pond_poll ${ENTRY}`),
    ],
    { type: 'KASAN-READ', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KASAN: global-out-of-bounds Write in pond_poll',
    [
      'BUG: KASAN: global-out-of-bounds in string+0x2a/0x40',
      'Write of size 1 at addr ffffffff8a107c40 by task probe/42',
      aCallTrace(`${REPORTERS} string vsnprintf snprintf pond_poll.isra.0 ${ENTRY}`),
    ],
    { type: 'KASAN-WRITE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KASAN: vmalloc-out-of-bounds Read in sys_pond',
    [
      'BUG: KASAN: vmalloc-out-of-bounds in __x64_sys_pond+0x2a/0x40',
      'Read of size 1 at addr ffffc90000107c40 by task probe/42',
      aCallTrace(`${REPORTERS} __x64_sys_pond ${ENTRY}`),
    ],
    { culprit: 'sys_pond', ...WHOLE },
  ],
  [
    'KASAN: use-after-free in pond_poll',
    ['BUG: KASAN: use-after-free in pond_poll+0x1a4/0x2b0'],
    { type: 'KASAN-READ', corrupted: true },
  ],
];

const OTHERS: readonly Row[] = [
  [
    'KMSAN: uninit-value in pond_poll',
    [
      '=====================================================',
      'BUG: KMSAN: uninit-value in pond_poll+0x2d0/0x7f0',
      aStack(' pond_poll vfs_poll do_syscall_64').slice(1),
      '',
      'Uninit was created at:',
      aStack('slab_post_alloc_hook kmem_cache_alloc_node __alloc_skb pond_alloc'),
      'CPU: 0 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1',
      '=====================================================',
    ],
    { type: 'KMSAN-UNINIT-VALUE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KMSAN: uninit-value in pond_poll',
    [
      'BUG: KMSAN: uninit-value in memcmp+0x117/0x180 lib/string.c:861',
      'CPU: 0 PID: 42 Comm: probe Not tainted 4.16.0+ #87',
      'Call Trace:',
      ' __dump_stack lib/dump_stack.c:17 [inline]',
      ' dump_stack+0x185/0x1d0 lib/dump_stack.c:53',
      ' kmsan_report+0x142/0x240 mm/kmsan/kmsan.c:1067',
      ' __msan_warning_32+0x6c/0xb0 mm/kmsan/kmsan_instr.c:683',
      ' memcmp+0x117/0x180 lib/string.c:861',
      ' pond_poll+0x1fa/0x300 drivers/pond/pond.c:77',
      'Uninit was stored to memory at:',
      ' kmsan_save_stack_with_flags mm/kmsan/kmsan.c:278 [inline]',
      ' pond_fill+0x1fa/0x300 drivers/pond/pond.c:70',
      'Local variable description: ----pond@pond_fill',
      'Variable was created at:',
      ' pond_fill+0x4a/0x300 drivers/pond/pond.c:66',
    ],
    { type: 'KMSAN-UNINIT-VALUE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KMSAN: kernel-infoleak in pond_read',
    [
      'BUG: KMSAN: kernel-infoleak in instrument_copy_to_user include/linux/instrumented.h:114 [inline]',
      'BUG: KMSAN: kernel-infoleak in _copy_to_user+0xbc/0x100 lib/usercopy.c:40',
      ' instrument_copy_to_user include/linux/instrumented.h:114 [inline]',
      ' _copy_to_user+0xbc/0x100 lib/usercopy.c:40',
      ' copy_to_user include/linux/uaccess.h:191 [inline]',
      ' pond_read+0x15a4/0x1c60 drivers/pond/pond.c:91',
      ' vfs_read+0x15a4/0x1c60 fs/read_write.c:91',
      '',
      'Local variable tag created at:',
      ' pond_read+0x4a/0x1c60 drivers/pond/pond.c:80',
    ],
    { type: 'KMSAN-INFO-LEAK', culprit: 'pond_read', ...WHOLE },
  ],
  [
    'KMSAN: kernel-infoleak-after-free in pond_read',
    [
      'BUG: KMSAN: kernel-infoleak-after-free in _copy_to_iter+0x1f6/0x1f90',
      aStack('_copy_to_iter simple_copy_to_iter pond_read'),
      'Uninit was created at:',
      aStack('kfree pond_drop'),
    ],
    { type: 'KMSAN-INFO-LEAK', ...WHOLE },
  ],
  [
    'KMSAN: use-after-free in pond_poll',
    [
      'BUG: KMSAN: use-after-free in pond_poll+0x2d0/0x7f0',
      aStack('pond_poll vfs_poll'),
      'Uninit was created at:',
      aStack('kfree pond_drop'),
    ],
    { type: 'KMSAN-USE-AFTER-FREE-READ', ...WHOLE },
  ],
  [
    'KCSAN: data-race in pond_fill / pond_poll',
    [
      RULE,
      'BUG: KCSAN: data-race in pond_fill / pond_poll',
      '',
      'write to 0xffff888104b4a000 of 8 bytes by task 41 on cpu 0:',
      aStack('pond_fill vfs_write'),
      '',
      'read to 0xffff888104b4a000 of 8 bytes by task 42 on cpu 1:',
      aStack('pond_poll vfs_poll'),
      'value changed: 0x0000000000000001 -> 0x0000000000000002',
      'Reported by Kernel Concurrency Sanitizer on:',
      CPU,
      RULE,
    ],
    { type: 'KCSAN-DATARACE', culprit: 'pond_fill', ...WHOLE },
  ],
  [
    'KCSAN: data-race in pond_poll',
    [
      'BUG: KCSAN: data-race in pond_poll+0x1a/0x30 [pond]',
      'race at unknown origin, with read to 0xffff888104b4a000 of 8 bytes by task 42 on cpu 1:',
      aStack('pond_poll vfs_poll'),
    ],
    { type: 'KCSAN-DATARACE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KCSAN: data-race in pond_fill / pond_poll',
    ['BUG: KCSAN: data-race in pond_fill+0x12/0x80 / pond_poll.isra.0+0x1a/0x30'],
    WHOLE,
  ],
  [
    'KCSAN: assert: race in pond_fill / pond_poll',
    ['BUG: KCSAN: assert: race in pond_fill / pond_poll'],
    { type: 'KCSAN-ASSERT', culprit: 'pond_fill', ...WHOLE },
  ],
  [
    'KFENCE: out-of-bounds read in pond_poll',
    [
      RULE,
      'BUG: KFENCE: out-of-bounds read in pond_poll+0xa3/0x22b',
      '',
      'Out-of-bounds read at 0xffff8c3f2e291fff (1B left of kfence-#72):',
      aStack('pond_poll vfs_poll'),
      'kfence-#72: 0xffff8c3f2e292000-0xffff8c3f2e29201f, size=32, cache=kmalloc-32',
      'allocated by task 41 on cpu 0 at 5.1s:',
      aStack('pond_open'),
    ],
    { type: 'KFENCE-READ', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KFENCE: use-after-free write in pond_poll',
    [
      'BUG: KFENCE: use-after-free write in memcpy+0x6/0x10',
      'Use-after-free write at 0x(____ptrval____) (in kfence-#24):',
      aStack('memcpy pond_poll vfs_poll'),
    ],
    { type: 'KFENCE-USE-AFTER-FREE-WRITE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'KFENCE: invalid free in pond_release',
    [
      'BUG: KFENCE: invalid free in pond_release+0x16d/0x290',
      'Invalid free of 0xffff8c3f2e240001 (in kfence-#1):',
      aStack('pond_release __fput'),
    ],
    { type: 'KFENCE-INVALID-FREE', ...WHOLE },
  ],
  [
    'UBSAN: shift-out-of-bounds in pond_poll',
    [
      '------------[ cut here ]------------',
      'UBSAN: shift-out-of-bounds in drivers/pond/pond.c:77:12',
      "shift exponent 72 is too large for 32-bit type 'int'",
      CPU,
      aCallTrace(`dump_stack_lvl ubsan_epilogue __ubsan_handle_shift_out_of_bounds pond_poll ${ENTRY}`),
      '---[ end trace ]---',
    ],
    { type: 'UBSAN', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'UBSAN: array-index-out-of-bounds in pond_poll',
    [
      'UBSAN: array-index-out-of-bounds in drivers/pond/pond.c:77:12',
      "index 8 is out of range for type 'int [8]'",
      aCallTrace(`dump_stack_lvl ubsan_epilogue __ubsan_handle_out_of_bounds pond_poll ${ENTRY}`),
    ],
    { type: 'MEMORY_SAFETY_UBSAN', ...WHOLE },
  ],
  [
    'UBSAN: signed-integer-overflow in pond_poll',
    [
      'UBSAN: signed-integer-overflow in drivers/pond/pond.c:77:12',
      "2147483647 + 1 cannot be represented in type 'int'",
      aCallTrace(
        `dump_stack_lvl ubsan_epilogue handle_overflow __ubsan_handle_add_overflow pond_poll ${ENTRY}`,
      ),
    ],
    { type: 'UBSAN', ...WHOLE },
  ],
  [
    'UBSAN: undefined-behaviour in pond_poll',
    [
      'UBSAN: Undefined behaviour in drivers/pond/pond.c:77:12',
      'member access within null pointer of type',
      'Call Trace:',
      ' [<ffffffff81c1c8f5>] dump_stack+0xb3/0x10e',
      ' [<ffffffff81cc2ce6>] ubsan_epilogue+0x12/0x55',
      ' [<ffffffff81cc3be9>] __ubsan_handle_type_mismatch+0x1dd/0x1ef',
      ' [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
    ],
    { type: 'UBSAN', ...WHOLE },
  ],
];

for (const [title, lines, expected = {}] of [...KASAN, ...OTHERS])
  for (const caller of [undefined, 'T42'])
    t.test(
      `${title}: ${lines.find((line) => /BUG:|UBSAN/.test(line))} (${caller ?? 'no caller id'})`,
      async (t) => {
        const splats = scanLog(aLog(lines, { caller }));
        t.equal(splats[0]?.title, title);
        t.hasStrict(splats[0] ?? {}, expected);
        t.equal(splats.length, 1, 'it is one complaint');
      },
    );
