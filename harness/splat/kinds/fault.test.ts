// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1';
const WHOLE = { corrupted: false, panicked: false };
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const REGISTERS = [
  'Code: 48 89 e5 41 57 41 56 <48> 8b 07 48 c1 e8 03 80 3c 02 00 75 42',
  'RSP: 0018:ffffc90000107c40 EFLAGS: 00010246',
  'RAX: dffffc0000000000 RBX: ffff888012345678 RCX: 0000000000000000',
  'R13: 0000000000000000 R14: ffff888012345678 R15: 0000000000000000',
  'FS:  00007f1e3c0a16c0(0000) GS:ffff88811a000000(0000) knlGS:0000000000000000',
  'CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033',
  'CR2: ffffffffffffffd6 CR3: 000000001a2b4000 CR4: 00000000003506f0',
];

/** What x86 prints of a fault behind its headline. */
function aFault(pc: string, trace: string): string[] {
  return [CPU, `RIP: 0010:${pc}`, ...REGISTERS, aCallTrace(trace), 'Modules linked in: pond(OE)'];
}

const X86: readonly Row[] = [
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'BUG: unable to handle page fault for address: ffffc90003c4a000',
      '#PF: supervisor write access in kernel mode',
      '#PF: error_code(0x0002) - not-present page',
      'PGD 100000067 P4D 100000067 PUD 0',
      'Oops: 0002 [#1] PREEMPT SMP KASAN',
      ...aFault('pond_poll+0x1a/0x30 [pond]', `vfs_poll ${ENTRY}`),
      '---[ end trace 0000000000000000 ]---',
      'RIP: 0010:pond_poll+0x1a/0x30 [pond]',
    ],
    { type: 'MEMORY_SAFETY_BUG', culprit: 'pond_poll', modules: ['pond(OE)'], pid: 42, cpu: 1, ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'BUG: unable to handle kernel paging request at ffffc90003c4a000',
      'IP: memcpy_erms+0x6/0x10',
      'PGD 100000067 P4D 100000067 PUD 0 ',
      'Oops: 0002 [#1] SMP KASAN',
      CPU,
      'task: ffff8801d8e0c000 task.stack: ffff8801c0ba0000',
      'RIP: 0010:memcpy_erms+0x6/0x10',
      'Call Trace:',
      aStack(`pond_poll vfs_poll ${ENTRY}`),
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
    [
      'BUG: unable to handle kernel NULL pointer dereference at 0000000000000008',
      'IP: [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
      'PGD 1a2b4067 PUD 1a2b5067 PMD 0 ',
      'Oops: 0000 [#1] SMP KASAN',
      'CPU: 1 PID: 42 Comm: probe Not tainted 4.4.0 #1',
      'RIP: 0010:[<ffffffff82d4d3cd>]  [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
      'Call Trace:',
      ' [<ffffffff814c0f1c>] vfs_poll+0x1c/0x70',
      ' [<ffffffff814c11b7>] SyS_poll+0x1f7/0x4d0',
    ],
    { type: 'NULL-POINTER-DEREFERENCE', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_call',
    [
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      '#PF: supervisor instruction fetch in kernel mode',
      '#PF: error_code(0x0010) - not-present page',
      'Oops: 0010 [#1] PREEMPT SMP KASAN',
      CPU,
      'RIP: 0010:0x0',
      'Code: Unable to access opcode bytes at 0xffffffffffffffd6.',
      'RSP: 0018:ffffc90000107c40 EFLAGS: 00010246',
      aCallTrace(`pond_call vfs_poll ${ENTRY}`),
    ],
    { culprit: 'pond_call', pc: null, ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_call',
    [
      'BUG: unable to handle kernel NULL pointer dereference at           (null)',
      'IP:           (null)',
      'Oops: 0010 [#1] SMP KASAN',
      'RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)',
      'Call Trace:',
      ' [<ffffffff814c0f1c>] pond_call+0x1c/0x70',
    ],
    { culprit: 'pond_call', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel',
    ['BUG: unable to handle kernel ', 'device eth0 entered promiscuous mode'],
    { corrupted: true },
  ],
  [
    'general protection fault in pond_poll',
    [
      'Oops: general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000 [#1] PREEMPT SMP KASAN',
      'KASAN: null-ptr-deref in range [0x0000000000000008-0x000000000000000f]',
      ...aFault('pond_poll+0x1a/0x30', `vfs_poll ${ENTRY}`),
    ],
    { type: 'DoS', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'general protection fault in pond_poll',
    [
      'kasan: CONFIG_KASAN_INLINE enabled',
      'kasan: GPF could be caused by NULL-ptr deref or user memory access',
      'general protection fault: 0000 [#1] PREEMPT SMP KASAN',
      'Modules linked in:',
      ...aFault('__lock_acquire+0x1a/0x30', `lock_acquire _raw_spin_lock pond_poll vfs_poll ${ENTRY}`),
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'stack segment fault in pond_poll',
    ['stack segment: 0000 [#1] SMP KASAN PTI', ...aFault('pond_poll+0x1a/0x30', `vfs_poll ${ENTRY}`)],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'int3 in pond_poll',
    ['int3: 0000 [#1] PREEMPT SMP', ...aFault('pond_poll+0x1a/0x30', `vfs_poll ${ENTRY}`)],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'divide error in pond_rate',
    ['Oops: divide error: 0000 [#1] PREEMPT SMP', ...aFault('pond_rate+0x1a/0x30', `vfs_poll ${ENTRY}`)],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'divide error in pond_rate',
    ['divide_error: 0000 [#1] PREEMPT SMP', ...aFault('pond_rate+0x1a/0x30', `vfs_poll ${ENTRY}`)],
    WHOLE,
  ],
  [
    'invalid opcode in pond_rate',
    ['invalid opcode: 0000 [#1] PREEMPT SMP', ...aFault('pond_rate+0x1a/0x30', `vfs_poll ${ENTRY}`)],
    { type: 'DoS', ...WHOLE },
  ],
  [
    'PANIC: double fault in pond_deep',
    [
      'traps: PANIC: double fault, error_code: 0x0',
      ...aFault('pond_deep+0x1a/0x30', `pond_deep vfs_poll ${ENTRY}`),
      'Kernel panic - not syncing: Machine halted.',
    ],
    { type: 'DoS', corrupted: false, panicked: true },
  ],
  [
    'BUG: stack guard page was hit in pond_walk',
    [
      'BUG: stack guard page was hit at ffffc90000107ff8 (stack is ffffc90000108000..ffffc9000010ffff)',
      'kernel stack overflow (double-fault): 0000 [#1] PREEMPT SMP',
      ...aFault('pond_deep+0x1a/0x30', `pond_deep pond_deep pond_deep pond_walk vfs_read ksys_read ${ENTRY}`),
    ],
    { culprit: 'pond_walk', ...WHOLE },
  ],
  [
    'BUG: stack guard page was hit in pond_walk',
    [
      'BUG: TASK stack guard page was hit at ffffc90000107ff8 (stack is ffffc90000108000..ffffc90000110000)',
      'Oops: stack guard page: 0000 [#1] PREEMPT SMP',
      ...aFault('pond_deep+0x1a/0x30', `pond_deep pond_deep pond_walk vfs_read ksys_read ${ENTRY}`),
    ],
    WHOLE,
  ],
  [
    'kernel BUG in pond_poll',
    [
      '------------[ cut here ]------------',
      'kernel BUG at drivers/pond/pond.c:77!',
      'Oops: invalid opcode: 0000 [#1] PREEMPT SMP',
      ...aFault('pond_poll+0x1a/0x30', `vfs_poll ${ENTRY}`),
      'Kernel panic - not syncing: Fatal exception',
    ],
    { type: 'BUG', culprit: 'pond_poll', corrupted: false, panicked: true },
  ],
  [
    'kernel BUG in pond_send',
    [
      'skbuff: skb_over_panic: text:ffffffff86a00000 len:66 put:14 head:ffff888012345600',
      'kernel BUG at net/core/skbuff.c:109!',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
      ...aFault('skb_panic+0x1a/0x30', `skb_over_panic skb_put pond_send ${ENTRY}`),
    ],
    { culprit: 'pond_send', ...WHOLE },
  ],
  [
    'BUG: corrupted list in pond_drop',
    [
      'list_del corruption. prev->next should be ffff888012345678, but was ffff888012345600',
      '------------[ cut here ]------------',
      'kernel BUG at lib/list_debug.c:59!',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
      ...aFault('__list_del_entry_valid_or_report+0x1a/0x30', `__list_del_entry pond_drop ${ENTRY}`),
    ],
    { type: 'MEMORY_SAFETY_BUG', culprit: 'pond_drop', ...WHOLE },
  ],
  [
    'BUG: bad usercopy in pond_read',
    [
      'usercopy: Kernel memory exposure attempt detected from SLUB object (offset 0, size 64)!',
      'kernel BUG at mm/usercopy.c:102!',
      'invalid opcode: 0000 [#1] PREEMPT SMP',
      ...aFault('usercopy_abort+0x1a/0x30', `__check_heap_object __check_object_size pond_read ${ENTRY}`),
    ],
    { type: 'BUG', culprit: 'pond_read', ...WHOLE },
  ],
];

const ARM64 = [
  'Mem abort info:',
  '  ESR = 0x0000000096000004',
  '  EC = 0x25: DABT (current EL), IL = 32 bits',
  'Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP',
  'Modules linked in: pond',
  'CPU: 1 UID: 0 PID: 42 Comm: probe Tainted: G        W          6.12.0 #1',
  'Hardware name: linux,dummy-virt (DT)',
  'pstate: 80400005 (Nzcv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)',
  'pc : pond_poll+0x6c/0xa0 [pond]',
  'lr : vfs_poll+0x44/0x94',
  'sp : ffff800080007c40',
  'x29: ffff800080007c40 x28: ffff000003a40000 x27: 0000000000000000',
  'Call trace:',
  ' pond_poll+0x6c/0xa0 [pond] (P)',
  ' vfs_poll+0x44/0x94',
  ' __arm64_sys_ppoll+0x44/0x94',
  ' invoke_syscall+0x48/0x114',
  ' el0t_64_sync+0x190/0x194',
  'Code: f9400000 b4000060 d65f03c0 d503201f (f9400400)',
];

const OTHERS: readonly Row[] = [
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'CPU 1 Unable to handle kernel paging request at virtual address 00000108, epc == 8088d1b4, ra == 80501234',
      'Oops[#1]:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      '$ 0   : 00000000 00000001 00000000 00000000',
      'epc   : 8088d1b4 pond_poll+0x20/0x64',
      'ra    : 80501234 vfs_poll+0x44/0x94',
      'Status: 1000a403	KERNEL EXL IE ',
      'Call Trace:',
      '[<8088d1b4>] pond_poll+0x20/0x64',
      '[<80501234>] vfs_poll+0x44/0x94',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'CPU 1 Unable to handle kernel paging request at virtual address 0000000000000108, era == 9000000000a4f2c0, ra == 9000000000501234',
      'Oops[#1]:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      '   ra: 9000000000501234 vfs_poll+0x44/0x94',
      '  ERA: 9000000000a4f2c0 pond_poll+0x20/0x64',
      ' CRMD: 000000b0 (PLV0 -IE -DA +PG DACF=CC DACM=CC -WE)',
      'Process probe (pid: 42, threadinfo=0000000000000000, task=0000000000000000)',
      'Call Trace:',
      '[<9000000000a4f2c0>] pond_poll+0x20/0x64',
      '[<9000000000501234>] vfs_poll+0x44/0x94',
    ],
    { culprit: 'pond_poll', comm: 'probe', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    ['Unable to handle kernel paging request at virtual address dfff800000000001', ...ARM64],
    { culprit: 'pond_poll', taint: 'G W', comm: 'probe', cpu: 1, ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
    ['Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008', ...ARM64],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  ['Internal error in pond_poll', ARM64.slice(3), { type: 'DoS', culprit: 'pond_poll', ...WHOLE }],
  [
    'kernel BUG in pond_poll',
    [
      'kernel BUG at drivers/pond/pond.c:77!',
      'Internal error: Oops - BUG: 00000000f2000800 [#1] PREEMPT SMP',
      ...ARM64.slice(4),
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
    [
      '8<--- cut here ---',
      'Unable to handle kernel NULL pointer dereference at virtual address 00000004 when read',
      '[00000004] *pgd=843c5003, *pmd=fe1f2003',
      'Internal error: Oops: 205 [#1] PREEMPT SMP ARM',
      'Modules linked in:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'Hardware name: ARM-Versatile Express',
      'PC is at pond_poll+0x20/0x64',
      'LR is at vfs_poll+0x44/0x94',
      'pc : [<8088d1b4>]    lr : [<80501234>]    psr: 60000013',
      'Process probe (pid: 42, stack limit = 0xdf93c000)',
      'Stack: (0xdf93de90 to 0xdf93e000)',
      'de80:                                     00000000 84f90c00 5ac3c35a 84f90c00',
      'Call trace: ',
      '[<8088d194>] (pond_poll) from [<80501234>] (vfs_poll+0x44/0x94)',
      '[<805011f0>] (vfs_poll) from [<80502000>] (sys_poll+0x100/0x200)',
      'Code: e92d4070 e1a04000 e5903000 e3530000 (e5933004) ',
    ],
    { culprit: 'pond_poll', comm: 'probe', pid: 42, ...WHOLE },
  ],
  [
    'Unhandled fault in pond_poll',
    [
      'Unhandled fault: page domain fault (0x01b) at 0x00000108',
      'pgd = d8b80000',
      '[00000108] *pgd=00000000',
      'Internal error: : 1b [#1] SMP ARM',
      'CPU: 0 PID: 42 Comm: probe Not tainted 4.19.0 #1',
      'PC is at pond_poll+0x20/0x64',
      'LR is at vfs_poll+0x44/0x94',
      'Backtrace: ',
      '[<c0801d20>] (pond_poll) from [<c0501234>] (vfs_poll+0x44/0x94)',
    ],
    { culprit: 'pond_poll', type: 'DoS', ...WHOLE },
  ],
  [
    'Alignment trap in pond_poll',
    [
      'Alignment trap: not handling instruction e8941c00 at [<c0801d34>]',
      'Unhandled fault: alignment exception (0x001) at 0x00000109',
      'Internal error: : 1 [#1] SMP ARM',
      'PC is at pond_poll+0x20/0x64',
      'Call trace:',
      '[<c0801d20>] (pond_poll) from [<c0501234>] (vfs_poll+0x44/0x94)',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'Unable to handle kernel paging request at virtual address ffffffc7f0000000',
      'Oops [#1]',
      'Modules linked in:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'Hardware name: riscv-virtio,qemu (DT)',
      'epc : pond_poll+0x20/0x64',
      ' ra : vfs_poll+0x44/0x94',
      'epc : ffffffff80a4f2c0 ra : ffffffff80a4f400 sp : ff2000000413ba40',
      'status: 0000000200000120 badaddr: ffffffc7f0000000 cause: 000000000000000d',
      '[<ffffffff80a4f2c0>] pond_poll+0x20/0x64',
      '[<ffffffff80a4f400>] vfs_poll+0x44/0x94',
      '[<ffffffff80003d20>] ret_from_exception+0x0/0x16',
      'Code: 8526 f0ef 8b7f 0513 0f84 f0ef (8b9f) 4781',
      '---[ end trace 0000000000000000 ]---',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel access to user memory in pond_poll',
    [
      'Unable to handle kernel access to user memory without uaccess routines at virtual address 0000000020000080',
      'Oops [#1]',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'epc : pond_poll+0x20/0x64',
      ' ra : vfs_poll+0x44/0x94',
      'status: 0000000200000120 badaddr: 0000000020000080 cause: 000000000000000d',
      'Call Trace:',
      '[<ffffffff80a4f2c0>] pond_poll+0x20/0x64',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'BUG: Unable to handle kernel data access at 0xc00c000000000108',
      'Faulting instruction address: 0xc0000000007d1234',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'LE PAGE_SIZE=64K MMU=Radix SMP NR_CPUS=2048 NUMA pSeries',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'NIP:  c0000000007d1234 LR: c0000000007d1200 CTR: c0000000001a2b40',
      'REGS: c00000000f3bb7a0 TRAP: 0380   Not tainted  (6.6.30)',
      'MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: 28022844  XER: 20040000',
      'GPR00: c0000000007d1200 c00000000f3bba40 c000000001a2b400 0000000000000000 ',
      'NIP [c0000000007d1234] pond_poll+0x64/0x1a0',
      'LR [c0000000007d1200] pond_poll+0x30/0x1a0',
      'Call Trace:',
      '[c00000000f3bba40] [c0000000007d1200] pond_poll+0x30/0x1a0 (unreliable)',
      '[c00000000f3bba90] [c0000000004a2b40] vfs_poll+0x120/0x2b0',
      '[c00000000f3bbe20] [c00000000000b270] system_call_exception+0x160/0x300',
      'Instruction dump:',
      '60000000 7c7f1b78 4bfffd91 60000000 ',
      '---[ end trace 0000000000000000 ]---',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
    [
      'BUG: Kernel NULL pointer dereference on read at 0x00000008',
      'Faulting instruction address: 0xc0000000007d1234',
      'Oops: Kernel access of bad area, sig: 11 [#1]',
      'NIP [c0000000007d1234] .pond_poll+0x64/0x1a0',
      'LR [c0000000007d1200] .vfs_poll+0x30/0x1a0',
      'Call Trace:',
      '[c00000000f3bba90] [c0000000004a2b40] .vfs_poll+0x120/0x2b0',
    ],
    { culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: unable to handle kernel paging request in pond_poll',
    [
      'Unable to handle kernel pointer dereference in virtual kernel address space',
      'Failing address: 0000000000000000 TEID: 0000000000000483',
      'Fault in home space mode while using kernel ASCE.',
      'Oops: 0004 ilc:3 [#1] SMP ',
      'Modules linked in:',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'Hardware name: QEMU 8561 QEMU (KVM/Linux)',
      'Krnl PSW : 0704c00180000000 0000000000a4f2c0 (pond_poll+0x20/0x64)',
      '           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:0 PM:0 RI:0 EA:3',
      'Krnl GPRS: 0000000000000000 0000000000000001 0000000000000000 0000000000000000',
      'Krnl Code: 0000000000a4f2b4: e3b0f0a00024        stg     %r11,160(%r15)',
      'Call Trace:',
      ' [<0000000000a4f2c0>] pond_poll+0x20/0x64 ',
      '([<0000000000a4f2a0>] pond_poll+0x0/0x64)',
      ' [<0000000000501234>] vfs_poll+0x44/0x94 ',
      ' [<0000000000c01234>] system_call+0x70/0x98 ',
      'Last Breaking-Event-Address:',
      ' [<0000000000a4f200>] pond_open+0x10/0x40',
      'Kernel panic - not syncing: Fatal exception: panic_on_oops',
    ],
    { culprit: 'pond_poll', corrupted: false, panicked: true },
  ],
];

for (const [title, lines, expected = {}] of [...X86, ...OTHERS])
  for (const caller of [undefined, 'T42'])
    t.test(`${title}: ${lines[0]} (${caller ?? 'no caller id'})`, async (t) => {
      const splats = scanLog(aLog(lines, { caller }));
      t.equal(splats[0]?.title, title);
      t.hasStrict(splats[0] ?? {}, expected);
      t.equal(splats.length, 1, 'it is one complaint');
    });
