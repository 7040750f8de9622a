// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { listFiles, runCommand } from '../host/index.ts';
import { ATTEMPTS, append, changeToReach, makeStandIn, type Targets } from '../testing/hostile-series.ts';

t.setTimeout(240_000);

const MAIN = join(import.meta.dirname, 'main.js');

/** Runs ktrial as somebody with a home and a secret in the environment. */
function ktrial(directory: string, args: readonly string[], around: readonly string[] = []) {
  const [program = '', ...rest] = [...around, process.execPath, MAIN, ...args];
  return runCommand(program, rest, {
    accept: 'any',
    cwd: directory,
    env: {
      HOME: join(directory, 'home'),
      XDG_CACHE_HOME: join(directory, 'cache'),
      XDG_STATE_HOME: join(directory, 'state'),
      KTRIAL_SECRET: 'hunter2',
      http_proxy: 'http://name:KTRIAL_SECRET@127.0.0.1:1/',
    },
  });
}

/** Opens everything that a series could reach for, and counts who comes. */
async function openTargets(t: Test, directory: string) {
  const [home, outside] = [join(directory, 'home'), join(directory, 'outside')];
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh/id'), 'hunter2\n');
  mkdirSync(outside);
  const visits: string[] = [];
  const listen = (where: { port: number } | { path: string }, name: string) =>
    new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        visits.push(name);
        socket.on('error', () => {}).destroy();
      });
      server.listen({ ...where, host: '127.0.0.1' }, () => {
        const address = server.address();
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
      t.teardown(() => server.close());
    });
  const udp = createSocket('udp4', () => visits.push('udp'));
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  t.teardown(() => udp.close());
  const name = `ktrial-test-${process.pid}`;
  const socket = `/tmp/${name}`;
  const tcpPort = await listen({ port: 0 }, 'tcp');
  await listen({ path: socket }, 'unix');
  await listen({ path: `\0${name}` }, 'abstract');
  const victim = spawn('sleep', ['300']);
  t.teardown(() => victim.kill());
  const targets: Targets = {
    home,
    outside,
    cache: join(directory, 'cache/ktrial'),
    tcpPort,
    udpPort: udp.address().port,
    socket,
    abstractSocket: name,
    victim: victim.pid ?? 0,
  };
  return { targets, visits, victim };
}

t.test('a series whose build reaches for everything gets hold of nothing', async (t) => {
  const directory = t.testdir();
  const { targets, visits, victim } = await openTargets(t, directory);
  const { tree, definition, makeSeries } = makeStandIn(directory);
  const series = makeSeries((copy) => changeToReach(copy, targets));
  const before = await describe(tree);
  const { exitCode, stdout, stderr } = await ktrial(directory, ['build', series, '--kernel', definition]);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /patched: Linux 5\.10\.0/, 'the kernel is built all the same');

  const buildTree = findBuildTree(directory);
  const [log, output] = [
    readFileSync(join(buildTree, 'series/build.log'), 'utf8'),
    join(buildTree, 'series/out'),
  ];
  const names = ATTEMPTS(targets).map(([name]) => name);
  t.ok(names.length >= 20);
  for (const door of ['Makefile', 'Kconfig', 'script', 'tools'])
    t.ok(existsSync(join(output, `reach.${door}`)), `${door} came as far as to try`);
  for (const name of ['read-home', 'write-outside', 'trace-parent', 'mount', 'keyring'])
    for (const door of ['Makefile', 'Kconfig', 'script', 'tools'])
      t.match(log, `${name} at ${door} failed`, `${name} at ${door}`);

  const loot = readdirSync(join(output, 'loot')).filter(
    (one) => statSync(join(output, 'loot', one)).size > 0,
  );
  t.strictSame(loot, [], 'nothing was read');
  const marks = readdirSync(join(output, 'loot')).filter((one) =>
    ['mount', 'namespace', 'hostname', 'sysctl', 'device', 'hard-link', 'raise-limits'].includes(one),
  );
  t.strictSame(marks, [], 'nothing was allowed');
  t.strictSame(visits, [], 'nobody was reached');
  t.strictSame(readdirSync(targets.outside), []);
  t.strictSame(readdirSync(targets.home), ['.ssh']);
  t.strictSame(await describe(tree), before, "the user's source is as it was");
  t.notMatch(readFileSync(join(buildTree, 'linux/core.c'), 'utf8'), /planted/);
  t.ok(statSync(join(buildTree, 'linux/core.c')).mtimeMs > Date.parse('2020-01-01'));
  for (const path of ['/usr/planted', '/etc/planted', '/var/planted', '/dev/shm/ktrial-planted'])
    t.notOk(existsSync(path), path);
  const planted = (await listFiles(join(directory, 'cache'))).filter((path) => /(?:^|\/)planted$/.test(path));
  t.strictSame(planted, []);
  const { stdout: setId } = await runCommand('find', [join(directory, 'cache'), '-perm', '/6000']);
  t.equal(setId, '', 'no file has a set-user-ID or set-group-ID bit');
  t.equal(victim.exitCode ?? victim.signalCode, null, 'the other process lives');
  t.notMatch(await listProcesses(), /hostile-daemon|sleep 321/, 'no daemon is left');

  t.match(
    stdout,
    /note: the series changes the build itself: Kconfig, Makefile, scripts\/attempts\.sh, tools\//,
  );
  t.match(stdout, /note: the build of the series was kept from writing outside of its output directory: /);
  t.match(stdout, /note: the build of the series was kept from the network: .*Network is unreachable/);
  const record = JSON.parse(
    (await ktrial(directory, ['build', series, '--kernel', definition, '--json'])).stdout,
  );
  t.match(
    record.notes.join('\n'),
    /kept from the network/,
    'a kernel from the cache has the notes of its build',
  );
});

t.test('what a hostile build leaves is not followed out of its directory', async (t) => {
  const cases: [string, string, RegExp][] = [
    [
      'a link for the boot image',
      'rm -f $(O)/arch/x86/boot/bzImage; ln -s SECRET $(O)/arch/x86/boot/bzImage',
      /bzImage/,
    ],
    ['a link for the kernel', 'mv $(O)/vmlinux $(O)/v; ln -s SECRET $(O)/vmlinux', /vmlinux/],
    ['a link for the configuration', 'rm -f $(O)/.config; ln -s SECRET $(O)/.config', /\.config/],
    ['a link for a directory', 'mv $(O)/include $(O)/i; ln -s $(O)/i $(O)/include', /kernel\.release/],
    [
      'a pipe for the release',
      'rm $(O)/include/config/kernel.release; mkfifo $(O)/include/config/kernel.release',
      /release/,
    ],
    ['escapes in the release', 'printf "\\033[31m5.10" >$(O)/include/config/kernel.release', /release/],
    ['a module elsewhere', 'echo ../../../../home/.ssh/id.ko >$(O)/modules.order', /\.ssh\/id\.ko/],
    [
      'a sparse kernel',
      'truncate -s 90G $(O)/drivers/toy.ko',
      /toy\.ko.* has 92160 MiB, nearly all of them holes/,
    ],
    [
      'deep directories',
      'cd $(O); n=$$(printf %0200d 0); for i in $$(seq 40); do mkdir $$n && cd $$n; done; echo >/usr/x',
      /kept from writing outside of its output directory: .*\/usr\/x: Read-only file system/,
    ],
  ];
  const directory = t.testdir();
  mkdirSync(join(directory, 'home/.ssh'), { recursive: true });
  const secret = join(directory, 'home/.ssh/id');
  writeFileSync(secret, 'hunter2\n');
  const { definition, makeSeries } = makeStandIn(directory);
  for (const [name, line, message] of cases) {
    const series = makeSeries((copy) =>
      append(join(copy, 'Makefile'), `\t${line.replaceAll('SECRET', secret)}\n`),
    );
    const { exitCode, stdout, stderr } = await ktrial(directory, ['build', series, '--kernel', definition]);
    t.equal(exitCode, 1, `${name}: ${stdout}${stderr}`);
    t.match(`${stdout}${stderr}`, message, name);
    t.equal(readFileSync(secret, 'utf8'), 'hunter2\n', name);
  }
  const stored = join(directory, 'cache/ktrial/kernels');
  for (const path of await listFiles(stored))
    t.notMatch(readFileSync(join(stored, path), 'latin1'), 'hunter2', path);
  rmSync(stored, { recursive: true });
  const again = await ktrial(directory, ['build', '--kernel', definition]);
  t.equal(again.exitCode, 0, `the base builds afterwards: ${again.stderr}`);
  // Node could not remove a deep tree with the test's directory.
  await runCommand('rm', ['-rf', join(directory, 'cache')]);
});

t.test('objects of a series never become part of another kernel', async (t) => {
  const directory = t.testdir();
  const { tree, definition, makeSeries } = makeStandIn(directory);
  const series = makeSeries((copy) =>
    append(
      join(copy, 'Makefile'),
      '\tcp $(O)/core.o $(O)/quiet.o; touch -d 2100-01-01 $(O)/*.o $(O)/vmlinux; ! echo poison >$$CCACHE_DIR/poison\n',
    ),
  );
  const built = await ktrial(directory, ['build', series, '--kernel', definition]);
  t.equal(built.exitCode, 0, built.stderr);
  writeFileSync(join(tree, 'core.c'), 'int core(void) { return 7; }\n');
  const next = await ktrial(directory, ['build', '--kernel', definition]);
  t.equal(next.exitCode, 0, next.stderr);
  const { stdout } = await runCommand('nm', [join(findBuildTree(directory), 'out/vmlinux')]);
  t.match(stdout, /T core\n.*T quiet\n/s, 'the next base has its own objects');
});

t.test('a series that forks without end is rejected, with the bound that it met', async (t) => {
  const directory = t.testdir();
  const { definition, makeSeries } = makeStandIn(directory);
  const series = makeSeries((copy) =>
    append(join(copy, 'Makefile'), "\tmkfifo /tmp/f; sh -c 'while :; do : </tmp/f & done'\n"),
  );
  const { exitCode, stderr } = await ktrial(directory, ['build', series, '--kernel', definition]);
  t.equal(exitCode, 1, 'it counts against the series, as a kernel that does not compile');
  t.match(stderr, /does not compile with the series: the build exceeded 4096 processes/);
  t.notMatch(await listProcesses(), /mkfifo/);
});

t.test('where the computer forbids sandboxes nothing is built, unless the user allows it', async (t) => {
  const directory = t.testdir({ home: {} });
  const { definition, makeSeries } = makeStandIn(directory);
  const series = makeSeries((copy) => append(join(copy, 'core.c'), 'int more(void) { return 3; }\n'));
  /** ktrial in a user namespace that allows no further one. */
  const forbidden = (args: readonly string[]) =>
    ktrial(directory, args, [
      ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
      ...['echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', 'sh'],
    ]);
  const build = ['build', series, '--kernel', definition];
  const refused = await forbidden(build);
  t.equal(refused.exitCode, 69);
  t.match(refused.stderr, /cannot contain the build of a kernel: .*namespace.*\[lab: KERNEL_NO_SANDBOX\]/s);
  t.match(refused.stderr, /next: .*sysctl user\.max_user_namespaces.*--allow-unsandboxed/s);
  t.notOk(existsSync(join(findBuildTree(directory), 'config')), 'not even the configuration was made');
  const doctor = await forbidden(['doctor']);
  t.equal(doctor.exitCode, 69);
  t.match(doctor.stdout, /MISS sandbox: builds cannot be contained: .*namespace/);
  const allowed = await forbidden([...build, '--allow-unsandboxed']);
  t.equal(allowed.exitCode, 0, allowed.stderr);
  t.match(
    allowed.stdout,
    /note: the kernels were built without a sandbox: their code ran as the user who started ktrial/,
  );
  const contained = await ktrial(directory, build);
  t.equal(contained.exitCode, 0, contained.stderr);
  const releases = (text: string) => text.split('\n').filter((line) => /kernels\/[0-9a-f]{64}/.test(line));
  t.strictSame(releases(contained.stdout), releases(allowed.stdout), 'both have the same kernels');
  t.match((await ktrial(directory, ['doctor'])).stdout, /ok +sandbox: builds are contained/);
});

t.test('a date is not set through a link that the series made', async (t) => {
  const directory = t.testdir();
  mkdirSync(join(directory, 'outside'));
  const [file, inside] = [join(directory, 'outside/file'), join(directory, 'outside/in')];
  for (const path of [file, inside]) {
    writeFileSync(path, 'x');
    utimesSync(path, 1, 1);
  }
  const { definition, makeSeries } = makeStandIn(directory);
  const series = makeSeries((copy) => {
    symlinkSync(file, join(copy, 'link.c'));
    symlinkSync(join(directory, 'outside'), join(copy, 'away'));
  });
  const { exitCode, stderr } = await ktrial(directory, ['build', series, '--kernel', definition]);
  t.equal(exitCode, 0, stderr);
  t.strictSame(
    [file, inside].map((path) => statSync(path).mtimeMs),
    [1000, 1000],
  );
});

function findBuildTree(directory: string): string {
  const parent = join(directory, 'cache/ktrial/build-trees');
  const [name = ''] = readdirSync(parent).filter((one) => !one.endsWith('.lock'));
  return join(parent, name);
}

/** Every file of a directory with its content, size and date. */
async function describe(directory: string): Promise<string[]> {
  const files = await listFiles(directory);
  return files.map((path) => {
    const { mtimeMs, mode } = statSync(join(directory, path));
    return `${path} ${mode} ${mtimeMs} ${readFileSync(join(directory, path), 'utf8')}`;
  });
}

async function listProcesses(): Promise<string> {
  return (await runCommand('ps', ['-eo', 'args'])).stdout;
}
