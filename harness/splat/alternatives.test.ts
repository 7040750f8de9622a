// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../testing/index.ts';
import { scanLog } from './index.ts';

const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const KASAN = 'dump_stack_lvl print_report kasan_report';

/** Title, lines, and what else it may be called. */
const ROWS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'KASAN: slab-use-after-free Read in pond_poll',
    [
      'BUG: KASAN: slab-use-after-free in pond_poll+0x1a4/0x2b0',
      'Read of size 8 at addr ffff888012345678 by task probe/42',
      aCallTrace(`${KASAN} pond_poll ${ENTRY}`),
    ],
    ['bad-access in pond_poll'],
  ],
  [
    'KASAN: invalid-free in pond_drop',
    ['BUG: KASAN: double-free in pond_drop+0x1a4/0x2b0', aCallTrace(`${KASAN} pond_drop ${ENTRY}`)],
    ['invalid-free in pond_drop'],
  ],
  [
    'general protection fault in sys_pond',
    ['general protection fault: 0000 [#1] SMP', CPU, 'RIP: 0010:__x64_sys_pond+0x1/0x10', aCallTrace(ENTRY)],
    ['general protection fault in __x64_sys_pond', 'bad-access in sys_pond', 'bad-access in __x64_sys_pond'],
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'Unable to handle kernel paging request for data at address 0x00000018',
      'NIP [c000000000012345] pond_poll+0x1/0x10',
      aCallTrace('pond_dive'),
    ],
    ['BUG: unable to handle kernel NULL pointer dereference in pond_poll', 'bad-access in pond_poll'],
  ],
  [
    'BUG: soft lockup in pond_ioctl',
    [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [probe:42]',
      CPU,
      'RIP: 0010:pond_spin+0x1/0x10',
      aCallTrace(`pond_dive pond_ioctl __x64_sys_ioctl ${ENTRY}`),
    ],
    ['stall in pond_ioctl', 'BUG: soft lockup in pond_spin'],
  ],
  [
    'KMSAN: kernel-infoleak in pond_read',
    [
      'BUG: KMSAN: kernel-infoleak in _copy_to_iter+0x1f6/0x1f90',
      aStack('_copy_to_iter pond_read vfs_read'),
      'Uninit was created at:',
      aStack('slab_post_alloc_hook __kmalloc_noprof __alloc_skb pond_fill'),
    ],
    ['KMSAN origin in pond_fill'],
  ],
  [
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x64/0x1a0',
      aCallTrace('pond_poll vfs_poll'),
    ],
    [],
  ],
  [
    'BUG: soft lockup in corrupted',
    ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [probe:42]', CPU],
    [],
  ],
];

for (const [title, lines, alternatives] of ROWS)
  t.test(`${title} is also ${alternatives.join(', ') || 'nothing else'}`, async (t) => {
    const [splat] = scanLog(aLog(lines));
    t.equal(splat?.title, title);
    t.strictSame(splat?.alternatives, alternatives);
  });
