// SPDX-License-Identifier: MIT

/** Non-frame lines that belong to a report; the report ends after the last of them. */
export const BODY_LINE: RegExp = new RegExp(
  [
    // Who and where.
    '^(?:Modules linked in|CPU: \\d|Hardware name|Workqueue|Kernel Offset|Memory Limit|Tainted|Process \\S|Stack|Exception stack|Sched(?:uler)?: |Comm: )',
    'Comm: |Not tainted|Tainted: |task: [0-9a-f]+ ti:|task: [0-9a-f]+ task|task:\\S+ +state:|hung_task_timeout_secs',
    // Registers and dumps.
    '^\\s*(?:R[A-Z0-9]{1,2}|[RE]?(?:SP|IP|FLAGS|BP)|E[A-D]X|E[SD]I|FS|CS|CR\\d|DR\\d|PKRU|Code|ORIG_RAX|Call|NIP|LR|MSR|CFAR|GPR\\d+|REGS|XER|CTR|pc|lr|sp|pstate|psr|ra|epc|gp|tp|status|x\\d+|r\\d+|s\\d+|t\\d+|a\\d+|Flags|Control|Register r\\d+|DAC|Krnl|pgd|Mem abort info|Data abort info|ESR|EC|FSC|ISV|CM|SET|Internal error|Oops|Instruction dump|GPRS|PGD|#PF|user pgtable|swapper pgtable)\\b.{0,3}[: =(\\[]',
    '^\\s*(?:(?:[>*]?[0-9a-f]{2,16}(?::|\\s)\\s*){3,}|[>]?[0-9a-f]{8,16}:|raw: |flags: 0x|page:|\\^\\s*$)',
    '^\\s*<?\\/?(?:IRQ|TASK|NMI|EOI|SOFTIRQ|ENTRY_TRAMPOLINE|#?DF)>?\\s*$|^\\s*<[/#A-Z_]+>',
    '\\*pgd=|\\*pte=|^\\[[0-9a-f]+\\]|Dumping ftrace|ftrace buffer empty|softirqs last|hardirqs last|irq event stamp|Preemption disabled at|Last Breaking',
    // Sanitizers.
    '^(?:Read|Write|Invalid|Use-after-free|Out-of-bounds|Corrupted) .*(?:at|of|read|write|memory)|The buggy address|Memory state around|page dumped|page_owner|page last|This frame has|belongs to|^ \\[\\d+, \\d+\\)|is located|Uninit was|Bytes \\d+-\\d+ of|Memory access of|value changed|Reported by Kernel|(?:read|write) to 0x|^CPU \\d|allocated by task|freed by task|index .* is out of range|overflow:|shift exponent|Pointer tag|^head: ',
    // Locks and hangs.
    ', at:|other info that|Possible unsafe|lock\\(|\\*\\*\\* |CPU0 |locks? held by|^\\s*#\\d+: |stack backtrace|existing dependency|-> #\\d|Chain exists|dependency chain|is trying to|already holding|which lock|which became|to a |hint: |rcu_scheduler_active|in_atomic\\(\\)|INITIAL USE|IN-|owner_cpu|^ ?lock:|caller is|ticks this GP|\\(t=\\d+|\\(detected by|jiffies|NMI backtrace|Sending NMI|qsmask|blocking rcu|Showing all locks|no locks held|but there are no more',
    // Leaks, marks, ends.
    '^\\s*(?:comm "|hex dump|backtrace)|unreferenced object|^[-=]{20,}|^-+\\[ (?:cut here|end)|8<--- cut here|Kernel panic|Rebooting in|\\(stack is not available\\)|^handlers:|^\\[<[0-9a-f]+>\\] \\w|Disabling lock debugging|Object 0x|INFO: |Redzone|Padding|Bytes b4',
  ].join('|'),
);

/** The end of a report; only the panic and repeated registers come after it. */
export const END_MARK: RegExp = /^-+\[ end (?:trace|Kernel panic)/;

/** The rule that ends reports of the sanitizers and of lockdep, if it comes after the trace. */
export const RULE_MARK: RegExp = /^={40,}\s*$/;

/** A kernel starts: open reports of the one before are over. */
export const BOOT_MARK = 'Linux version ';

/** A line that is ignored in a report. */
export const DROPPED_LINE = 'Disabling lock debugging due to kernel taint';

/** A report requests the traces of all processors, which print them in interrupt context. */
export const ALL_CPU_TRACES = 'Sending NMI from CPU';

/** Somebody requested the restart that follows these words. */
export const ORDERLY_RESTART: RegExp =
  /reboot: (?:Restarting|System halted|Power down|machine restart)|Rebooting in|Restarting system|kexec|sysrq: Resetting|systemd-shutdown|Requesting system reboot|end Kernel panic|Kernel panic/;

/** The line with which a report begins, before its headline. */
export const REPORT_MARK: RegExp = /^-{4,}\[ cut here \]|^={20,}\s*$|8<--- cut here/;

/** What kmemleak prints before each line of a report. */
export const LINE_MARK = 'kmemleak: ';

/** The virtual machine was stopped while its console was printing. */
export const CONSOLE_LOST = 'serialport: VM disconnected.';
