// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { listFiles, runCommand } from '../host/index.ts';
import type { BuildTree } from '../kernel/index.ts';
import type { BuildResult, Kernel } from '../model/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

/** What building costs: everything with an empty compiler cache, and one changed line in a warm build tree. */
export const buildBench: Bench = {
  gauges: [
    { name: 'build.cold', unit: 's', title: 'a whole kernel, the compiler cache empty' },
    { name: 'build.oneLine', unit: 's', title: 'one line of a module changed, its base built before' },
  ],
  async measure(lab, take, wants) {
    const of = `${lab.kernelName}, ${availableParallelism()} CPUs`;
    if (wants('build.oneLine')) await measureOneLine(lab, (seconds) => take('build.oneLine', seconds, of));
    if (wants('build.cold')) await measureCold(lab, (seconds) => take('build.cold', seconds, of));
  },
};

/** Builds in an empty cache. Fetching the source and settling the configuration are not measured. */
async function measureCold(lab: Lab, report: (seconds: number) => void): Promise<void> {
  // Fetches the source unless it is in the cache.
  await lab.kernel();
  for (let round = lab.count(1); round > 0; round -= 1) {
    const cache = join(lab.scratch, 'cold');
    try {
      await mkdir(cache, { recursive: true });
      await symlink(join(lab.cacheDirectory, 'sources'), join(cache, 'sources'));
      await using buildTree = await lab.openBuildTree(lab.kernelName, cache);
      report(secondsOf(await buildTree.build({ commit: buildTree.baseCommit })));
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  }
}

/** Each round changes the same line to something that was never compiled before. The kernels are removed. */
async function measureOneLine(lab: Lab, report: (seconds: number) => void): Promise<void> {
  const file = await findModuleSource(await lab.kernel(), lab);
  lab.say(`adding a line to ${file}`);
  await using buildTree = await lab.openBuildTree(lab.kernelName);
  const rounds = lab.count(5);
  // The first round brings the output directory to the base, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const built = await buildTree.build({ commit: await commitLine(buildTree, file, round) });
    const seconds = secondsOf(built);
    if (built.ok) await rm(dirname(built.kernel.vmlinux), { recursive: true, force: true });
    if (round > 0) report(seconds);
  }
  await buildTree.checkOut(buildTree.baseCommit);
}

function secondsOf(result: BuildResult): number {
  if (!result.ok) throw new Error(`the kernel does not compile: ${result.logTail.at(-1) ?? result.logPath}`);
  if (result.cached) throw new Error('got a kernel from the cache, expected a build');
  return result.durationMs / 1000;
}

/** Commits the base with one more line in a file; the line is code, since the compiler cache does not see comments. */
export async function commitLine(
  buildTree: BuildTree,
  file: string,
  round: number,
  now = Date.now(),
): Promise<string> {
  const { tree } = buildTree;
  await buildTree.checkOut(buildTree.baseCommit);
  const path = join(tree, file);
  const value = `0x${now.toString(16)}${round.toString(16).padStart(2, '0')}UL`;
  const line = `static const unsigned long bench_line __attribute__((used)) = ${value};`;
  await writeFile(path, `${await readFile(path, 'utf8')}${line}\n`);
  const author = [
    '-c',
    'user.name=ktrial',
    '-c',
    'user.email=ktrial@localhost',
    '-c',
    'core.hooksPath=/dev/null',
  ];
  await runCommand('git', [...author, 'commit', '-q', '--no-gpg-sign', '-m', 'a line', '--', file], {
    cwd: tree,
  });
  return (await runCommand('git', ['rev-parse', 'HEAD'], { cwd: tree })).stdout.trim();
}

/** A C file beside the kernel's first module; of a kernel without modules, `init/main.c`. */
async function findModuleSource(kernel: Kernel, lab: Lab): Promise<string> {
  const [module] = (await listFiles(kernel.modules)).filter((path) => path.endsWith('.ko')).sort();
  if (module === undefined) return 'init/main.c';
  const directory = dirname(module);
  await using buildTree = await lab.openBuildTree(lab.kernelName);
  await buildTree.checkOut(buildTree.baseCommit);
  const names = await readdir(join(buildTree.tree, directory));
  const own = module.replace(/^.*\/|\.ko$/g, '').replaceAll('-', '_');
  const sources = names.filter((name) => name.endsWith('.c')).sort();
  const found =
    sources.find((name) => name.slice(0, -2).replaceAll('-', '_') === own) ??
    sources.find((name) => name.startsWith(own)) ??
    sources.find((name) => name === 'core.c') ??
    sources[0];
  if (found === undefined) throw new Error(`no C file lies beside ${module}`);
  return join(directory, found);
}
