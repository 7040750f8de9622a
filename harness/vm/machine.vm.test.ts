// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { bakeImage, bakeOverlay, makeKeys } from '../image/index.ts';
import type { Guest } from '../model/index.ts';
import { PROJECT_ROOT, printUntil, TEST_CACHE, testKernel } from '../testing/index.ts';
import { tryBoot } from './accelerator.ts';
import { bootMachine, type MachineSpec, type QemuMachine } from './index.ts';

// A debug kernel under emulation, on a computer that has other things to do.
t.setTimeout(30 * 60_000);

const BOOT_MS = 300_000;
const STEP_MS = 60_000;

interface Undo {
  teardown(undo: () => Promise<void>): void;
}

const kernel = await testKernel();
const image = await bakeImage(join(PROJECT_ROOT, 'images/guest.yaml'), { cacheDirectory: TEST_CACHE });

async function specify(t: Undo, change: Partial<MachineSpec> = {}): Promise<MachineSpec> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-machine-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const keys = makeKeys();
  const overlayPath = join(directory, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, modulesDirectory: kernel.modules });
  return {
    name: 'test',
    directory,
    bootImage: kernel.bootImage,
    rootPath: image.rootPath,
    overlayPath,
    cpus: 2,
    memoryMib: 768,
    kernelArgs: [],
    accelerator: { kind: 'tcg', reason: 'tests shall be the same everywhere' },
    keys,
    ...change,
  };
}

async function boot(
  t: Undo,
): Promise<{ readonly machine: QemuMachine; readonly guest: Guest; readonly heard: () => string }> {
  const machine = await bootMachine(await specify(t));
  t.teardown(() => machine[Symbol.asyncDispose]());
  let heard = '';
  machine.onConsole((chunk) => {
    heard += Buffer.from(chunk).toString('latin1');
  });
  return { machine, guest: await machine.connect(BOOT_MS), heard: () => heard };
}

t.test(
  'a guest runs commands, and its kernel’s panic ends the machine with the last words on disk',
  async (t) => {
    const { machine, guest, heard } = await boot(t);
    const run = (command: string, options: { stdin?: string; env?: Record<string, string> } = {}) =>
      guest.run(command, { timeoutMs: STEP_MS, ...options });

    t.match(await run('uname -sm; echo oh >&2; exit 3'), {
      exitCode: 3,
      signal: null,
      stdout: 'Linux x86_64\n',
      stderr: 'oh\n',
      timedOut: false,
    });
    t.match(await run('kill -SEGV $$'), { exitCode: null, signal: 'SEGV' }, 'a signal is told as one');
    t.match(await run('cat; echo "$WHO"', { stdin: 'in\n', env: { WHO: "it's me" } }), {
      stdout: "in\nit's me\n",
    });
    t.match(
      await run('(sleep 300 &) ; echo done'),
      { exitCode: 0, stdout: 'done\n' },
      'a child left behind holds nobody',
    );
    t.match(await run('ls /overlay/modules'), { stdout: /^lkdtm\.ko$/m });
    t.match(await run('id -u; cat /proc/1/comm; ls -ld /root /tmp'), {
      stdout: /^0\ninit\ndrwx------.*\ndrwxrwxrwt/,
    });
    t.match(
      await run('echo "* * *" > /etc/x'),
      { exitCode: 1, stderr: /Read-only/ },
      'the image is never written to',
    );
    const near = createServer(() => t.fail('the guest reached this computer'));
    await new Promise<void>((resolve) => near.listen(0, '127.0.0.1', resolve));
    const { port } = near.address() as AddressInfo;
    t.match(await run(`nc -w 5 10.0.2.2 ${port} </dev/null`), { exitCode: 1 }, 'the guest reaches nobody');
    near.close();
    t.match(
      await run('qemu-system-x86_64 -accel help'),
      { exitCode: 0, stdout: /^tcg$/m },
      'a VM inside can be emulated',
    );

    const late = await guest.run('echo begun; sleep 300 & sleep 301', { timeoutMs: 2_000 });
    t.match(late, { exitCode: null, signal: null, stdout: 'begun\n', timedOut: true });
    t.match(
      await run('ps | grep -c "[s]leep 30"'),
      { stdout: '1\n' },
      'its whole group was killed, and no other',
    );

    await guest.upload(new Uint8Array([0, 10, 255]), '/tmp/deep/er', '0750');
    t.match(await run('stat -c %a /tmp/deep/er; od -An -tx1 /tmp/deep/er'), { stdout: '750\n 00 0a ff\n' });

    const job = await guest.start('trap "echo caught; exit 7" TERM; echo up; while :; do sleep 0.1; done');
    t.equal(await job.wait(1_000), null);
    await job.kill('TERM');
    t.match(await job.wait(STEP_MS), { exitCode: 7, stdout: 'up\ncaught\n' });

    const [input, output] = [new PassThrough(), new PassThrough()];
    input.write('tty; stty size; exit 5\n');
    t.equal(await guest.openShell?.(input, output, { rows: 33, cols: 99 }), 5);
    t.match(String(output.read()), /\/dev\/pts\/0[\s\S]*33 99/);

    t.equal(await machine.isRunning(), true);
    t.equal(await machine.probeGuest(STEP_MS), 'answered');
    const dying = guest.run('echo c >/proc/sysrq-trigger', { timeoutMs: STEP_MS });
    await t.rejects(dying, { code: 'GUEST_CONNECTION_LOST', blame: 'lab' });
    t.match(await machine.ended, { reason: 'panic' });
    t.match(heard(), /Kernel panic - not syncing: sysrq triggered crash[\s\S]*---\[ end Kernel panic/);
    t.equal(await readFile(machine.consolePath, 'latin1'), heard(), 'we heard every byte that is on disk');
    await t.rejects(machine.connect(1_000), { code: 'MACHINE_ENDED' });
  },
);

t.test(
  'a killed SSH server is a lost connection while the machine runs on, and a killed QEMU is nobody’s panic',
  async (t) => {
    const { machine, guest } = await boot(t);
    await t.rejects(guest.run('sleep 1; killall port-listener dropbear; sleep 60', { timeoutMs: STEP_MS }), {
      code: 'GUEST_CONNECTION_LOST',
      blame: 'lab',
    });
    t.equal(machine.hasEnded(), null);
    t.equal(await machine.isRunning(), true);
    t.equal(await machine.probeGuest(STEP_MS), 'refused');
    await t.rejects(machine.powerOff(guest, 5_000), { code: 'GUEST_UNREACHABLE' }, 'nobody can be asked');

    process.kill(machine.pid, 'SIGSTOP');
    t.equal(await machine.probeGuest(1_000), 'silent', 'a machine that stands still says nothing');
    process.kill(machine.pid, 'SIGKILL');
    t.match(await machine.ended, { reason: 'qemuKilled', signal: 'SIGKILL', detail: /killed by SIGKILL/ });
    t.equal(await machine.isRunning(), false);
  },
);

t.test(
  'the guestAgent tells the log that the kernel has, and powers off when no SSH server is left',
  async (t) => {
    const { machine, guest } = await boot(t);
    // A kernel may go on talking about its clocks after the boot: what the guest agent hands out lies between two of its logs.
    const { stdout: before } = await guest.run('dmesg', { timeoutMs: STEP_MS });
    const log = (await machine.readLog(STEP_MS))?.replace(/^<\d+>/gm, '') ?? '';
    const { stdout: after } = await guest.run('dmesg', { timeoutMs: STEP_MS });
    t.equal(log.slice(0, before.length), before);
    t.equal(after.slice(0, log.length), log);
    await guest.run('killall dropbear', { timeoutMs: STEP_MS }).catch(() => null);
    t.equal(await machine.powerOff(guest, STEP_MS), true);
    t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  },
);

t.test('a machine powers off by a session when its guest agent is gone', async (t) => {
  const { machine, guest } = await boot(t);
  await machine.line.guestAgent();
  t.match(await guest.run('sleep 1; killall guest-agent', { timeoutMs: STEP_MS }), { exitCode: 0 });
  t.equal(await machine.powerOff(guest, STEP_MS), true);
  t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
});

t.test('a machine powers off through its kernel', async (t) => {
  const { machine, guest, heard } = await boot(t);
  await machine.injectNmi();
  t.match(
    await guest.run('sleep 1; dmesg', { timeoutMs: STEP_MS }),
    { stdout: /NMI/ },
    'an NMI comes through',
  );
  t.equal(await machine.powerOff(guest, STEP_MS), true);
  t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  t.match(heard(), /reboot: Power down/);
});

t.test('a machine ends when it is no longer wanted, also in the middle of its boot', async (t) => {
  const stop = new AbortController();
  const machine = await bootMachine(await specify(t), { signal: stop.signal });
  t.teardown(() => machine[Symbol.asyncDispose]());
  const connecting = machine.connect(BOOT_MS, stop.signal);
  setTimeout(() => stop.abort(), 500);
  await t.rejects(connecting, { code: 'HOST_INTERRUPTED' });
  t.match(await machine.ended, { reason: 'stoppedByUs' });
});

t.test('the reproduction command boots the same kernel and guest after the machine is gone', async (t) => {
  const spec = await specify(t, { kernelArgs: ['ktrial.word="two words"'] });
  const machine = await bootMachine(spec);
  await machine.connect(BOOT_MS);
  await machine[Symbol.asyncDispose]();
  const printed = await printUntil(machine.command, /ktrial: guest ready/, BOOT_MS);
  t.match(printed, /^\[ {4}0\.000000\](\[ *T0\])? Linux version 5\.10/m, 'lines have the time stamps of printk.time=1');
  t.match(printed, /Command line: .* ktrial\.word="two words"\r?$/m);
  t.match(printed, /ktrial: guest ready/);
});

t.test('a guest that is not ready in time is unreachable', async (t) => {
  const machine = await bootMachine(await specify(t));
  t.teardown(() => machine[Symbol.asyncDispose]());
  await t.rejects(machine.connect(200), { code: 'GUEST_UNREACHABLE', blame: 'lab' });
});

t.test('what a machine is made of must be there before it is started', async (t) => {
  for (const part of ['bootImage', 'rootPath', 'overlayPath'] as const) {
    const spec = await specify(t, { [part]: '/nonexistent/file' });
    await t.rejects(
      bootMachine(spec),
      { code: 'MACHINE_FILE_MISSING', blame: 'lab', message: /nonexistent/ },
      part,
    );
  }
});

t.test('a machine that QEMU cannot make is a lab fault in QEMU’s own words', async (t) => {
  const spec = await specify(t, { memoryMib: 900_000_000 });
  await t.rejects(bootMachine(spec), {
    code: 'MACHINE_NOT_STARTED',
    blame: 'lab',
    message: /QEMU did not start: \S/,
  });
});

t.test('a boot is told from no boot when an accelerator is tried', async (t) => {
  t.match(await tryBoot('tcg', kernel.bootImage), { ok: true, words: /a kernel booted under it in \d+ ms/ });
  t.match(await tryBoot('tcg', '/nonexistent/kernel'), { ok: false, words: /could not open kernel file/ });
});
