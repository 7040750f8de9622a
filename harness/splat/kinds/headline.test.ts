// SPDX-License-Identifier: MIT
import t from 'tap';
import { aLog } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Kernel lines that hold the words of a headline and complain of nothing, or not of the kernel. */
const HARMLESS_LINES: Readonly<Record<string, readonly string[]>> = {
  'programs that trap': [
    'traps: probe[42] general protection fault ip:401136 sp:7ffc0a1b2c30 error:0 in probe[401000+1000]',
    'traps: probe[42] general protection ip:401136 sp:7ffc0a1b2c30 error:0',
    'traps: probe[42] trap divide error ip:401136 sp:7ffc0a1b2c30 error:0 in probe[401000+1000]',
    'traps: probe[42] trap invalid opcode ip:401136 sp:7ffc0a1b2c30 error:0 in probe[401000+1000]',
    'traps: probe[42] trap int3 ip:401136 sp:7ffc0a1b2c30 error:0 in probe[401000+1000]',
    'traps: probe[42] trap stack segment ip:401136 sp:7ffc0a1b2c30 error:0 in probe[401000+1000]',
    'probe[42] general protection fault ip:401136 sp:7ffc0a1b2c30 error:0 in libc.so.6[7f1e3c000000+1c5000]',
    'probe[42]: segfault at 8 ip 0000000000401136 sp 00007ffc0a1b2c30 error 4 in probe[401000+1000]',
    'Code: 48 89 e5 41 57 41 56 <48> 8b 07 48 c1 e8 03 80 3c 02 00 75 42',
    'probe (42): undefined instruction: pc=000000007b3c1f52 (0x0)',
    'Alignment trap: probe (42) PC=0x00010438 Instr=0xe5912000 Address=0x00020039 FSR 0x001',
  ],
  'words that end in those of a headline': [
    'ODEBUG: selftest passed',
    'pond: DEBUG: water level 7',
    '[DEBUG] pond: water level 7',
    'Boot_DEBUG: stage 2',
    'CAM_INFO: pond: probe: 42',
    'rmt_storage:INFO:rmt_storage_open_cb: opened',
    'BPF: INVALID BTF_INFO::0',
    'pond_panic: 0 in 7 days',
    'modem xlog_status: BUG: 0 panic:1',
    'evtlog_status: enable:1, panic:1, dump:0',
    'ddb.onpanic: 0',
  ],
  'notices of every boot': [
    'WARNING: The mand mount option has been deprecated and',
    'WARNING: The mand mount opt',
    'Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!',
    'RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!',
    'Speculative Return Stack Overflow: WARNING: See https://kernel.org/doc/html/latest/admin-guide/hw-vuln/srso.html for mitigation options.',
    'Speculative Return Stack Overflow: WARNING: kernel not compiled with MITIGATION_SRSO.',
    'Speculative Return Stack Overflow: WARNING: kernel not compiled with CPU_SRSO.',
    'fbcon: WARNING: missed to adjust virtual screen size (640x480 vs. 0x0)',
    'WARNING: workqueue cpumask: online intersect > possible intersect',
    "process 'probe' launched '/dev/fd/3' with NULL argv: empty string added",
    "warning: process `probe' used the deprecated sysctl system call with 1.",
    "capability: warning: `probe' uses deprecated v2 capabilities in a way that may be insecure",
    "warning: `probe' uses wireless extensions which will stop working for Wi-Fi 7 hardware; use nl80211",
    "WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 64MB of RAM.",
    'pstore: Using crash dump compression: deflate',
    'Kernel command line: root=/dev/vda console=ttyS0 panic=86400 oops=panic nmi_watchdog=panic',
    'kmemleak: Kernel memory leak detector initialized (mem pool available: 15689)',
    'NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.',
    'Rebooting after Kernel panic in 10 seconds',
    'Spectre V2 : WARNING: IBRS mitigation selected on Enhanced IBRS CPU, this may cause unnecessary performance loss',
    'ITS: WARNING: ITS mitigation depends on retpoline and rethunk support',
    'WARNING: Outdated ThinkPad BIOS/EC firmware',
    'CPU: WARNING: CPU(s) started in wrong/inconsistent modes (primary CPU mode 0x5)',
    'OF: overlay: WARNING: memory leak will occur if overlay removed, property: /pond/depth',
    "WARNING: 'bootconfig' found on the kernel command line but CONFIG_BOOT_CONFIG is not set.",
    'process: WARNING: polling idle and HT enabled, performance may degrade',
    'BUG: Bad page state: 12 messages suppressed',
    'BUG: Bad page map: 12 messages suppressed',
  ],
  'drivers that lack words': [
    'cx88/0: Oops: no 32bit PCI DMA ???',
    'Oops, got 8254 interrupt.',
    'printk: legacy console [pstore]: MTD Oops/Panic console logger/driver',
    'pond eth0: Internal error: net_device is NULL, ch = 0x0',
    'pond: OS panic: 7',
    'pond: out of memory!',
    'pond: out of memory, event not handled',
    'Got NMI, but nobody cared. Ignoring...',
    'AEN: INFO: AEN queue overflow.',
    'FULL VERSION SOFTWARE INFO: 7',
  ],
  'traces that are no complaint': [
    'FAULT_INJECTION: forcing a failure.',
    'vmalloc: allocation failure: 1048576 bytes, mode:0xcc0(GFP_KERNEL), nodemask=(null)',
    'FAULT_FLAG_ALLOW_RETRY missing 70',
  ],
  'file systems': [
    'XFS (loop4): WARNING: Reset corrupted AGFL on AG 0. 4 blocks leaked. Please unmount and run xfs_repair.',
    'EXT4-fs (loop2): WARNING: mounting fs with errors, running e2fsck is recommended',
    'EXT4-fs warning (device loop2): ext4_update_dynamic_rev:1084: updating to rev 1 because of new feature flag',
    'EXT4-fs (sda1): INFO: recovery required on readonly filesystem',
    "hfsplus: Unknown parameter 'Decompressing Linux... Parsing ELF... done.",
    "9pnet: Unknown parameter 'BUG: pond'",
    "tmpfs: Bad value for 'Kernel panic - not syncing: pond'",
  ],
  'the kernel about itself': [
    'Kernel panic_on_oops is set',
    'INFO: lockdep is turned off.',
    'INFO: Stall ended before state dump start',
    'rcu: INFO: Stall ended before state dump start',
    'INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 1.467 msecs',
    'perf: interrupt took too long (2513 > 2500), lowering kernel.perf_event_max_sample_rate to 79500',
    'NOHZ tick-stop error: local softirq work is pending, handler #08!!!',
    'BUG UNIX (Not tainted): kasan: bad access detected',
    'hda: ALSA fatal error: out of beer',
    'WARNING: /etc/ssh/moduli does not exist, using fixed modulus',
    '/usr/lib/pond.so: WARNING: unsupported DT_FLAGS_1 value(s) 0x8000000 in DT_FLAGS_1.',
  ],
  'other programs in the kernel log': [
    'systemd[1]: pond.service: WARNING: cannot read /etc/pond',
    'pond-daemon[812]: BUG: water level unknown',
    'udevd[200]: INFO: task list rebuilt',
    'dracut: WARNING: no root device',
    'audit: type=1400 msg="BUG: pond"',
  ],
};

for (const [what, lines] of Object.entries(HARMLESS_LINES))
  t.test(`${what}: quiet`, async (t) => {
    for (const line of lines)
      for (const log of [
        aLog([line]),
        aLog([line], { caller: 'T42' }),
        aLog([line], { front: '<4>' }),
        aLog([line], { front: 'Nov 23 03:40:40 pond kernel: ' }),
        aLog([line], { front: 'Nov 23 03:40:40 pond kernel: ', seconds: null }),
      ])
        t.strictSame(
          scanLog(log).map((splat) => splat.title),
          [],
          line,
        );
  });

t.test('firmware, boot loaders and programs say what they like before and beside the kernel', async (t) => {
  const log = [
    'NOTICE:  BL31: v2.8(release):v2.8-0-g9881bb93a',
    'INFO:    BL31: Initializing runtime services',
    'WARNING: BL31: pond is not calibrated',
    'INFO:    [DEVAPC] (INFRA)DAPC DONE',
    'WARNING: RO_VPD is uninitialized or empty.',
    '[DEBUG]  CBFS: Found fallback/pond',
    '[WARN ]  BUG: pond is not set',
    'ERROR:   pond',
    'U-Boot 2023.01 (Jan 01 2023)',
    'Decompressing Linux... done, booting the kernel.',
    'Booting the kernel.',
    aLog(['Linux version 6.12.0 (a@b) #1 SMP', 'Command line: console=ttyS0'], { seconds: 0 }),
    aLog(['pond: 1 found'], { seconds: 3 }),
    'Starting sshd: WARNING: /etc/ssh/ponds does not exist',
    'executing program 0: BUG: none',
    'pond login: ',
  ].join('\n');
  t.strictSame(scanLog(log), []);
});

t.test('syslog lines of other programs are not the kernel', async (t) => {
  const log = [
    'Nov 23 03:40:40 pond openvpn[1118]: WARNING: file is group or others accessible',
    'Nov 23 03:40:41 pond pondd[77]: BUG: water at /dev/null',
    'Nov 23 03:40:41 pond gdm-x-session[900]: (II) INFO: task 7 blocked for more than 120 seconds',
    'Nov 23 03:40:42 pond dockerd[801]: panic: runtime error: index out of range',
    '2025-11-23T03:40:43.120001+01:00 pond rngd: Kernel panic - not syncing: a joke',
    'Nov 23 03:40:44 pond kernel: [   10.120000] eth0: link up',
  ].join('\n');
  t.strictSame(scanLog(log), []);
});

t.test('a device driver that warns is heard', async (t) => {
  const [splat] = scanLog(aLog(['usb 5-1: WARNING: ath10k: firmware 7 is older than the pond']));
  t.equal(splat?.title, 'WARNING: ath10k: firmware NUM is older than the pond');
});

t.test('a warning with a place in the source is heard, whatever words stand in it', async (t) => {
  for (const line of [
    'WARNING: CPU: 1 PID: 42 at drivers/pond/bootloader.c:77 pond_poll+0x1a/0x30',
    'WARNING: [mitigation is off] drivers/pond/pond.c:77 at pond_poll+0x1a/0x30, CPU#1: probe/42',
  ])
    t.match(scanLog(aLog([line]))[0]?.title, /^WARNING in /);
});

t.test('the truncated copy of a line that the console prints again is ignored', async (t) => {
  const splats = scanLog(
    [
      '[  100.000000] INFO: t',
      '** replaying previous printk message **',
      '[  100.000000] INFO: task probe:42 blocked for more than 143 seconds.',
      '[  100.000100] Call Trace:',
      '[  100.000200]  schedule+0x10/0x20',
      '[  100.000300]  pond_flush+0x10/0x20',
      '[  100.000400]  vfs_read+0x10/0x20',
    ].join('\n'),
  );
  t.strictSame(
    splats.map((splat) => [splat.title, splat.corrupted]),
    [['INFO: task hung in pond_flush', false]],
  );
});

t.test('what stands before the stamp does not hide a headline', async (t) => {
  for (const prefix of [
    '',
    '** 2499 printk messages dropped ** ',
    'pond login: ',
    '<4>',
    'Nov 23 03:40:40 pond kernel: ',
    '2025-11-23T03:40:43.120001+01:00 pond kernel: ',
    '2025-11-23T03:40:43.120001Z ',
    '\u001b[?25l',
  ])
    t.equal(
      scanLog(`${prefix}[   16.301234] BUG: workqueue lockup - pool cpus=1 node=0 stuck for 143s!\n`)[0]
        ?.title,
      'BUG: workqueue lockup',
      prefix,
    );
});
