// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * How many more processes this computer would let us start: what the kernel, our control group and our own limit
 * (getrlimit(2)) leave. Our limit is for all processes of the user, which are not counted here.
 */
export async function spareProcesses(): Promise<number> {
  const running = Number(/\/(\d+) /.exec(await read('/proc/loadavg'))?.[1] ?? 0);
  const own = /^Max processes\s+(\S+)/m.exec(await read('/proc/self/limits'))?.[1];
  const room = [
    number(await read('/proc/sys/kernel/pid_max')) - running,
    number(await read('/proc/sys/kernel/threads-max')) - running,
    number(own ?? ''),
  ];
  for (const line of (await read('/proc/self/cgroup')).trim().split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers !== '' && controllers !== 'pids') continue;
    for (let group = join('/sys/fs/cgroup', controllers, path); group.length > 1; group = join(group, '..'))
      room.push(
        number(await read(join(group, 'pids.max'))) - Number(await read(join(group, 'pids.current'))),
      );
  }
  return Math.min(...room);
}

/** A file's number; infinity for "max", "unlimited" and what is not there. */
function number(text: string): number {
  return /^\d+$/.test(text.trim()) ? Number(text) : Number.POSITIVE_INFINITY;
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
