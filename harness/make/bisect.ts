// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuildTree, readKernelDefinition } from '../kernel/index.ts';
import { quoteArgs } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

/**
 * Lets `git bisect run ktrial run --exit-code=bisect` search sixteen commits on top of the smoke kernel's source, one of which
 * makes reading /proc/uptime warn. Usage: bisect.js [SEEDED], 2 to 16; exit code 1 when another commit is named.
 */

const COMMITS = 16;
const SEEDED = Number(process.argv[2] ?? 11);
const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const HARMLESS = 'fs/proc/loadavg.c';
const BROKEN = 'fs/proc/uptime.c';
/** The same place each time: sources, kernels and object files of the last run are used again. */
const PLACE = join(CACHE_HOME, 'ktrial-bisect');
const TREE = join(PLACE, 'linux');
const env = {
  ...process.env,
  GIT_AUTHOR_NAME: 'ktrial',
  GIT_AUTHOR_EMAIL: 'ktrial@localhost',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'ktrial',
  GIT_COMMITTER_EMAIL: 'ktrial@localhost',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

const SCENARIO = `name: uptime
description: the uptime can be read
machine: { memoryMib: 512 }
steps:
  - run: cat /proc/uptime
`;

/** Runs a program in the tree; its output goes where ours goes. */
function run(program: string, args: readonly string[]): number {
  const { status } = spawnSync(program, args, { cwd: TREE, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return status ?? 70;
}

function read(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: TREE, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${quoteArgs([program, ...args])}: ${stderr}`);
  return stdout.trim();
}

/** A clone of the smoke kernel's source that has its objects elsewhere and, of its files, those of /proc alone. */
async function makeTree(): Promise<string> {
  const definition = await readKernelDefinition('smoke-5.10', join(PROJECT_ROOT, 'kernels'));
  const { signal } = new AbortController();
  await using source = await openBuildTree(definition, {
    cacheDirectory: join(CACHE_HOME, 'ktrial'),
    signal,
  });
  mkdirSync(PLACE, { recursive: true });
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(TREE);
  const common = spawnSync(
    'git',
    ['-C', source.tree, 'rev-parse', '--path-format=absolute', '--git-common-dir'],
    {
      encoding: 'utf8',
    },
  ).stdout.trim();
  read('git', ['init', '-q', '-b', 'main', '.']);
  writeFileSync(join(TREE, '.git/objects/info/alternates'), `${join(common, 'objects')}\n`);
  read('git', ['sparse-checkout', 'set', 'fs/proc']);
  read('git', ['reset', '-q', '--hard', source.baseCommit]);
  writeFileSync(
    join(PLACE, 'kernel.yaml'),
    JSON.stringify({
      name: 'bisected',
      description: 'the smoke kernel from a git tree',
      extends: 'smoke-5.10',
      source: { git: { repository: TREE, ref: 'main' } },
    }),
  );
  return source.baseCommit;
}

function commitAll(): readonly string[] {
  const hashes: string[] = [];
  for (let number = 1; number <= COMMITS; number += 1) {
    if (number === SEEDED) {
      const text = readFileSync(join(TREE, BROKEN), 'utf8');
      const changed = text.replace(/(\tseq_printf\(m, "%lu\.)/, '\tWARN_ON(1);\n$1');
      if (changed === text) throw new Error(`${BROKEN} is not as expected`);
      writeFileSync(join(TREE, BROKEN), changed);
    } else appendFileSync(join(TREE, HARMLESS), `/* change ${number} */\n`);
    read('git', ['commit', '-q', '-a', '-m', `proc: change ${number}`]);
    hashes.push(read('git', ['rev-parse', 'HEAD']));
  }
  return hashes;
}

const base = await makeTree();
const commits = commitAll();
writeFileSync(join(PLACE, 'uptime.yaml'), SCENARIO);
const startedAt = Date.now();
read('git', ['bisect', 'start', 'main', base]);
const ktrial = [
  ...[process.execPath, MAIN, 'run', '--exit-code=bisect', '--quiet'],
  ...['--kernel', join(PLACE, 'kernel.yaml'), '--scenarios', join(PLACE, 'uptime.yaml')],
];
const code = run('git', ['bisect', 'run', ...ktrial]);
const log = existsSync(join(TREE, '.git/BISECT_LOG')) ? read('git', ['bisect', 'log']) : '';
const [, named = 'none'] = /first bad commit: \[([0-9a-f]+)\]/.exec(log) ?? [];
const steps = log.split('\n').filter((line) => /^git bisect (?:good|bad|skip)/.test(line)).length;
const number = commits.indexOf(named) + 1;
process.stdout.write(
  `bisect: ${steps} steps in ${Math.round((Date.now() - startedAt) / 1000)} s; seeded ${SEEDED}, found ${number || named}\n`,
);
process.exitCode = code === 0 && number === SEEDED ? 0 : 1;
