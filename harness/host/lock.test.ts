// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { takeFreeLock, takeLock } from './index.ts';

/** Another process that runs these lines of our code and prints a line; ended when the test is. */
async function startOther(t: { teardown(undo: () => void): void }, body: string) {
  const index = JSON.stringify(new URL('./index.js', import.meta.url).href);
  const script = `import * as host from ${index};\n${body}`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => other.kill('SIGKILL'));
  const [line] = (await once(createInterface(other.stdout), 'line')) as [string];
  return { line, pid: other.pid ?? 0, gone: once(other, 'exit') };
}

/** Processes of a process group that are not yet gone, by their id. Zombies have released everything. */
function findGroup(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [state, , itsGroup] = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return Number(itsGroup) === group && state !== 'Z';
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 400) throw new Error(`not within 20 s: ${what}`);
    await sleep(50);
  }
}

async function isFree(path: string): Promise<boolean> {
  const lock = await takeFreeLock(path);
  await lock?.[Symbol.asyncDispose]();
  return lock !== null;
}

t.test('a second taker waits until the lock is freed', async (t) => {
  const path = join(t.testdir(), 'lock');
  const first = await takeLock(path);
  const said: string[] = [];
  const second = takeLock(path, { onWait: () => said.push('waits') }).then((lock) => {
    said.push('taken');
    return lock;
  });
  await until('it waits', () => said.length > 0);
  await sleep(200);
  t.strictSame(said, ['waits']);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const taken = await second;
  t.strictSame(said, ['waits', 'taken']);
  t.notOk(await isFree(path), 'closing the first one twice did not free the second');
  await taken[Symbol.asyncDispose]();
  t.ok(await isFree(path));
});

t.test('shared takers share, and an exclusive one waits for all of them', async (t) => {
  const path = join(t.testdir(), 'lock');
  const readers = [await takeLock(path, { shared: true }), await takeLock(path, { shared: true })];
  for (const reader of readers) {
    t.notOk(await isFree(path));
    await reader[Symbol.asyncDispose]();
  }
  t.ok(await isFree(path));
});

t.test('the lock of a deleted file is not taken for the lock of its successor', async (t) => {
  const path = join(t.testdir(), 'lock');
  await using first = await takeLock(path);
  const second = takeLock(path);
  await sleep(200);
  rmSync(path);
  await using third = await takeLock(path);
  t.not(third.descriptor, first.descriptor);
  await first[Symbol.asyncDispose]();
  await sleep(200);
  await third[Symbol.asyncDispose]();
  await using last = await second;
  t.notOk(await isFree(path), 'the waiting one has the lock of the file that is there');
  t.ok(last);
});

t.test('a lock is held while its holder lives, and freed when it is killed', async (t) => {
  const path = join(t.testdir(), 'lock');
  const holder = await startOther(
    t,
    `await host.takeLock(${JSON.stringify(path)}); setInterval(() => {}, 1000); console.log('locked');`,
  );
  t.equal(holder.line, 'locked');
  t.notOk(await isFree(path), 'it holds the lock');
  process.kill(holder.pid, 'SIGKILL');
  await holder.gone;
  await until('the lock is free', () => isFree(path));
  t.pass('taken again');
});

t.test(
  'SIGKILL ends all that ktrial started, and the lock is held until the last of it is gone',
  async (t) => {
    const path = join(t.testdir(), 'lock');
    const tree = `sh -c 'trap "" TERM HUP INT; sleep 300 & (sleep 300 & sleep 300) & sleep 300' & sh -c 'sleep 300; :' & echo $$; wait`;
    const ktrial = await startOther(
      t,
      `const lock = await host.takeLock(${JSON.stringify(path)});
     await host.runCommand('sh', ['-c', ${JSON.stringify(tree)}], {
       keepOpen: lock.descriptor,
       onLine: (line) => console.log(line),
     });`,
    );
    const stat = readFileSync(`/proc/${ktrial.line}/stat`, 'utf8');
    const group = Number(stat.replace(/^.*\) /, '').split(' ')[2]);
    t.not(group, ktrial.pid);
    await until('the tree stands', () => findGroup(group).length >= 8);
    // A group that is stopped cannot end: what would be a race stands still.
    process.kill(-group, 'SIGSTOP');
    t.teardown(() => {
      if (findGroup(group).length > 0) process.kill(-group, 'SIGKILL');
    });
    process.kill(ktrial.pid, 'SIGKILL');
    await ktrial.gone;
    await sleep(300);
    t.ok(findGroup(group).length >= 8, 'it is still there');
    t.notOk(await isFree(path), 'and so is the lock');
    process.kill(-group, 'SIGCONT');
    await until('all are gone', () => findGroup(group).length === 0);
    await until('the lock is free', () => isFree(path));
  },
);
