// SPDX-License-Identifier: MIT
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bakeDataDisk, bakeOverlay, makeKeys } from '../image/index.ts';
import type { Guest } from '../model/index.ts';
import { printUntil } from '../testing/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { type Clone, freezeTemplate, type Template, thawClone } from './index.ts';

t.setTimeout(30 * 60_000);

const BOOT_MS = 300_000;
const STEP_MS = 60_000;

const lab = await openTestLab();
const home = await mkdtemp(join(tmpdir(), 'ktrial-template-'));
t.teardown(() => rm(home, { recursive: true, force: true }));

const keys = makeKeys();
const overlayPath = join(home, 'overlay.squashfs');
await bakeOverlay(overlayPath, { keys, dataDisk: true });
const dataDisk = await bakeDataDisk(join(home, 'data.squashfs'), {
  kernel: lab.kernel,
  files: [],
});
const template: Template = await freezeTemplate(
  {
    name: 'template',
    arch: lab.kernel.arch,
    directory: home,
    bootImage: lab.kernel.bootImage,
    rootPath: lab.image.rootPath,
    overlayPath,
    cpus: 2,
    memoryMib: 512,
    kernelArgs: [],
    network: false,
    accelerator: lab.accelerator,
    keys,
  },
  { bootLimitMs: BOOT_MS, dataDisk },
);

interface Undo {
  teardown(undo: () => Promise<void>): void;
}

interface Thawed extends Clone {
  readonly guest: Guest;
  readonly ask: (command: string) => Promise<string>;
}

const linesOf = (log: string) => log.trimEnd().split(/\r?\n/);

async function thaw(t: Undo, name: string, from = template, own = dataDisk): Promise<Thawed> {
  const directory = join(home, name);
  await mkdir(directory);
  const clone = await thawClone(from, { name, directory, dataDisk: own });
  t.teardown(() => clone.machine[Symbol.asyncDispose]());
  const guest = await clone.machine.connect(STEP_MS);
  await clone.revived;
  const ask = async (command: string) => (await guest.run(command, { timeoutMs: STEP_MS })).stdout.trim();
  return { ...clone, guest, ask };
}

t.test('clones go on where the template stopped, and do not see each other’s changes', async (t) => {
  const [a, b] = await Promise.all([thaw(t, 'a'), thaw(t, 'b')]);
  t.equal(await a.ask('echo mine >/tmp/file; dmesg | grep -c "guest ready"'), '1');
  t.equal(await b.ask('ls /tmp'), '');
  t.equal(await b.ask('mkdir /tmp/file; echo theirs >/tmp/file/x; cat /tmp/file/x'), 'theirs');
  t.equal(await a.ask('cat /tmp/file'), 'mine');
  t.equal(await a.ask('insmod /overlay/modules/lkdtm.ko; grep -c ^lkdtm /proc/modules'), '1');
  t.equal(await b.ask('grep -c ^lkdtm /proc/modules'), '0');
  t.equal(await a.machine.powerOff(a.guest, STEP_MS), true);
  t.match(a.machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  t.equal(await b.ask('echo still here'), 'still here');
  const c = await thaw(t, 'c');
  t.equal(await c.ask('ls /tmp; grep -c ^lkdtm /proc/modules'), '0', 'the template is unchanged');
});

t.test('clones of one template may have different data disks', async (t) => {
  await writeFile(join(home, 'word'), 'another kernel');
  const other = await bakeDataDisk(join(home, 'other.squashfs'), {
    kernel: lab.kernel,
    files: [{ path: '/l2/tiny/kernel', from: join(home, 'word') }],
  });
  const directory = join(home, 'data-clone');
  await mkdir(directory);
  const { machine, revived } = await thawClone(template, { name: 'data', directory, dataDisk: other });
  t.teardown(() => machine[Symbol.asyncDispose]());
  const guest = await machine.connect(STEP_MS);
  await revived;
  const said = await guest.run('cat /overlay/l2/tiny/kernel; ls /overlay/modules', { timeoutMs: STEP_MS });
  t.match(said.stdout, /^another kernel[\s\S]*lkdtm\.ko/);
  const plain = await thaw(t, 'no-l2');
  t.equal(await plain.ask('ls /overlay/l2 2>&1 | grep -c "No such"'), '1');
  for (const one of [guest, plain.guest]) {
    const mounts = await one.run('grep -c " /data squashfs ro" /proc/mounts', { timeoutMs: STEP_MS });
    t.equal(mounts.stdout, '1\n');
  }
});

t.test(
  'a data disk that was made again has the digest of the template’s, and is mounted already',
  async (t) => {
    const again = await bakeDataDisk(join(home, 'again.squashfs'), {
      kernel: lab.kernel,
      files: [],
    });
    t.equal(again.digest, dataDisk.digest);
    const { ask } = await thaw(t, 'again', template, again);
    t.equal(await ask('insmod /overlay/modules/lkdtm.ko; grep -c ^lkdtm /proc/modules'), '1');
  },
);

t.test(
  'the reproduction command of a clone boots its machine when template and data disk are gone',
  async (t) => {
    const directory = join(home, 'clone-by-hand');
    const moved = join(home, 'template-by-hand');
    await mkdir(directory);
    await mkdir(moved);
    for (const name of ['console.log', 'ram', 'state', 'overlay.squashfs'])
      await copyFile(join(home, name), join(moved, name));
    const data = await bakeDataDisk(join(moved, 'data.squashfs'), {
      kernel: lab.kernel,
      files: [],
    });
    const spec = { ...template.spec, directory: moved, overlayPath: join(moved, 'overlay.squashfs') };
    const place = { name: 'by-hand', directory, dataDisk: data, disksDirectory: join(home, 'disks') };
    const { machine } = await thawClone({ ...template, directory: moved, spec }, place);
    await machine[Symbol.asyncDispose]();
    await rm(moved, { recursive: true });
    const printed = await printUntil(machine.command, /ktrial: guest ready/, BOOT_MS);
    t.match(printed, /Linux version 5\.10/);
    t.match(printed, /virtio_blk virtio\d: \[vdc\]/, 'the data disk is there');
    t.match(printed, /ktrial: guest ready/);
  },
);

t.test('a clone does not need the file that its kernel was booted from', async (t) => {
  const moved = { ...template, spec: { ...template.spec, bootImage: join(home, 'gone') } };
  const { ask } = await thaw(t, 'no-boot-image', moved);
  t.equal(await ask('echo here'), 'here');
});

t.test(
  'a clone has the current time and its own random numbers, and its kernel does not complain about the gap',
  async (t) => {
    const [a, b] = await Promise.all([thaw(t, 'd'), thaw(t, 'e')]);
    const random = 'head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid';
    t.not(await a.ask(random), await b.ask(random));
    for (const one of [a, b]) {
      const before = Date.now();
      const guest = Number(await one.ask('date +%s'));
      t.ok(guest >= Math.floor(before / 1000) - 1 && guest <= Date.now() / 1000 + 1, `${guest} is about now`);
    }
    const boot = linesOf(await readFile(join(template.directory, 'console.log'), 'latin1'));
    const log = linesOf(await a.ask('sleep 2; dmesg'));
    const last = log.lastIndexOf(boot.at(-1) ?? '');
    t.not(last, -1, 'the clone’s log has the boot');
    // On a busy computer a kernel may print other things, such as that an interrupt took long.
    const complaints = log.slice(last + 1).filter((line) => /clock|tsc|stall|lockup|watchdog/i.test(line));
    t.same(complaints, []);
  },
);

t.test('a clone’s console has the template’s boot, followed by its own output', async (t) => {
  const a = await thaw(t, 'f');
  await a.ask('echo "<4>a line of the clone" >/dev/kmsg; sleep 0.2');
  await a.machine.stop();
  const console = await readFile(a.machine.consolePath, 'latin1');
  t.match(console, /Linux version[\s\S]*guest ready[\s\S]*a line of the clone/);
  t.equal(console.match(/guest ready/g)?.length, 1);
  const boot = await readFile(join(template.directory, 'console.log'), 'latin1');
  t.ok(console.startsWith(boot));
  t.notMatch(boot, /a line of the clone/);
});

t.test('the host key is checked over the serial port as well', async (t) => {
  const stranger = { ...keys, hostPublicKey: makeKeys().hostPublicKey };
  const directory = join(home, 'g');
  await mkdir(directory);
  const wrong = { ...template, spec: { ...template.spec, keys: stranger } };
  const { machine } = await thawClone(wrong, { name: 'g', directory });
  t.teardown(() => machine[Symbol.asyncDispose]());
  await t.rejects(machine.connect(STEP_MS), { code: 'GUEST_WRONG_KEY', blame: 'lab' });
  const right = await thaw(t, 'h');
  t.match(template, { serial: true }, 'this kernel has the serial port’s driver');
  t.not(
    await right.machine.probeGuest(STEP_MS),
    'silent',
    'the session’s server exits, or the next one greets',
  );
  t.equal((await (await right.machine.connect(STEP_MS)).run('true', { timeoutMs: STEP_MS })).exitCode, 0);
});

t.test('a server that dies at the serial port ends its session, and the next client is served', async (t) => {
  const { machine, guest } = await thaw(t, 'i');
  await t.rejects(guest.run('sleep 2; killall dropbear; sleep 60', { timeoutMs: STEP_MS }), {
    code: 'GUEST_CONNECTION_LOST',
  });
  const again = await machine.connect(STEP_MS);
  t.match(await again.run('echo back', { timeoutMs: STEP_MS }), { stdout: 'back\n' });
});

t.test('a clone leaves no process and no socket behind', async (t) => {
  const { machine } = await thaw(t, 'j');
  const { pid, sockets } = machine;
  await machine[Symbol.asyncDispose]();
  t.throws(() => process.kill(pid, 0), 'its process is gone');
  await t.rejects(stat(sockets), { code: 'ENOENT' });
});

t.test('a damaged state is a lab fault, and nothing is left running', async (t) => {
  const damaged = join(home, 'damaged');
  await mkdir(join(damaged, 'k'), { recursive: true });
  await copyFile(join(home, 'console.log'), join(damaged, 'console.log'));
  await symlink(join(home, 'ram'), join(damaged, 'ram'));
  await writeFile(join(damaged, 'state'), 'this is no state');
  await t.rejects(
    thawClone({ ...template, directory: damaged }, { name: 'k', directory: join(damaged, 'k') }),
    { code: 'CLONE_NOT_THAWED', blame: 'lab' },
  );
  await rm(join(damaged, 'ram'));
  await t.rejects(
    thawClone({ ...template, directory: damaged }, { name: 'k', directory: join(damaged, 'k') }),
    { code: 'CLONE_NOT_THAWED', blame: 'lab' },
  );
});
