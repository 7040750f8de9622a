// SPDX-License-Identifier: MIT
import t from 'tap';
import { OOPS_LINES, stampLines, syslogLines, WARNING_LINES } from '../testing/index.ts';
import { createScanner, scanLog } from './index.ts';

/** Logs as they come: syslog files, loggers' time stamps, firmware in front of the kernel, several boots. */

const WARNING = 'WARNING in badger_put';
const OOPS = 'BUG: unable to handle kernel NULL pointer dereference in stoat_poll';
const titlesOf = (log: string) => scanLog(Buffer.from(log, 'latin1')).map((splat) => splat.title);
const lines = stampLines(11, WARNING_LINES).trimEnd().split('\n');
const withoutStamp = (line: string) => line.replace(/^\[.*?\] /, '');

const FORMS: Readonly<Record<string, (line: string) => string>> = {
  'syslog, RFC 3164': (line) => `Nov  3 03:40:40 warren kernel: ${line}`,
  'syslog with a year': (line) => `Nov 23 2023 03:40:40 warren kernel: ${line}`,
  'syslog with microseconds': (line) => `Nov 23 03:40:40.123456 warren kernel: ${line}`,
  'syslog with a priority': (line) => `<4>Nov 23 03:40:40 warren kernel: ${line}`,
  'syslog, RFC 5424': (line) => `<4>1 2023-11-23T03:40:40.123Z warren kernel - - - ${line}`,
  'syslog, ISO time': (line) => `2023-11-23T03:40:40.123456+01:00 warren kernel: ${line}`,
  'syslog, date and blank': (line) => `2023-11-23 03:40:40 warren kernel: ${line}`,
  'syslog from an address': (line) => `Nov 23 03:40:40 192.0.2.7 kernel: ${line}`,
  'journal, no kernel stamp': (line) => `Nov 23 03:40:40 warren kernel: ${withoutStamp(line)}`,
  'journal, ISO time': (line) => `2023-11-23T03:40:40+0100 warren kernel: ${withoutStamp(line)}`,
  'journal, monotonic time': (line) => line.replace(/\] /, '] warren kernel: '),
  'dmesg, ISO time': (line) => `2023-11-23T03:40:40,123456+01:00 ${withoutStamp(line)}`,
  'dmesg, wall clock': (line) => `[Thu Nov 23 03:40:40 2023] ${withoutStamp(line)}`,
  'dmesg, decoded level': (line) => `kern  :warn  : ${line}`,
  'dmesg, raw': (line) => `<4>${line}`,
  'container log': (line) => `2023-11-23T03:40:40.123456789Z ${line}`,
  'log of a laboratory': (line) => `[2023-11-23 03:40:40.123] ${line}`,
  'clock only': (line) => `00:01:23.456 ${line}`,
  'dmesg, seconds since the line before': (line) => `[<    0.000001>] ${withoutStamp(line)}`,
  'dmesg, both': (line) => line.replace('] ', ' <    0.000001>] '),
  'dmesg, for reading': (line) => `[  +0.000001] ${withoutStamp(line)}`,
  'dmesg, for reading, a minute begins': (line) => `[Nov23 03:40] ${withoutStamp(line)}`,
  'a record of /dev/kmsg': (line) => `4,123,11000345,-;${withoutStamp(line)}`,
  'a record with its caller': (line) => `4,123,11000345,c,caller=T77;${withoutStamp(line)}`,
  'a journal as JSON': (line) => JSON.stringify({ _TRANSPORT: 'kernel', MESSAGE: withoutStamp(line) }),
  'a laboratory, JSON in YAML': (line) =>
    `- {"dt": "2023-11-23T03:40:40.123456", "lvl": "target", "msg": "${line}"}`,
  'syslog of a router': (line) => `Thu Nov 23 03:40:40 2023 kern.warn kernel: ${line}`,
  'syslog of a small system': (line) => `Nov 23 03:40:40 warren kern.warn kernel: ${line}`,
  'logcat, no kernel stamp': (line) => `11-23 03:40:40.123     0     0 W         : ${withoutStamp(line)}`,
  'logcat with users': (line) => `11-23 03:40:40.123  root     0     0 W KERNEL  : ${line}`,
  'a telephone, processor and task': (line) => line.replace('] ', ']  [1:        swapper/0:    1] '),
  'a telephone, processor in parentheses': (line) => line.replace('] ', '] (1)[77:badgerd]'),
  'a telephone, the caller by name': (line) => line.replace('] ', '][T1400077] badgerd: '),
  'a telephone, a word for the processor': (line) => line.replace('] ', '] c1     77 (badgerd) '),
  'a quotation in a mail': (line) => `> ${line}`,
  'a quotation without stamps': (line) => `> > ${withoutStamp(line)}`,
  'set in': (line) => `    ${line}`,
  'set in by a tab, no stamp': (line) => `\t${withoutStamp(line)}`,
  'numbered lines': (line) => `12: ${line}`,
  'numbered lines of a file': (line) => `dmesg.txt:12:${line}`,
  'a guest of Xen': (line) => `(d1) ${line}`,
  'broadcast to all terminals': (line) => ` kernel:${line}`,
  'the runner of a forge': (line) => `test\tRun kernel\t2023-11-23T03:40:40.1234567Z ${line}`,
  "a container's JSON": (line) =>
    `{"log":"${line}\\r\\n","stream":"stdout","time":"2023-11-23T03:40:40.123Z"}`,
  'a test runner’s log': (line) => `2023-11-23 03:40:40,123 manager  L0123 DEBUG| [stdout] ${line}`,
  'two stamps': (line) => `[     0.123] ${line}`,
  'carriage returns': (line) => `${line}\r`,
  'a progress bar before it': (line) => `loading 100%\r${line}`,
};

for (const [name, form] of Object.entries(FORMS))
  t.test(`a warning is read in this form: ${name}`, async (t) => {
    const [splat, ...others] = scanLog(`${lines.map(form).join('\n')}\n`);
    t.equal(splat?.title, WARNING);
    t.equal(splat?.comm, 'badgerd');
    t.equal(splat?.corrupted, false, splat?.corruptedReason ?? '');
    t.ok((splat?.traces.flatMap((trace) => trace.frames).length ?? 0) > 1, 'its trace is read');
    t.equal(splat?.start, 0, 'the lines before the headline belong to it');
    t.strictSame(others, []);
  });

t.test('words that only the headline has do not hide the prefix of all lines', async (t) => {
  const lockup = OOPS_LINES.map((line, index) =>
    index === 0 ? 'watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [stoatd:301]' : line,
  );
  const [plain] = scanLog(lockup.join('\n'));
  t.not(plain?.culprit, null);
  for (const front of ['> ', 'dmesg.txt:12:', 'kern.alert: ', '12: ']) {
    const [splat] = scanLog(lockup.map((line) => `${front}${line}`).join('\n'));
    t.equal(splat?.title, plain?.title, front);
  }
});

t.test('the mark of UTF-8 at the beginning is not part of the first line', async (t) => {
  t.strictSame(titlesOf(`\xef\xbb\xbf${stampLines(26, OOPS_LINES)}`), [OOPS]);
});

t.test(
  'a stamp far behind the start of a long line teaches nothing, however the log comes in pieces',
  async (t) => {
    for (const length of [600, 20_000]) {
      const log = `${'x'.repeat(length)} [   11.000001] UBSAN: y\n${WARNING_LINES.map((line) => `x ${line}`).join('\n')}\n`;
      const scanner = createScanner();
      for (let at = 0; at < log.length; at += 1000) scanner.push(log.slice(at, at + 1000));
      t.strictSame(scanner.end(), scanLog(log), `${length}`);
    }
  },
);

t.test('what only looks like the stamp of another form is not taken off', async (t) => {
  const broadcast = ` kernel:${OOPS_LINES[0]}`;
  const log = `${stampLines(3, ['Linux version 6.1.0'])}${broadcast}\n kernel:[   11.000000] ${OOPS_LINES[0]}\n`;
  t.strictSame(titlesOf(log), [], 'the broadcast of a line beside the line itself');
});

t.test('two words of the kernel behind a time are not the name of a host and a program', async (t) => {
  for (const words of [
    'Unhandled fault: page domain fault (0x81b) at 0x00001044',
    'Internal error: Oops: 96000004 [#1] SMP',
    'divide error: 0000 [#1] SMP',
    'invalid opcode: 0000 [#1] SMP',
    'stack segment: 0000 [#1] SMP',
    'Alignment trap: not handling instruction e1913f9f at [<8010c3f4>]',
  ])
    t.equal(titlesOf(`2023-11-23T03:40:40.123Z ${words}\n`).length, 1, words);
});

t.test("other programs' lines in a syslog file do not count", async (t) => {
  for (const log of [
    syslogLines('openvpn[1118]', 'WARNING: No server certificate verification method has been enabled.\n'),
    syslogLines('watchd', 'BUG: soft lockup - CPU#1 stuck for 22s! [x:1]\n'),
    '2023-11-23T03:40:40.1+00:00 warren snapd[7]: panic: runtime error\n',
    '2023-11-23 03:40:40 warren daemon[7]: WARNING: at fs/x.c:1 f+0x1/0x2\n',
    '<11>1 2023-11-23T03:40:40Z warren app 12 - - BUG: unable to handle kernel NULL pointer dereference\n',
  ])
    t.strictSame(titlesOf(log), [], log);
});

t.test('lines of other programs between those of a report do no harm', async (t) => {
  const kernel = syslogLines('kernel', stampLines(11, WARNING_LINES)).split(/(?<=\n)/);
  const log = kernel.map((line) => `${line}${syslogLines('crond[3]', 'INFO: job ran\n')}`).join('');
  const [splat, ...others] = scanLog(log);
  t.equal(splat?.title, WARNING);
  t.equal(splat?.corrupted, false);
  t.strictSame(others, []);
});

const FIRMWARE: Readonly<Record<string, string>> = {
  SeaBIOS: 'SeaBIOS (version 1.16.2)\r\nWARNING - Unable to allocate resource!\r\nBooting from ROM...\r\n',
  coreboot:
    'coreboot-4.22 bootblock starting...\n[INFO ]  Timestamp: 881\nWARNING: RO_VPD is uninitialized or empty.\nINFO:    [DEVAPC] init done\nERROR: no option table\n[DEBUG]  BS: 12\nBUG: device_path requests hidden 00:1f.1\n',
  'trusted firmware':
    'NOTICE:  BL1: v2.9\nWARNING: BL31: OP-TEE image is missing\nERROR:   Error initializing runtime service\nINFO:    Entry point address = 0x80000000\n',
  'OP-TEE': 'E/TC:0 0 Panic at core/boot.c:12\nI/TC: WARNING: This configuration might be insecure!\n',
  'U-Boot':
    'U-Boot 2024.01\nWARNING: Unable to find the console node\n*** Warning - bad CRC, using default environment\nHit any key: 3 \b\b\b 2 \b\b\b 1\nStarting kernel ...\n\n',
  GRUB: 'Welcome to GRUB!\nerror: out of memory.\nWARNING: no console will be available to OS\nLoading Linux ...\n',
  EDK2: 'UEFI firmware (version 2023.11)\nWARNING: TPM is not found\nINFO: got memory map\nASSERT!: panic: none\nEFI stub: WARNING: Failed to read DTB\n',
  OpenSBI: 'OpenSBI v1.3\nWARNING: platform quirk enabled\npanic: none\n',
  decompressor: 'Decompressing Linux... Parsing ELF... done.\nBooting the kernel.\n',
  'a hypervisor': '(XEN) WARNING: SPECULATIVE EXECUTION\n(XEN) BUG: none\n',
};
const BOOT = stampLines(0, ['Linux version 6.1.0 (builder@lab) #1 SMP', 'Command line: x', 'Memory: 1 GiB']);

for (const [name, text] of Object.entries({ ...FIRMWARE, 'all of them': Object.values(FIRMWARE).join('') }))
  t.test(`the words of ${name} are no complaint of the kernel, and what comes after is found`, async (t) => {
    t.strictSame(titlesOf(text + BOOT), []);
    const dated = (log: string) => log.replace(/^/gm, '2023-11-23T03:40:40.123Z ');
    t.strictSame(titlesOf(dated(text + BOOT)), [], 'behind the time stamps of a logger too');
    const whole = text + BOOT + stampLines(5, WARNING_LINES, 'T77') + stampLines(26, OOPS_LINES, 'T301');
    t.strictSame(titlesOf(whole), [WARNING, OOPS]);
  });

t.test(
  'nor are they where the kernel puts no stamps on its lines, at the first boot and at a later one',
  async (t) => {
    const kernel = [
      'Booting Linux on physical CPU 0x0',
      'Linux version 6.1.0 (builder@lab) #1',
      'Memory: 1 GiB',
      '',
    ].join('\n');
    const own = 'WARNING: pond is nearly dry\n';
    for (const [name, text] of Object.entries(FIRMWARE)) {
      t.strictSame(titlesOf(text + kernel), [], name);
      t.strictSame(
        titlesOf(`${text}${kernel}${own}reboot: Restarting system\n${text}${kernel}`),
        [own.trim()],
        name,
      );
      const crashed = `${text}${kernel}${OOPS_LINES.join('\n')}\n`;
      t.strictSame(titlesOf(`${crashed}${text}${kernel}${own}`), [OOPS, own.trim()], name);
    }
    t.strictSame(
      titlesOf(`${own}reboot: Restarting system\n${kernel}`),
      [own.trim()],
      'a log that begins while a kernel runs',
    );
  },
);

t.test('many boots and many splats in one log are all found, none twice', async (t) => {
  const parts: string[] = [];
  const expected: string[] = [];
  for (let boot = 0; boot < 7; boot += 1) {
    parts.push(FIRMWARE.SeaBIOS ?? '', BOOT, stampLines(5, WARNING_LINES), stampLines(20, OOPS_LINES));
    expected.push(WARNING, OOPS);
  }
  const splats = scanLog(parts.join(''));
  t.strictSame(
    splats.map((splat) => splat.title),
    expected,
  );
  t.ok(
    splats.every((splat) => splat.follows === null),
    'none follows from one of another boot',
  );
  t.strictSame(
    splats.map((splat) => splat.panicked),
    expected.map((title) => title === OOPS),
  );
});

t.test('a line of ten megabytes, and what stands before and after it', async (t) => {
  const before = stampLines(5, WARNING_LINES, 'T7');
  const scanner = createScanner();
  scanner.push(before);
  for (let part = 0; part < 10; part += 1) scanner.push(Buffer.alloc(1_000_000, part === 3 ? 0 : 0x41));
  scanner.push(`\n${stampLines(900, OOPS_LINES, 'T8')}`);
  const splats = scanner.end();
  t.strictSame(
    splats.map((splat) => [splat.title, splat.start]),
    [
      [WARNING, 0],
      [OOPS, before.length + 10_000_001],
    ],
  );
});
