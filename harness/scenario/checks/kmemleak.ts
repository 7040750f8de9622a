// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { nameMap } from '../name-map.ts';
import type { Failure, StepContext } from '../step.ts';
import { nameOfFunction, notBuilt, type Probe } from './probe.ts';

const FILE = '/sys/kernel/debug/kmemleak';
const SCAN_MS = 60_000;
/** The kernel does not report an object that is younger than five seconds. */
const AGE_MS = 5500;
const REPORT_BYTES = 256 * 1024;
const FRAMES_KEPT = 12;

/** Leaks that are known and may be there, by the function that allocates: why. */
export const allowedLeaks = nameMap(z.string().regex(/^[A-Za-z_][\w.]*$/), z.string().min(1)).meta({
  description: 'by the function that allocates what may leak: why',
});

/** What hands out memory, up to the one who wanted it. */
const ALLOCATORS =
  /alloc|kmemleak|kmem|slab|get_free_page|create_object|mmap|idr_|k?vasprintf|kasprintf|strn?dup|memdup|kobject_set_name|dev_set_name/;

/**
 * Makes kmemleak forget what has leaked so far. Twice: an object that changed since the last scan is not looked at. Fault
 * `SCENARIO_CHECK_NEEDS_OPTION` (scenario) where the kernel has no kmemleak.
 */
export async function forgetLeaks(probe: Probe): Promise<void> {
  const there = await probe.guest.run(`test -f ${FILE}`, { timeoutMs: probe.scale(SCAN_MS) });
  if (there.exitCode !== 0)
    throw notBuilt(
      `the kernel has no kmemleak: there is no ${FILE}`,
      'add the fragment ktrial/kmemleak to the kernel definition, or CONFIG_DEBUG_KMEMLEAK=y',
    );
  await scanTwice(probe);
  await tell(probe, 'clear');
}

/**
 * Finds objects that nothing points to any more, since the setup. One failure for each function that allocated some and is none of
 * the allowed ones.
 */
export async function checkKmemleak(
  allowed: Readonly<Record<string, string>>,
  context: StepContext,
): Promise<readonly Failure[]> {
  if (!context.snapshot.kmemleak) throw new TypeError('nothing was noted to compare kmemleak with');
  await scanTwice(context);
  const { stdout } = await context.guest.run(`head -c ${REPORT_BYTES} ${FILE}`, {
    timeoutMs: context.scale(SCAN_MS),
  });
  const leaks = parseLeaks(stdout).filter((leak) => !Object.hasOwn(allowed, leak.allocatedIn));
  return [...new Set(leaks.map((leak) => leak.allocatedIn))].map((allocatedIn) => {
    const same = leaks.filter((leak) => leak.allocatedIn === allocatedIn);
    return {
      what: `memory leak in ${allocatedIn}`,
      title: `got ${same.length} leaked ${same.length === 1 ? 'object' : 'objects'} allocated in ${allocatedIn}, expected none`,
      details: same[0]?.lines ?? [],
    };
  });
}

async function scanTwice(probe: Probe): Promise<void> {
  await tell(probe, 'scan');
  await probe.sleep(AGE_MS);
  await tell(probe, 'scan');
}

async function tell({ guest, scale }: Probe, order: string): Promise<void> {
  const result = await guest.run(`echo ${order} >${FILE}`, { timeoutMs: scale(SCAN_MS) });
  if (result.exitCode !== 0)
    throw notBuilt(
      `kmemleak does not ${order}: it is switched off, or has run out of memory`,
      'build the kernel with CONFIG_DEBUG_KMEMLEAK_DEFAULT_OFF=n, or give kernelArgs: [kmemleak=on]',
    );
}

interface Leak {
  readonly allocatedIn: string;
  readonly lines: readonly string[];
}

/** Reads the file's entries: `unreferenced object 0x… (size 64):`, then who and the backtrace. */
function parseLeaks(text: string): readonly Leak[] {
  return text
    .split(/^(?=unreferenced object )/m)
    .filter((entry) => entry.startsWith('unreferenced object '))
    .map((entry) => {
      const lines = entry.trimEnd().split('\n');
      const frames = [...entry.matchAll(/^\s+(?:\[<[^>]*>\] )?([\w.]+)\+0x/gm)].map((match) =>
        nameOfFunction(match[1] ?? ''),
      );
      return {
        allocatedIn: frames.find((frame) => !ALLOCATORS.test(frame)) ?? frames[0] ?? 'an unknown function',
        // Addresses and the hex dump differ each time and say little.
        lines: lines.filter((line) => !/^ {4}[0-9a-f]{2} |hex dump/.test(line)).slice(0, FRAMES_KEPT + 3),
      };
    });
}
