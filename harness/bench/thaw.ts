// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clone, freezeTemplate, measureMemoryMib, type Template, thawClone } from '../vm/index.ts';
import { describeMachine, specifyMachine } from './boot.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

const BOOT_LIMIT_MS = 600_000;
const COMMAND_LIMIT_MS = 60_000;

/** A machine frozen once, and clones of it, one after the other. */
export const thawBench: Bench = {
  gauges: [
    { name: 'freeze', unit: 's', title: 'a booted machine is frozen to disk' },
    { name: 'thaw.qmp', unit: 'ms', title: 'start of a clone to an answering monitor' },
    { name: 'thaw.firstCommand', unit: 'ms', title: 'start of a clone to the end of its first command' },
  ],
  async measure(lab, take, wants) {
    const of = await describeMachine(lab);
    const rounds = wants('freeze') ? lab.count(3) : 1;
    for (let round = 1; round <= rounds; round += 1)
      await withTemplate(lab, async (template, freezeMs) => {
        take('freeze', freezeMs / 1000, of);
        if (round < rounds) return;
        for (let clones = lab.count(10); clones > 0; clones -= 1) {
          const begun = performance.now();
          await withClone(lab, template, async (clone) => {
            take('thaw.firstCommand', performance.now() - begun, of);
            take('thaw.qmp', clone.qmpMs, of);
          });
        }
      });
  },
};

const CLONES = [1, 4, 10] as const;

/**
 * What clones of one template take at the same time, each after its first command: the proportional set sizes of their
 * QEMUs, so that a page which all share counts once (proc(5), `smaps_rollup`).
 */
export const memoryBench: Bench = {
  gauges: CLONES.map((count) => ({
    name: `memory.clones${count}`,
    unit: 'MiB' as const,
    title: `resident memory of ${count === 1 ? 'one clone' : `${count} clones of one template`} in all`,
  })),
  async measure(lab, take) {
    const of = await describeMachine(lab);
    await withTemplate(lab, async (template) => {
      for (let round = lab.count(3); round > 0; round -= 1) await measureTogether(lab, template, take, of);
    });
  },
};

async function measureTogether(
  lab: Lab,
  template: Template,
  take: (name: string, value: number, of: string) => void,
  of: string,
): Promise<void> {
  const together = async (pids: readonly number[]): Promise<void> => {
    if ((CLONES as readonly number[]).includes(pids.length)) {
      const sizes = await Promise.all(pids.map(readProportionalMib));
      take(
        `memory.clones${pids.length}`,
        sizes.reduce((sum, size) => sum + size, 0),
        of,
      );
    }
    if (pids.length < Math.max(...CLONES))
      await withClone(lab, template, (clone) => together([...pids, clone.machine.pid]));
  };
  await together([]);
}

async function readProportionalMib(pid: number): Promise<number> {
  const mib = await measureMemoryMib(pid);
  if (mib === null) throw new Error('this kernel does not tell proportional set sizes');
  return mib;
}

/** Freezes a machine and lets `use` work with the template; `freezeMs` is from the booted machine to the files. */
export async function withTemplate(
  lab: Lab,
  use: (template: Template, freezeMs: number) => Promise<void>,
): Promise<void> {
  const spec = await specifyMachine(lab);
  try {
    const begun = performance.now();
    const template = await freezeTemplate(spec, { bootLimitMs: BOOT_LIMIT_MS, signal: lab.signal });
    await use(template, performance.now() - begun - template.bootMs);
  } finally {
    await rm(spec.directory, { recursive: true, force: true });
  }
}

/** Thaws a clone and lets `use` go on after its first command; the clone is ended afterwards. */
async function withClone(lab: Lab, template: Template, use: (clone: Clone) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(lab.scratch, 'clone-'));
  try {
    const clone = await thawClone(template, { name: 'ktrial-bench', directory, signal: lab.signal });
    try {
      const guest = await clone.machine.connect(COMMAND_LIMIT_MS, lab.signal);
      await clone.revived; // no trial begins before
      const { exitCode } = await guest.run('true', { timeoutMs: COMMAND_LIMIT_MS });
      if (exitCode !== 0) throw new Error('a clone cannot run a command');
      await use(clone);
    } finally {
      await clone.machine[Symbol.asyncDispose]();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
