// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import type { Confinement } from './confine.ts';
import { startDaemon } from './daemon.ts';
import { mountLine } from './view.ts';

const isRoot = process.getuid?.() === 0;

interface Undo {
  teardown(undo: () => Promise<void>): void;
}

/** A directory that is closed to others, with a file of each kind; its name has what a table of mounts must escape. */
async function prepare(t: Undo) {
  const directory = await mkdtemp(join(tmpdir(), "ktrial-con fined'\\\n#-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const at = (name: string) => join(directory, name);
  for (const name of ['readable', 'secret', 'writable', 'hidden']) await writeFile(at(name), `${name}\n`);
  await mkdir(at('room'));
  const confinement: Confinement = {
    readable: [at('readable')],
    secret: [at('secret')],
    writable: [at('writable'), at('room')],
    devices: ['/dev/urandom', '/dev/null'],
    network: false,
    addressSpaceMib: 256,
    fileMib: 1,
  };
  return { at, confinement };
}

/** What a script prints when it is the confined program. */
async function run(script: string, confinement: Confinement, log: string) {
  const daemon = await startDaemon(['sh', '-c', script], log, confinement);
  const end = await daemon.ended;
  return { output: await readFile(log, 'utf8'), end, confinement: daemon.confinement };
}

t.test('a confined program sees the system’s programs and its own files, and no other', async (t) => {
  const { at, confinement } = await prepare(t);
  const quoted = (name: string) =>
    `"$(printf '%b' '${at(name).replaceAll('\\', '\\0134').replaceAll("'", '\\0047').replaceAll('\n', '\\0012')}')"`;
  const { output, confinement: description } = await run(
    [
      `cat ${quoted('readable')} ${quoted('secret')} ${quoted('writable')}`,
      `[ -e ${quoted('hidden')} ] && echo sees the hidden file`,
      `echo more >> ${quoted('readable')}; echo more >> ${quoted('secret')}`,
      `echo more >> ${quoted('writable')} && echo wrote; touch ${quoted('room')}/new && echo made`,
      'for path in /etc/passwd /proc /sys /home /var /run /dev/mem /dev/kvm; do [ -e $path ] && echo sees $path; done',
      'for path in /x /usr/x /tmp/x /etc/x /dev/x; do touch $path 2>/dev/null && echo made $path; done',
      'head -c 3 /dev/urandom | wc -c',
      'mount -t tmpfs none /usr 2>/dev/null && echo mounted; chroot / true 2>/dev/null && echo chroots',
      'unshare --user true 2>/dev/null && unshare --user --map-root-user mount -t tmpfs none /usr && echo mounted in another',
      'id -u; true',
    ].join('\n'),
    confinement,
    at('log'),
  );
  const lines = output
    .split('\n')
    .filter((line) => !/cannot create|not permitted|denied|Read-only/.test(line));
  t.strictSame(lines.slice(0, 6), ['readable', 'secret', 'writable', 'wrote', 'made', '3'], output);
  t.strictSame(lines.slice(6, -1), [isRoot ? '65521' : '0'], 'root has become a user whom nobody is');
  t.match(
    description,
    isRoot ? /^user 65521 without capabilities; own mount, ipc, uts, net namespaces$/ : /own user, mount/,
  );
  t.equal((await readFile(at('readable'), 'utf8')).includes('more'), false);
  for (const [name, mode] of [
    ['secret', isRoot ? 0o640 : 0o600],
    ['writable', isRoot ? 0o660 : 0o600],
    ['room', 0o755],
    ['log', 0o600],
  ] as const)
    t.equal((await stat(at(name))).mode & 0o777 & ~0o055, mode & ~0o055, name);
});

t.test('a confined program has no privileges that it could use or get back', async (t) => {
  const { at, confinement } = await prepare(t);
  const daemon = await startDaemon(['sleep', '60'], at('log'), { ...confinement, lockedMib: 3 });
  // The script becomes setpriv, which becomes the program.
  for (let look = 0; look < 100; look += 1) {
    if ((await readFile(`/proc/${daemon.pid}/comm`, 'utf8')) === 'sleep\n') break;
    await sleep(20);
  }
  const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8');
  const limits = await readFile(`/proc/${daemon.pid}/limits`, 'utf8');
  daemon.kill('SIGKILL');
  t.match(await daemon.ended, { exitCode: null, signal: 'SIGKILL' });
  const mine = (await readdir(tmpdir())).filter((name) => name.startsWith(`ktrial-view-${process.pid}-`));
  t.strictSame(mine, [], 'nothing is left of what it saw');
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    t.match(status, new RegExp(`^${name}:\\s+0+$`, 'm'), name);
  t.match(status, /^NoNewPrivs:\s+1$/m);
  if (isRoot) t.match(status, /^Uid:\s+65521\s+65521\s+65521\s+65521$/m);
  t.match(limits, /^Max file size +1048576 +1048576 /m);
  t.match(limits, /^Max address space +268435456 +268435456 /m);
  t.match(limits, /^Max core file size +0 +0 /m);
  t.match(limits, /^Max locked memory +3145728 +3145728 /m);
});

t.test('a confined program has no network, unless it is given one', async (t) => {
  const { at, confinement } = await prepare(t);
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => void server.close());
  const { port } = server.address() as AddressInfo;
  const call = `exec 4>/dev/tcp/127.0.0.1/${port} && echo connected; true`;
  const daemons = [false, true].map(async (network) => {
    const log = at(`log-${network}`);
    const daemon = await startDaemon(['bash', '-c', call], log, { ...confinement, network });
    await daemon.ended;
    return readFile(log, 'utf8');
  });
  const [without, within] = await Promise.all(daemons);
  t.match(without, /unreachable|refused/);
  t.match(within, /^connected$/m);
});

t.test('a confined program can fill neither the disk nor the memory', async (t) => {
  const { at, confinement } = await prepare(t);
  const writing = await run(
    'while :; do echo "ok 1 - all good and a long line of it"; done',
    confinement,
    at('flood'),
  );
  t.match(writing.end, { signal: 'SIGXFSZ' });
  t.equal((await stat(at('flood'))).size, 1024 * 1024);
  const growing = await run(
    'head -c 1000000000 /dev/urandom | tail -c 900000000 >/dev/null',
    confinement,
    at('memory'),
  );
  t.match(growing.output, /memory/i);
});

t.test('where namespaces are forbidden a program starts without them, and that is said', async (t) => {
  const { at, confinement } = await prepare(t);
  const fake = await mkdtemp(join(tmpdir(), 'ktrial-path-'));
  t.teardown(() => rm(fake, { recursive: true }));
  await writeFile(
    join(fake, 'unshare'),
    '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2\nexit 1\n',
  );
  await chmod(join(fake, 'unshare'), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${fake}:${before}`;
  t.teardown(async () => {
    process.env.PATH = before;
  });
  const {
    output,
    end,
    confinement: description,
  } = await run(
    'ulimit -f; ulimit -c; grep -E "CapEff|NoNewPrivs" /proc/self/status',
    confinement,
    at('log'),
  );
  t.match(end, { exitCode: 0 });
  t.match(output, /^2048\n0\n/m);
  t.match(output, /^CapEff:\s+0+\nNoNewPrivs:\s+1$/m);
  t.match(
    description,
    /(root without capabilities|the caller's user, without privileges); no namespaces: .*unshare failed: Operation not permitted/,
  );
});

t.test('a confined program is dead when ktrial is, even after SIGKILL', async (t) => {
  const { at, confinement } = await prepare(t);
  const program = `
    const { startDaemon } = await import(${JSON.stringify(join(PROJECT_ROOT, 'dist/harness/host/index.js'))});
    const daemon = await startDaemon(['sleep', '600'], ${JSON.stringify(at('log'))}, ${JSON.stringify(confinement)});
    console.log(daemon.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(String(line));
  await sleep(200);
  t.match(await readFile(`/proc/${pid}/comm`, 'utf8'), 'sleep\n');
  child.kill('SIGKILL');
  let gone = false;
  for (let look = 0; look < 100 && !gone; look += 1) {
    gone = /State:\s+[XZ]/.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX'));
    await sleep(50);
  }
  t.ok(gone, `process ${pid}`);
});

t.test('a program that is not installed is missing, and not confined wrongly', async (t) => {
  const { at, confinement } = await prepare(t);
  const daemon = await startDaemon(['no-such-program-of-ktrial'], at('log'), confinement);
  t.match(await daemon.ended, { exitCode: 127 });
  t.match(await readFile(at('log'), 'utf8'), /no-such-program-of-ktrial/);
});

t.test('a path in a table of mounts may have any byte', async (t) => {
  t.equal(mountLine('/a b\t\\', '/c\n#d', 'bind'), '/a\\040b\\011\\134 /c\\012\\043d none bind 0 0\n');
});
