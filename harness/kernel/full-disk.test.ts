// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { listFiles } from '../host/index.ts';
import type { BuildResult, Kernel } from '../model/index.ts';
import { openSmallKernelLab, type SmallKernelLab } from '../testing/small-kernel.ts';

t.setTimeout(600_000);

function requireOk(result: BuildResult): Kernel {
  if (result.ok) return result.kernel;
  throw new Error(result.logTail.join('\n'));
}

/** Makes the lab's next build compile, so that every part of the cache is used. */
function change(lab: SmallKernelLab, number: number): void {
  writeFileSync(join(lab.tree, 'core.c'), `int core(void) { return ${number}; }\n`);
}

/** Names, sizes and dates of the files of a cache. */
async function stateOf(cache: string): Promise<string[]> {
  const paths = await listFiles(cache);
  return paths.map((path) => {
    const { size, mtimeMs } = statSync(join(cache, path));
    return `${path} ${size} ${mtimeMs}`;
  });
}

/** Builds in a namespace of its own, where a command has prepared the cache; the output of the program that builds. */
function buildIn(lab: SmallKernelLab, prepare: string): { code: number | null; text: string } {
  const at = JSON.stringify(new URL('./index.js', import.meta.url).href);
  const script = `import { openBuildTree } from ${at};
  try {
    const tree = await openBuildTree(${JSON.stringify(lab.definition)}, { cacheDirectory: ${JSON.stringify(lab.cache)}, jobs: 1, onProgress: (text) => console.log('said', text) });
    const built = await tree.build({ commit: tree.baseCommit });
    console.log(built.ok ? 'built' : 'failed', built.ok ? '' : built.logTail.join('|'));
  } catch (error) { console.log('fault', error.blame, error.code, error.message, '->', error.next); }`;
  const file = join(lab.bin, 'build.mjs');
  writeFileSync(file, script);
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', `${prepare} && exec "$0" "$1"`, process.execPath, file],
    { encoding: 'utf8' },
  );
  return { code: status, text: `${stdout}${stderr}` };
}

const mayMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const needsMount = { skip: mayMount ? false : 'this computer allows no mounts' };

function prepareLab(t: Test): SmallKernelLab {
  const lab = openSmallKernelLab(t);
  // Large enough that each part of the work meets the end of the disk at some size.
  const filler = Array.from(
    { length: 20_000 },
    (_, index) => `/* ${(index * 7919) % 104_729} ${index * index} */`,
  );
  writeFileSync(join(lab.tree, 'core.c'), `${filler.join('\n')}\nint core(void) { return 1; }\n`);
  mkdirSync(lab.cache);
  return lab;
}

t.test('a full disk at any moment is the lab’s, and the next build works', needsMount, async (t) => {
  const seen = new Set<string>();
  for (const kib of [4, 40, 100, 200, 300, 450, 600, 800, 1000, 1200, 1500, 1800, 2200, 2600, 3200]) {
    const lab = prepareLab(t);
    const image = join(lab.bin, 'disk');
    // The second build is on the same disk, with room.
    const mount = `mount -t tmpfs -o size=${kib}k none ${lab.cache}`;
    const keep = `cp -a ${lab.cache}/. ${image}`;
    const first = buildIn(
      lab,
      `mkdir -p ${image} && ${mount} && sh -c '"$0" "$1" > ${lab.bin}/first 2>&1; ${keep}' "$0" "$1"; exec cat ${lab.bin}/first; true`,
    );
    if (/^built/m.test(first.text)) {
      seen.add('built');
      continue;
    }
    const fault = /^fault .*$/m.exec(first.text)?.[0] ?? first.text;
    seen.add(fault.replace(/:.*/s, ''));
    t.match(fault, /^fault lab \S+ .*(?:disk is full|disk of the cache)/, `${kib} KiB: ${fault}`);
    t.match(fault, /-> (?:free some space|choose)/, `${kib} KiB says what to do`);
    rmSync(lab.cache, { recursive: true });
    renameSync(image, lab.cache);
    requireOk(await lab.build());
    t.pass(`${kib} KiB: the next build works`);
  }
  t.ok(seen.size >= 2, [...seen].join('; '));
});

t.test('a cache that cannot be written is the lab’s, and nothing is discarded', needsMount, async (t) => {
  for (const isUsed of [false, true]) {
    const lab = prepareLab(t);
    if (isUsed) requireOk(await lab.build());
    const before = await stateOf(lab.cache);
    if (isUsed) change(lab, 400);
    const { text } = buildIn(
      lab,
      `mount --bind ${lab.cache} ${lab.cache} && mount -o remount,bind,ro ${lab.cache}`,
    );
    t.match(text, /^fault lab HOST_NOT_ALLOWED .*read-only.* -> .*XDG_CACHE_HOME/m);
    t.strictSame(await stateOf(lab.cache), before);
  }
});
