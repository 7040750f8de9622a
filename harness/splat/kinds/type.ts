// SPDX-License-Identifier: MIT

/**
 * The type of a complaint follows from its title. The words are those that the field's archives of crashes use; where
 * they have none, a word of the same make stands here. The first that matches counts.
 */
export const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^KASAN: null-ptr-deref Write/, 'KASAN-NULL-POINTER-DEREFERENCE-WRITE'],
  [/^KASAN: null-ptr-deref/, 'KASAN-NULL-POINTER-DEREFERENCE-READ'],
  [/^KASAN: (?:invalid|double)-free/, 'KASAN-INVALID-FREE'],
  [/^KASAN: \S*use-after-\w+ Write/, 'KASAN-USE-AFTER-FREE-WRITE'],
  [/^KASAN: \S*use-after-\w+ Read/, 'KASAN-USE-AFTER-FREE-READ'],
  [/^KASAN: \S+ Write/, 'KASAN-WRITE'],
  [/^KASAN: /, 'KASAN-READ'],
  [/^KMSAN: kernel-(?:usb-)?infoleak/, 'KMSAN-INFO-LEAK'],
  [/^KMSAN: use-after-free/, 'KMSAN-USE-AFTER-FREE-READ'],
  [/^KMSAN: uninit-value/, 'KMSAN-UNINIT-VALUE'],
  [/^KMSAN: /, 'KMSAN-UNKNOWN'],
  [/^KCSAN: assert/, 'KCSAN-ASSERT'],
  [/^KCSAN: data-race/, 'KCSAN-DATARACE'],
  [/^KCSAN: /, 'KCSAN-UNKNOWN'],
  [/^KFENCE: use-after-free write/, 'KFENCE-USE-AFTER-FREE-WRITE'],
  [/^KFENCE: use-after-free/, 'KFENCE-USE-AFTER-FREE-READ'],
  [/^KFENCE: invalid free/, 'KFENCE-INVALID-FREE'],
  [/^KFENCE: memory corruption/, 'KFENCE-MEMORY-CORRUPTION'],
  [/^KFENCE: .*write/, 'KFENCE-WRITE'],
  [/^KFENCE: .*read/, 'KFENCE-READ'],
  [/^KFENCE: /, 'KFENCE-UNKNOWN'],
  [/^UBSAN: array-index-out/, 'MEMORY_SAFETY_UBSAN'],
  [/^UBSAN: /, 'UBSAN'],
  [/NULL pointer dereference/, 'NULL-POINTER-DEREFERENCE'],
  [/^BUG: corrupted list|^BUG: unable to handle kernel paging request/, 'MEMORY_SAFETY_BUG'],
  [/^BUG: (?:sleeping function|scheduling while atomic)/, 'ATOMIC_SLEEP'],
  [
    /possible deadlock|inconsistent lock state|suspicious RCU usage in|bad unlock balance|held lock freed|still has locks held|lock held when returning|Nested lock was not taken|locking bug|^BUG: (?:spinlock|rwlock)|^BUG: using .* in preemptible|non-static key|workqueue leaked/,
    'LOCKDEP',
  ],
  [/soft lockup|hard lockup|detected stall|INFO: task (?:hung|can't die)|workqueue lockup/, 'HANG'],
  [/memory leak/, 'LEAK'],
  [/^WARNING: refcount bug/, 'REFCOUNT_WARNING'],
  [/^WARNING|^unchecked MSR/, 'WARNING'],
  [/^SYZ(?:FAIL|FATAL)/, 'SYZ_FAILURE'],
  [/^unexpected kernel reboot/, 'REBOOT'],
  [/^BUG: Object already free/, 'DoS'],
  [/^(?:kernel BUG|BUG: )/, 'BUG'],
  [/^INFO: /, 'INFO'],
  [/^sysfs: /, 'WARNING'],
  [/^mce: /, 'MACHINE_CHECK'],
  [/^page allocation|^out of memory/, 'MEMORY_SHORTAGE'],
  [/^irq: nobody cared|^NETDEV WATCHDOG/, 'DEVICE'],
  [
    /^(?:general protection fault|stack segment|int3|divide error|invalid opcode|PANIC: double|kernel panic|kernel stack overflow|Unhandled fault|Alignment trap|Internal error|Oops|unregister_netdevice|VFS:|trusty:|panic:|fatal error:)/,
    'DoS',
  ],
];

/** For a title that none of the above knows. */
export const UNKNOWN_TYPE = 'BUG';
