// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bakeOverlay, makeKeys } from '../image/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { connectGuest, freezeTemplate, type GuestAddress, type Template, thawClone } from '../vm/index.ts';

/** Measures ways to a clone's first command, each in fresh clones. Usage: handshake.js [CLONES] [KERNEL] */

type Way = 'port' | 'serial' | 'greeted';
type Algorithms = NonNullable<GuestAddress['algorithms']>;

const CHACHA = 'chacha20-poly1305@openssh.com';
const VARIANTS: readonly (readonly [string, Way, Algorithms])[] = [
  ['TCP, a server is forked for the visitor', 'port', {}],
  ['serial port, a server is started for the visitor', 'serial', {}],
  ['serial port, a server waits and has greeted', 'greeted', {}],
  ['… with chacha20-poly1305', 'greeted', { cipher: [CHACHA] }],
  ['… with aes256-ctr', 'greeted', { cipher: ['aes256-ctr'] }],
  ['… with ecdh-sha2-nistp256', 'greeted', { kex: ['ecdh-sha2-nistp256'] }],
  ['… with diffie-hellman-group14-sha256', 'greeted', { kex: ['diffie-hellman-group14-sha256'] }],
];

interface Sample {
  readonly handshakeMs: number;
  readonly firstMs: number;
  readonly secondMs: number;
  /** What QEMU computed for handshake and first command: on a busy computer this tells more than the clock. */
  readonly processorMs: number;
}

/** Processor time of a process so far, in milliseconds; in /proc/PID/stat in hundredths of a second (proc(5)). */
function readProcessorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function measure(
  template: Template,
  way: Way,
  algorithms: Algorithms,
  directory: string,
): Promise<Sample> {
  await mkdir(directory);
  const { machine, revived } = await thawClone(template, { name: 'measured', directory });
  try {
    if (way === 'serial') {
      const { serial } = (await machine.ports.openSsh('serial')) as { serial: { destroy(): void } };
      serial.destroy();
      await new Promise((resolve) => setTimeout(resolve, 3_000)); // the waiting server ends
    }
    let begun = 0;
    let spent = 0;
    const visit = async () => {
      const opened = await machine.ports.openSsh(way === 'port' ? 'tcp' : 'serial');
      begun = performance.now();
      spent = readProcessorMs(machine.pid);
      return connectGuest({ transport: opened, keys: template.spec.keys, deadlineMs: 120_000, algorithms });
    };
    // A server that is about to end takes a new visitor with it: the next one is served.
    const guest = await visit().catch(() => visit());
    const handshakeMs = performance.now() - begun;
    await guest.run('true', { timeoutMs: 60_000 });
    const firstMs = performance.now() - begun;
    const processorMs = readProcessorMs(machine.pid) - spent;
    await guest.run('true', { timeoutMs: 60_000 });
    const secondMs = performance.now() - begun - firstMs;
    await revived;
    return { handshakeMs, firstMs, secondMs, processorMs };
  } finally {
    await machine[Symbol.asyncDispose]();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const clones = Number(process.argv[2] ?? 7);
const lab = await openTestLab(process.argv[3] ?? 'mdev-5.10');
const home = await mkdtemp(join(tmpdir(), 'ktrial-handshake-'));
try {
  const keys = makeKeys();
  const overlayPath = join(home, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, kernel: lab.kernel });
  const template = await freezeTemplate(
    {
      name: 'template',
      arch: lab.kernel.arch,
      directory: home,
      bootImage: lab.kernel.bootImage,
      rootPath: lab.image.rootPath,
      overlayPath,
      cpus: 2,
      memoryMib: 1024,
      kernelArgs: [],
      network: true, // TCP is one of the ways
      accelerator: lab.accelerator,
      keys,
    },
    { bootLimitMs: 600_000 },
  );
  process.stdout.write(
    `${lab.kernel.name}, booted in ${template.bootMs} ms; medians of ${clones} clones, in ms: handshake, first command, a second one, processor time to the first\n`,
  );
  const samples = VARIANTS.map((): Sample[] => []);
  // In turn, so that each sees the same hour.
  for (let round = 0; round < clones; round += 1)
    for (const [index, [, way, algorithms]] of VARIANTS.entries())
      samples[index]?.push(await measure(template, way, algorithms, join(home, `${round}-${index}`)));
  for (const [index, [name]] of VARIANTS.entries()) {
    const own = samples[index] ?? [];
    const cells = (['handshakeMs', 'firstMs', 'secondMs', 'processorMs'] as const).map((key) =>
      Math.round(median(own.map((one) => one[key]))),
    );
    process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
  }
} finally {
  await rm(home, { recursive: true, force: true });
}
