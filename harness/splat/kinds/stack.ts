// SPDX-License-Identifier: MIT

/** A cheap test that every line that opens a trace passes. */
export const TRACE_HINT: RegExp =
  /^\s*(?:[Cc]all |[Bb]acktrace|[Ss]tack |Allocated|allocated|[Ff]reed|Last |Second |Aux |kfence-|Uninit |Local |page |read|write|race |assert |Exception |status:|NMI |unwind_|-> #)/;

/** Words of the stack's dump that stand before a label whose line feed got lost. */
export const GLUED_LABEL: RegExp = /^[ 0-9a-f]{8,}(?=Call Trace:)/;

/** A cheap test that every such line passes. */
export const GLUED_HINT = 'Call Trace:';

/** The label of the trace of the task that complained. */
export const COMPLAINANT: RegExp = /^(?:call|stack|back)\s?(?:trace|backtrace)/i;

/** Lines that open a trace. Group 1 is its label. */
export const TRACE_START: RegExp = new RegExp(
  String.raw`^\s*(?:(?=(.*?)(?::\s|:?\s*$|\s[(<\[]))(?:${[
    String.raw`(?:Call [Tt]race|Call Backtrace|Backtrace|stack backtrace|Stack trace|Stack traceback)\s*(?:\([^)]*\))?:?(?:\s*$|\s*[(<\[]|:\s)`,
    'Backtrace:',
    String.raw`(?:[Aa]llocated|[Ff]reed) by task \d+(?: on cpu .*)?\b.*:`,
    String.raw`(?:Allocated|Freed):\s*$`,
    String.raw`(?:Last potentially related work creation|Second to last potentially related work creation|Last call_rcu\(\)|Last Breaking-Event-Address|Aux stack)\b.*:`,
    String.raw`kfence-#\d+ .*allocated by task \d+\b.*:`,
    String.raw`backtrace(?: \(crc [0-9a-f]+\))?:`,
    'Uninit was (?:stored to memory|created) at:',
    String.raw`Local variable \S+ .*created at:`,
    String.raw`page last (?:allocated|freed?)\b.*`,
    String.raw`(?:read|write|read-write|race|assert no)\b.* (?:to 0x|at unknown origin).*by (?:task|interrupt).*:`,
    String.raw`Exception stack\(`,
    'status: [0-9a-f]+ badaddr: [0-9a-f]+ cause:',
    String.raw`NMI backtrace for cpu \d+`,
    'unwind_backtrace from ',
    String.raw`-> #\d+ \(.*\).*:`,
  ].join('|')}))`,
);

/** Lines of a report behind its trace. */
export const TRACE_END: RegExp = /^\s*(?:Modules linked in|Code): |^-+\[ end trace/;

/** The one of them that also ends the registers of what an interrupt interrupted. */
export const REGISTERS_END: RegExp = /^\s*Code: /;

/** A frame on the next line is a place, not a trace. */
export const PLACE_LABEL: RegExp = /\bat:\s*$/;

/** A cheap test that every line with the instruction pointer passes. */
export const POINTER_HINT: RegExp = /IP|PC[ :]|pc|[Ee]ra|ERA|PSW|IAOQ/;

/** Lines that must be followed by a frame, or the report is truncated. Group 1 is the kind of trace. */
export const TRACE_PROMISE: RegExp =
  /^\s*(Call Trace|Backtrace|Allocated|Freed|Uninit was stored)(?: by task \d+| to memory at| at)?\s*(?:\(.*?\))?:/i;

/** Lines after which no frame needs to follow. */
export const PROMISE_EXEMPT: RegExp =
  /\(stack is not available\)|^\s*status: [0-9a-f]+ badaddr:|frame pointer underflow/;

const NAME = String.raw`(?<f>[A-Za-z_.$][\w.$]*)`;
/** With an offset, or decoded: with a place in the source behind it. */
const PLACED = String.raw`${NAME}(?:\+(?:0x)?(?<o>[0-9a-f]+)(?:\/(?:0x)?(?<s>[0-9a-f]+))?(?: \[(?<m>[\w-]+)(?: [0-9a-f]+)?\])?|(?= \([^\s()]+:[\d?]))`;
const BRACKETED = String.raw`(?:\[?<?[0-9a-f]{8,16}>?\]?:?\s+)`;

/** Lines with the instruction pointer; some have no name, after a jump to nowhere. */
export const POINTERS: readonly RegExp[] = [
  // x86. A selector whose lowest bits are set is user space.
  new RegExp(
    String.raw`\b[RE]?IP: (?:[0-9a-f]{3}[0124568-9ac-e]:)?(?:\[?<[0-9a-f]+>\]?\s+)*(?:${PLACED}|0x[0-9a-f]+|\[<\s*\(null\)>\]\s*\(null\)|\(null\))`,
  ),
  new RegExp(String.raw`^\s*[RE]?IP\s+(?:is at )?(?:\[<[0-9a-f]+>\]\s+)?${PLACED}`),
  // arm, arm64, riscv, loongarch, mips.
  new RegExp(String.raw`^\s*PC is at (?:${PLACED}|0x[0-9a-f]+)`),
  new RegExp(String.raw`^\s*(?:pc|epc|era|ERA)\s*: ${BRACKETED}?${PLACED}`),
  /^\s*pc\s*: (?:0x[0-9a-f]+\b|\[?<?0+>?\]?\s*$)/,
  // ppc, s390, sparc.
  new RegExp(String.raw`\bNIP \[[0-9a-f]+\] (?:${PLACED}|0x[0-9a-f]+)`),
  new RegExp(String.raw`^\s*Krnl PSW\s*:.*\(\[?<?(?:[0-9a-f]{8,16}>\] )?${PLACED}`),
  new RegExp(String.raw`^\s*TPC: <${PLACED}>`),
  // m68k, csky, alpha, parisc.
  new RegExp(String.raw`^\s*PC: (?:\[<[0-9a-f]+>\] |0x[0-9a-f]+ \()${PLACED}`),
  new RegExp(String.raw`^\s*pc is at ${PLACED}`),
  new RegExp(String.raw`^\s*IAOQ\[0\]: ${PLACED}`),
];

/** The frame of ppc's trap, which is the instruction pointer of warnings only. */
export const TRAP_POINTER: RegExp = new RegExp(String.raw`^\s*--- interrupt: [0-9a-f]+ at ${PLACED}`);

/** A frame of these functions in a report belongs to the trace of an injected failure. */
export const INJECTED: RegExp = /^\s*(?:\[<[0-9a-f]+>\] )?should_fail/;

/** The timer interrupt; the interrupted code stands below it. */
export const TIMER_INTERRUPT: RegExp =
  /^[^?]*\b(?:\w*apic_timer_interrupt|el1h_64_irq|el1_irq|el1_interrupt|__irq_svc|handle_riscv_irq|do_irq|do_interrupt|timer_interrupt)\b|^\s*--- interrupt: 900/;

/** The registers that an interrupt saved; a trace that ends in user space has such a dump too. */
export const EXCEPTION_STACK: RegExp = /^\s*Exception stack\(/;

/** Entries of interrupts: what is further in was done by the interrupt, not by what it interrupted. */
export const INTERRUPT_ENTRY: RegExp =
  /^(?:asm_)?(?:sysvec_)?(?:\w*apic_timer_interrupt|irq_work_interrupt|call_function_(?:single_)?interrupt|reschedule_interrupt|common_interrupt)$|^el1h?(?:_64)?_irq$|^el1_interrupt$|^__irq_svc$|^ret_from_intr$/;

/** Opens the trace that one processor requested from another; idle processors print none. */
export const NMI_BACKTRACE: RegExp = /NMI backtrace for cpu \d+(?! skipped)/;

/** Opens the report on a task for which a grace period waits. The threads of RCU itself are the victims. */
export const BLOCKING_TASK: RegExp = /^task:(?!rcu_)\S+ +state:/;

/** The scheduler: who runs under it is stuck, or who called it. */
export const SCHEDULER: RegExp = /^(?:__)?schedule$|^preempt_schedule/;

/** Dispatchers; the frame just below one of them is the one that is stuck. */
export const STALL_ANCHORS: RegExp = new RegExp(
  [
    // Entries from user space.
    'do_syscall_|do_fast_syscall_|sysenter_dispatch|tracesys_phase2|system_call|el0_svc|invoke_syscall|ret_fast_syscall|entry_SYSCALL|entry_INT80|do_trap_ecall|ret_from_syscall|x64_sys_call|ia32_sys_call|exit_to_usermode',
    // Their own entries, with whatever prefix.
    `^(?:__(?:x64|ia32|arm64|s390x?|powerpc|riscv|x32)_)?(?:__se_|__do_|k)?_{0,4}(?:compat_)?(?:(?:sys|SyS|SYSC)_)?(?:ioctl|connect|socketpair|setsockopt|listen|accept4?)$`,
    // Runners.
    'process_one_work|worker_thread|netif_receive_skb|do_softirq|handle_softirqs|call_timer_fn|run_timer|hrtimer_run|tasklet_action|run_ksoftirqd|smpboot_thread_fn|^kthread$|start_secondary|cpu_startup_entry|ret_from_|task_work_run|irq_work_(?:run|single)|rcu_do_batch|^irq_thread(?:_fn)?$',
    // Faults, of old kernels or for a page: in others a fault inside a system call goes on to the call.
    '^page_fault$|^(?:__)?do_page_fault$|^__do_fault$',
    // Calls that fan out.
    '^full_proxy_(?:read|write|unlocked_ioctl|poll|llseek)$',
    '^(?:__)?vfs_(?:read|write|ioctl|open|iter_read|iter_write|fallocate|fsync)$|^do_vfs_ioctl|^do_iter_(?:read|write)|^call_(?:read|write)_iter|^new_sync_(?:read|write)|^do_dentry_open',
    'compat_ioctl|compat_(?:SyS|sys)_ioctl|^blkdev_ioctl|^blkdev_driver_ioctl|^block_ioctl',
    '^(?:__)?sock_(?:sendmsg|recvmsg)|^sock_(?:write|read)_iter|^(?:__)?sock_release|^sock_(?:do_)?ioctl|^inet6?_ioctl',
    '^sock_common_setsockopt|^kernel_(?:setsockopt|accept|listen)|^sk_common_release|^nfnetlink_rcv_msg|^rtnetlink_rcv_msg|^netlink_dump',
    '^do_mmap|^mmap_region|^call_mmap|^(?:__)?fput$|^____fput$|^do_iter_readv_writev',
  ].join('|'),
);

/** Dispatchers that are themselves stuck. Group 1 is the common name of all variants. */
export const STALL_SELF: RegExp = /(smp_call_function)/;

/** Tasks all over the kernel wait for these: their reports get one common name. */
export const HUNG_BUCKETS: readonly (readonly [RegExp, string])[] = [
  [/rtnl_lock/, 'rtnl_lock'],
  [/synchronize_(?:rcu|srcu|net|sched)/, 'synchronize_rcu'],
];

/** Functions that wait; the one that called them is named. */
export const HUNG_SKIP: RegExp =
  /sched|_lock|_slowlock|down|kthread|wait|synchronize|context_switch|__switch_to|cancel_delayed_work|rcu_barrier/;
