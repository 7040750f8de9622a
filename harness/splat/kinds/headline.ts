// SPDX-License-Identifier: MIT

/** Words that can open a report, and the lines on which they are harmless. */
export interface Headline {
  readonly words: string;
  readonly harmless?: RegExp;
  /** These words open a report only if a kind matches the line. Without this, the line itself is then the title. */
  readonly known?: boolean;
}

/** Notices of each boot or mount, and the words of other programs. */
const WARNING_NOTICES = new RegExp(
  // A place in the source is never a notice.
  `^(?!.*WARNING: CPU: \\d)(?!.*\\.[chS]:\\d+ at ).*(?:${[
    'moduli does not exist|no moduli file|/etc/ssh/moduli',
    'workqueue cpumask: (?:online|possible) intersect|wq_unbound_cpumask',
    '[Tt]he mand(?:\\b|$)',
    'DT_FLAGS_1',
    'Unprivileged eBPF is enabled',
    'missed to adjust virtual screen size',
    'See https?://|Spectre v2 mitigation leaves|SMT vulnerab|MDS CPU bug|TAA CPU bug|Processor MMIO Stale Data',
    'kernel not compiled with (?:CPU_SRSO|MITIGATION_)',
    'EXT[234]-fs \\(|XFS \\([^)]*\\): WARNING|BTRFS warning',
    'uses deprecated v2 capabilities|uses wireless extensions|uses 32-bit capabilities',
    'is deprecated|are deprecated|has been deprecated|will be removed|no longer supported',
    '/(?:bin|sbin|lib|usr|etc)/\\S+: WARNING',
    'data leaks possible|mitigation (?:is|depends|selected)|unnecessary performance loss|depends on spectre_v2|does not support IBPB',
    '\\bBIOS\\b|bootloader|fix your firmware|kernel command line|exceeds cmdline size|violation of boot protocol|wrong/inconsistent modes',
    'module parameter|is experimental|polling idle and HT|PAE disabled|Forcing PAE|orc_unwind|same physical disk|quality tested using',
    'OF: overlay: WARNING: memory leak will occur|has been replaced by|SMP operation may be unreliable',
    'Falling back|WARNING: You are running an unsupported',
  ].join('|')})|^[^a-z]*[a-z].*WARNING:\\s*$`,
  // Some loggers echo the kernel's lines in capitals.
  'i',
);

/** Words that open reports of many kinds. Others stand with their kind. */
export const HEADLINES: readonly Headline[] = [
  { words: 'BUG:', harmless: /[a-z_]BUG:|xlog_status:|messages suppressed|^[^a-z]*[a-z].*BUG:\s*$/i },
  { words: 'WARNING:', harmless: WARNING_NOTICES },
  {
    words: 'INFO:',
    known: true,
    harmless:
      /lockdep is turned off|Stall ended before state dump start|NMI handler|took too long|recovery required on readonly|[a-z_]INFO:|^[^a-z]*[a-z].*INFO:\s*$/i,
  },
  { words: 'Unable to handle kernel' },
  {
    words: 'Kernel panic',
    harmless: /end Kernel panic|Kernel panic(?:_| timeout)|Rebooting after Kernel panic/,
  },
  { words: 'kernel BUG', harmless: /could indicate a kernel BUG/ },
  { words: 'Kernel BUG' },
];

/** Never a headline: lines of other programs in the kernel's log, and lines that quote a user's words. */
export const FOREIGN_LINE: RegExp =
  /^(?:[\w.-]+ )?[\w./@-]+\[\d+\]: |^ ?kernel:\[|^(?:audit|systemd|dracut|cloud-init|init|udevd|logger)\b.*?: |\bUnknown parameter '|\bBad value for '|^\s*(?:\/\/|#)|^-+\[ end /;

/** Lines of firmware. What it says in the same words as a kernel, and no kind knows, is no complaint of a kernel. */
export const FIRMWARE_LINE: RegExp =
  /^(?:\[\w+ *\] +)?(?:coreboot-\d|CBFS|FMAP: |BS: BS_|Starting depthcharge|U-Boot |NOTICE: +BL)/;

/** Each of those lines has one of these words. */
export const FIRMWARE_WORDS: readonly string[] = [
  ...['coreboot-', 'CBFS', 'FMAP: ', 'BS: BS_', 'Starting depthcharge', 'U-Boot ', 'NOTICE:'],
];

/** Messages that have a trace and are no complaint. A report without caller ids ends before them. */
export const INFORMATIVE_TRACES: readonly string[] = [
  'FAULT_INJECTION: forcing a failure',
  'vmalloc: allocation failure',
  'FAULT_FLAG_ALLOW_RETRY missing',
];

/** The console prints an interrupted line again: the copy before this notice is truncated. */
export const REPLAY_NOTICE = '** replaying previous printk message **';

/** What the syslog daemon broadcasts to all terminals, the console among them. */
export const BROADCAST: RegExp = /^ ?kernel:\S/;

/** Words of the kernel that look like a host and a program if a logger writes the time only. */
export const NOT_A_HOST: string = [
  'Unhandled fault|Internal error|divide error|invalid opcode|stack segment|[Aa]lignment trap|double fault|fatal error',
  'Hardware name|Call [Tt]race|(?:Krnl|User) (?:PSW|GPRS|Code)',
].join('|');

/** Words of the kernel that look like a program's name if a logger writes the host only. */
export const NOT_A_TAG: string =
  'BUG|WARNING|INFO|UBSAN|Oops|CPU|P[Ii][Dd]|Comm|[RE]?[IS]P|[RE][A-D]X|[RE][SD]I|R(?:BP|\\d\\d|FLAGS)|EFLAGS|ORIG_RAX|CR\\d|DR\\d|[DEFGS]S|NIP|LR|MSR|Code|Process|Stack|Call|Backtrace|Modules|Hardware|Workqueue|Kernel|Unable|Internal|general|Read|Write|Allocated|Freed|The|Memory|Tainted|NMI|Sending|task';
