// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { exists, reapScratch } from '../host/index.ts';
import { bakeImage, bakeOverlay, makeKeys } from '../image/index.ts';
import type { Guest, GuestResult } from '../model/index.ts';
import { PROJECT_ROOT, printUntil, TEST_CACHE, testKernel } from '../testing/index.ts';
import { tryBoot } from './accelerator.ts';
import { bootMachine, type MachineSpec } from './index.ts';
import type { QemuMachine } from './qemu-machine.ts';

// A debug kernel under emulation, on a busy computer.
t.setTimeout(30 * 60_000);

const BOOT_MS = 300_000;
const STEP_MS = 60_000;
/** Rounds of short commands: dropbear 2022.83, which closes a new channel when a command ends, lost one of the first twenty. */
const ROUNDS = 150;

interface Undo {
  teardown(undo: () => Promise<void>): void;
}

const kernel = await testKernel();
const image = await bakeImage(join(PROJECT_ROOT, 'images/guest.yaml'), kernel.arch, {
  cacheDirectory: TEST_CACHE,
});

async function specify(t: Undo, change: Partial<MachineSpec> = {}): Promise<MachineSpec> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-machine-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const keys = makeKeys();
  const overlayPath = join(directory, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, kernel });
  return {
    name: 'test',
    arch: kernel.arch,
    directory,
    bootImage: kernel.bootImage,
    rootPath: image.rootPath,
    overlayPath,
    cpus: 2,
    memoryMib: 768,
    kernelArgs: [],
    network: false,
    accelerator: { kind: 'tcg', reason: 'the same in every test run' },
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
  'a guest runs commands, and a kernel panic ends the machine after its last lines are on disk',
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
    t.match(
      await run('kill -SEGV $$'),
      { exitCode: null, signal: 'SEGV' },
      'a signal is reported as a signal',
    );
    t.match(await run('cat; echo "$WHO"', { stdin: 'in\n', env: { WHO: "it's me" } }), {
      stdout: "in\nit's me\n",
    });
    t.match(
      await run('(sleep 300 &) ; echo done'),
      { exitCode: 0, stdout: 'done\n' },
      'a child in the background does not hold up its parent',
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
    t.match(
      await run(`nc -w 5 10.0.2.2 ${port} </dev/null`),
      { exitCode: 1 },
      'the guest cannot reach this computer',
    );
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
      'the whole group of the command was killed, and no other process',
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
    t.not(await machine.probeGuest(STEP_MS), 'silent', 'the session’s server exits, or the next one greets');
    const again = await machine.connect(BOOT_MS);
    const dying = again.run('echo c >/proc/sysrq-trigger', { timeoutMs: STEP_MS });
    await t.rejects(dying, { code: 'GUEST_CONNECTION_LOST', blame: 'lab' });
    t.match(await machine.ended, { reason: 'panic' });
    t.match(heard(), /Kernel panic - not syncing: sysrq triggered crash[\s\S]*---\[ end Kernel panic/);
    t.equal(await readFile(machine.consolePath, 'latin1'), heard(), 'every byte on disk was passed on');
    await t.rejects(machine.connect(1_000), { code: 'MACHINE_ENDED' });
  },
);

t.test(
  'a killed SSH server is a lost connection while the machine runs on, and a killed QEMU is not a panic',
  async (t) => {
    const { machine } = await boot(t);
    process.kill(machine.pid, 'SIGSTOP');
    t.equal(await machine.probeGuest(1_000), 'silent', 'a stopped QEMU does not answer');
    process.kill(machine.pid, 'SIGCONT');
    const guest = await machine.connect(BOOT_MS);
    await t.rejects(guest.run('sleep 1; killall port-listener dropbear; sleep 60', { timeoutMs: STEP_MS }), {
      code: 'GUEST_CONNECTION_LOST',
      blame: 'lab',
    });
    t.equal(machine.hasEnded(), null);
    t.equal(await machine.isRunning(), true);
    t.equal(await machine.probeGuest(STEP_MS), 'refused');
    await t.rejects(
      machine.powerOff(guest, 5_000),
      { code: 'GUEST_UNREACHABLE' },
      'there is no server to ask',
    );

    process.kill(machine.pid, 'SIGKILL');
    t.match(await machine.ended, { reason: 'qemuKilled', signal: 'SIGKILL', detail: /killed by SIGKILL/ });
    t.equal(await machine.isRunning(), false);
  },
);

t.test(
  'the guest agent reads the kernel log with its sequence numbers, and powers off when no SSH server is left',
  async (t) => {
    const { machine, guest } = await boot(t);
    await guest.run('for i in $(seq 300); do echo "<4>$i of a long log" >/dev/kmsg; done', {
      timeoutMs: STEP_MS,
    });
    const log = (await machine.readLog(STEP_MS)) ?? '';
    const records = [...log.matchAll(/^\d+,(\d+),\d+,[-c](?:,caller=[TC]\d+)?;(.*)$/gm)];
    t.strictSame(
      records.map((record) => Number(record[1])),
      records.map((_, index) => index),
      'no sequence number is missing',
    );
    t.match(records[0]?.[2], /^Linux version/);
    t.equal(records.filter((record) => record[2]?.endsWith('of a long log')).length, 300);
    await guest.run('killall dropbear', { timeoutMs: STEP_MS }).catch(() => null);
    t.equal(await machine.powerOff(guest, STEP_MS), true);
    t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  },
);

t.test('of commands that start while others end, in one session, none is lost', async (t) => {
  const { guest } = await boot(t);
  const repeat = async (command: string, expected: object) => {
    const results: GuestResult[] = [];
    while (results.length < ROUNDS) results.push(await guest.run(command, { timeoutMs: STEP_MS }));
    t.match(results, Array(ROUNDS).fill(expected), command);
  };
  await Promise.all([
    repeat('true', { exitCode: 0, stdout: '' }),
    repeat('echo one; exit 3', { exitCode: 3, stdout: 'one\n' }),
    repeat('echo two >&2; kill -TERM $$', { exitCode: null, signal: 'TERM', stderr: 'two\n' }),
  ]);
});

t.test('a machine powers off by a session when its guest agent is gone', async (t) => {
  const { machine, guest } = await boot(t);
  await machine.ports.guestAgent();
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
    'the guest gets the NMI',
  );
  t.equal(await machine.powerOff(guest, STEP_MS), true);
  t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  t.match(heard(), /reboot: Power down/);
});

t.test('aborting the signal stops a machine, also while it boots', async (t) => {
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
  t.match(
    printed,
    /^\[ {4}0\.000000\](\[ *T0\])? Linux version 5\.10/m,
    'lines have the time stamps of printk.time=1',
  );
  t.match(printed, /Command line: .* ktrial\.word="two words"\r?$/m);
  t.match(printed, /ktrial: guest ready/);
});

t.test('a machine starts below a TMPDIR of 100 characters', async (t) => {
  const long = join(await mkdtemp(join(tmpdir(), 'ktrial-long-')), 'x'.repeat(100)).slice(0, 100);
  await mkdir(long, { recursive: true });
  t.equal(long.length, 100);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = long;
  t.teardown(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(join(long, '..'), { recursive: true });
  });
  const machine = await bootMachine(await specify(t));
  t.teardown(() => machine[Symbol.asyncDispose]());
  t.equal(await machine.isRunning(), true);
  const { sockets } = machine;
  await machine[Symbol.asyncDispose]();
  t.equal(await exists(sockets), false);
});

t.test('after SIGKILL of ktrial its QEMU is dead, and the next start removes its sockets', async (t) => {
  const spec = await specify(t);
  const program = `
    const { bootMachine } = await import(${JSON.stringify(join(PROJECT_ROOT, 'dist/harness/vm/index.js'))});
    const machine = await bootMachine(${JSON.stringify(spec)});
    console.log(JSON.stringify({ pid: machine.pid, sockets: machine.sockets }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { pid, sockets } = JSON.parse(String(line)) as { pid: number; sockets: string };
  const own = await bootMachine(await specify(t));
  t.teardown(() => own[Symbol.asyncDispose]());
  child.kill('SIGKILL');
  await once(child, 'exit');
  await waitUntilGone(pid);
  t.equal(await exists(sockets), true, 'nobody could remove them');
  const removed = await reapScratch(spec.directory);
  t.ok(removed.includes(dirname(sockets)), removed.join(' '));
  t.equal(await exists(sockets), false);
  t.equal(await exists(own.sockets), true, 'those of a running ktrial stay');
});

async function waitUntilGone(pid: number): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
    if (/State:\s+[XZ]/.test(status)) return;
    await sleep(50);
  }
  throw new Error(`process ${pid} is still running`);
}

t.test('a guest that is not ready in time is unreachable', async (t) => {
  const machine = await bootMachine(await specify(t));
  t.teardown(() => machine[Symbol.asyncDispose]());
  await t.rejects(machine.connect(200), { code: 'GUEST_UNREACHABLE', blame: 'lab' });
});

t.test('a machine is not started when one of its files is missing', async (t) => {
  for (const part of ['bootImage', 'rootPath', 'overlayPath'] as const) {
    const spec = await specify(t, { [part]: '/nonexistent/file' });
    await t.rejects(
      bootMachine(spec),
      { code: 'MACHINE_FILE_MISSING', blame: 'lab', message: /nonexistent/ },
      part,
    );
  }
});

t.test('a machine that QEMU cannot start is a lab fault with QEMU’s own message', async (t) => {
  const spec = await specify(t, { memoryMib: 900_000_000 });
  await t.rejects(bootMachine(spec), {
    code: 'MACHINE_NOT_STARTED',
    blame: 'lab',
    message: /QEMU did not start: \S/,
  });
});

t.test('a trial boot of an accelerator tells a kernel that boots from one that does not', async (t) => {
  t.match(await tryBoot('x86_64', 'tcg', kernel.bootImage), {
    ok: true,
    reason: /a kernel booted under it in \d+ ms/,
  });
  t.match(await tryBoot('x86_64', 'tcg', '/nonexistent/kernel'), {
    ok: false,
    reason: /could not open kernel file/,
  });
});
