// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { bakeOverlay, makeKeys } from '../image/index.ts';
import { DEFAULT_LIMITS, type Limits } from '../model/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { bootMachine } from './index.ts';
import type { QemuMachine } from './qemu-machine.ts';

t.setTimeout(30 * 60_000);

const BOOT_MS = 300_000;
const STEP_MS = 60_000;
const MIB = 1024 * 1024;

const lab = await openTestLab();

interface Undo {
  teardown(undo: () => Promise<void>): void;
}

async function boot(
  t: Undo,
  options: { readonly network?: boolean; readonly limits?: Limits; readonly before?: string } = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-confined-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'console.log'), options.before ?? '');
  const keys = makeKeys();
  const overlayPath = join(directory, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, kernel: lab.kernel });
  const { limits = DEFAULT_LIMITS, network = false } = options;
  const machine = await bootMachine(
    {
      name: 'test',
      arch: lab.kernel.arch,
      directory,
      bootImage: lab.kernel.bootImage,
      rootPath: lab.image.rootPath,
      overlayPath,
      cpus: 2,
      memoryMib: 512,
      kernelArgs: [],
      network,
      accelerator: { kind: 'tcg', reason: 'the same in every test run' },
      keys,
    },
    { limits },
  );
  t.teardown(() => machine[Symbol.asyncDispose]());
  return { machine, directory };
}

/** The devices of a machine, as QEMU lists them. */
async function listDevices(machine: QemuMachine): Promise<string[]> {
  const command = { 'command-line': 'info qtree' };
  const tree = String(await machine.monitor().execute('human-monitor-command', command));
  return [...tree.matchAll(/dev: ([\w-]+)/g)].map((match) => match[1] ?? '').sort();
}

t.test('QEMU runs a machine in a sandbox, with the devices that it needs and no network', async (t) => {
  const { machine, directory } = await boot(t);
  const guest = await machine.connect(BOOT_MS);
  const status = await readFile(`/proc/${machine.pid}/status`, 'utf8');
  t.match(status, /^Seccomp:\s+2$/m, 'system calls are filtered');
  t.match(status, /^NoNewPrivs:\s+1$/m);
  t.match(status, /^CapEff:\s+0+$/m);
  if (process.getuid?.() === 0) t.match(status, /^Uid:\s+65521\s/m, 'root has become another user');
  t.strictSame(await listDevices(machine), [
    // Of a q35 board.
    ...['ICH9-LPC', 'fw_cfg_io', 'hpet', 'i8042', 'i8257', 'i8257', 'ioapic', 'isa-i8259', 'isa-i8259'],
    ...['isa-pcspk', 'isa-pit', 'isa-serial', 'kvmvapic', 'mc146818rtc', 'mch', 'port92'],
    ...['ps2-kbd', 'ps2-mouse', 'pvpanic', 'q35-pcihost'],
    ...['virtio-blk-device', 'virtio-blk-device', 'virtio-blk-pci', 'virtio-blk-pci'],
    ...['virtio-rng-device', 'virtio-rng-pci', 'virtio-serial-device', 'virtio-serial-pci'],
    ...['virtserialport', 'virtserialport'],
  ]);
  t.match(await guest.run('cat /proc/net/dev | grep -c :', { timeoutMs: STEP_MS }), { stdout: '1\n' });
  const [mine, its] = await Promise.all(
    ['self', machine.pid].map((pid) => readFile(`/proc/${pid}/net/dev`, 'utf8')),
  );
  t.not(mine, its, 'its QEMU has a network namespace of its own');
  t.match(machine.confinement, /namespaces; no network card$/);
  for (const path of [machine.sockets, dirname(machine.sockets)])
    t.equal((await stat(path)).mode & 0o777, 0o700, path);
  for (const name of ['console.log', 'overlay.squashfs', 'qemu.log'])
    t.equal((await stat(join(directory, name))).mode & 0o007, 0, `${name} is closed to others`);
  t.equal(await readFile(join(directory, 'qemu.log'), 'utf8'), '', 'QEMU complains about nothing');
});

t.test('a machine that asks for a network card has one, in a network with nobody else', async (t) => {
  const { machine } = await boot(t, { network: true });
  const guest = await machine.connect(BOOT_MS);
  t.match(await guest.run('ifconfig eth0; route -n', { timeoutMs: STEP_MS }), { stdout: /10\.0\.2\.15/ });
  t.match(await guest.run('nc -w 5 10.0.2.2 22 </dev/null', { timeoutMs: STEP_MS }), { exitCode: 1 });
  t.ok((await listDevices(machine)).includes('virtio-net-pci'));
  t.match(machine.confinement, /a network card$/);
  t.equal(await machine.probeGuest(STEP_MS), 'answered');
});

t.test('a guest that floods its console is stopped at the limit, and what came before is kept', async (t) => {
  // Most of it is there before, as the template's console is in a clone's: the serial line takes ten kilobytes a second.
  const before = `${'.'.repeat(MIB - 80 * 1024)}\n`;
  const { machine } = await boot(t, { limits: { ...DEFAULT_LIMITS, 'console-mib': 1 }, before });
  let heard = 0;
  machine.onConsole((chunk) => {
    heard += chunk.length;
  });
  const guest = await machine.connect(BOOT_MS);
  await guest.run('echo "<1>the last true word" >/dev/kmsg', { timeoutMs: STEP_MS });
  const noise = String.raw`while :; do printf 'ok 1 - all good\nBail out!\n\033[2J\rhidden\342\202\000%01000d' 7; done >/dev/console`;
  await t.rejects(guest.run(noise, { timeoutMs: 10 * STEP_MS }), { code: 'GUEST_CONNECTION_LOST' });
  t.match(await machine.ended, { reason: 'consoleFull', detail: /cut after 1 MiB/ });
  t.equal(heard, MIB, 'what is passed on ends at the limit');
  const { size } = await stat(machine.consolePath);
  t.ok(size >= MIB && size <= 2 * MIB, `the file has ${size} bytes`);
  t.match(await readFile(machine.consolePath, 'latin1'), /\] the last true word\r?\n/);
});

t.test('QEMU has limits that leave it a quarter of its own address space', async (t) => {
  const { machine } = await boot(t);
  const limits = await readFile(`/proc/${machine.pid}/limits`, 'utf8');
  t.match(limits, new RegExp(`^Max address space +${(512 + 4096) * MIB} `, 'm'));
  t.match(limits, new RegExp(`^Max file size +${65 * MIB} `, 'm'));
  const peak = /^VmPeak:\s+(\d+) kB/m.exec(await readFile(`/proc/${machine.pid}/status`, 'utf8'))?.[1];
  t.ok(Number(peak) * 1024 < (512 + 3072) * MIB, `a quarter of it is left: ${peak} kB`);
});
