// SPDX-License-Identifier: MIT

/** A seeded generator, so that every run reads the same bytes. */
function makeDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const QUIET_LINES = [
  'usb 1-1: new high-speed USB device number 4 using xhci_hcd',
  'EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.',
  'audit: type=1400 audit(1750384805.360:363): avc:  denied  { read } for  pid=91 comm="syslogd" name="log"',
  'e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX',
  'systemd[1]: Started Journal Service.',
  'pci 0000:00:1f.2: [8086:2922] type 00 class 0x010601',
  'random: crng init done',
  'device-mapper: ioctl: 4.43.0-ioctl initialised: dm-devel@lists.example.org',
];

function quietLine(dice: () => number, seconds: number): string {
  const text = QUIET_LINES[Math.floor(dice() * QUIET_LINES.length)] ?? '';
  const task = 1 + Math.floor(dice() * 400);
  return `[${seconds.toFixed(6).padStart(12)}][${`T${task}`.padStart(6)}] ${text}\n`;
}

/** A complaint in the form of KASAN's, about 8 KiB long. */
function reportLines(dice: () => number, seconds: number): string {
  const task = 1 + Math.floor(dice() * 4000);
  const prefix = `[${seconds.toFixed(6).padStart(12)}][${`T${task}`.padStart(6)}] `;
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(dice() * 16).toString(16)).join('');
  const frames = (count: number) =>
    Array.from(
      { length: count },
      (_, index) =>
        ` ${index % 4 === 3 ? '? ' : ''}function_${Math.floor(dice() * 500)}+0x${hex(2)}/0x1${hex(2)}`,
    );
  const lines = [
    '='.repeat(66),
    `BUG: KASAN: use-after-free in function_${Math.floor(dice() * 500)}+0x${hex(2)}/0x1${hex(2)}`,
    `Read of size 8 at addr ffff8881${hex(8)} by task worker/${task}`,
    '',
    `CPU: 1 PID: ${task} Comm: worker Not tainted 6.12.0 #1`,
    'Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014',
    'Call Trace:',
    ...frames(30),
    `RIP: 0033:0x7f${hex(10)}`,
    `RAX: ${hex(16)} RBX: ${hex(16)} RCX: ${hex(16)}`,
    '',
    `Allocated by task ${task}:`,
    ...frames(20),
    '',
    `Freed by task ${task}:`,
    ...frames(20),
    '',
    'Memory state around the buggy address:',
    ` ffff8881${hex(8)}: 00 00 00 00 fc fc fc fc 00 00 00 00 fc fc fc fc`,
    '='.repeat(66),
  ];
  return lines.map((line) => `${prefix}${line}\n`).join('');
}

/** A log of about the given size; of each 16 KiB, `share` are reports. */
export function makeLog(bytes: number, share: number): Buffer {
  const dice = makeDice(7);
  const parts: string[] = [];
  let length = 0;
  let reported = 0;
  for (let seconds = 5; length < bytes; seconds += 0.01) {
    const part = reported < length * share ? reportLines(dice, seconds) : quietLine(dice, seconds);
    if (part.length > 1000) reported += part.length;
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join(''), 'latin1');
}
