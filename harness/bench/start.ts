// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

/** Commands whose code is loaded only when they run; each has a figure. */
const COMMANDS = [
  'boot',
  'build',
  'calibrate',
  'complete',
  'config',
  'config-origin',
  'doctor',
  'init',
  'ktap',
  'lint',
  'list',
  'man',
  'report',
  'rerun',
  'resume',
  'run',
  'scan',
  'shell',
  'show',
  'tune',
] as const;

const SMALL_LOG = 'harness/splat/testdata/bad-unlock-balance.log';

/** What the command line costs before it does anything: processor time of the whole process, user and system. */
export const startBench: Bench = {
  gauges: [
    { name: 'cli.node', unit: 'ms', title: 'processor time of `node -e 0`, which all others contain' },
    { name: 'cli.help', unit: 'ms', title: 'processor time of `ktrial --help`' },
    { name: 'cli.helpWall', unit: 'ms', title: 'time on the clock of `ktrial --help`' },
    { name: 'cli.scanHelp', unit: 'ms', title: 'processor time of `ktrial-scan --help`' },
    {
      name: 'cli.scanLog',
      unit: 'ms',
      title: 'processor time of `ktrial-scan --json` on a log of 26 kB with one complaint',
    },
    ...COMMANDS.map((command) => ({
      name: `cli.import.${command}`,
      unit: 'ms' as const,
      title: `processor time to load the code of \`ktrial ${command}\`, and end`,
    })),
  ],
  async measure(lab, take, wants) {
    const main = join(lab.root, 'dist/harness/cli');
    const present = (await readdir(join(main, 'commands'))).filter((name) => name.endsWith('.js'));
    const unknown = present.filter((name) => !(COMMANDS as readonly string[]).includes(name.slice(0, -3)));
    if (unknown.length > 0) throw new Error(`${unknown.join()} has no figure: add it to bench/start.ts`);
    const runs: (readonly [string, readonly string[]])[] = [
      ['cli.node', ['-e', '0']],
      ['cli.help', [join(main, 'main.js'), '--help']],
      ['cli.scanHelp', [join(main, 'scan-main.js'), '--help']],
      ['cli.scanLog', [join(main, 'scan-main.js'), '--json', join(lab.root, SMALL_LOG)]],
      ...COMMANDS.map(
        (command) => [`cli.import.${command}`, [join(main, `commands/${command}.js`)]] as const,
      ),
    ];
    // In turn, so that a busy minute hits all of them alike.
    for (let round = lab.count(9); round > 0; round -= 1)
      for (const [name, words] of runs) {
        if (!wants(name) && !(name === 'cli.help' && wants('cli.helpWall'))) continue;
        const { cpuMs, wallMs } = await timeNode(lab, words);
        take(name, cpuMs);
        if (name === 'cli.help') take('cli.helpWall', wallMs);
      }
  },
};

/** Runs node and measures with bash what it costs, children included. */
async function timeNode(
  lab: Lab,
  words: readonly string[],
): Promise<{ readonly cpuMs: number; readonly wallMs: number }> {
  const { stderr } = await runCommand(
    'bash',
    ['-c', 'TIMEFORMAT="%3U %3S %3R"; time "$@" >/dev/null 2>&1', 'time', process.execPath, ...words],
    { signal: lab.signal },
  );
  const [user, system, wall] = stderr.trim().split(' ').map(Number);
  if (user === undefined || system === undefined || wall === undefined || Number.isNaN(user + system + wall))
    throw new Error(`bash printed no times: ${stderr}`);
  return { cpuMs: (user + system) * 1000, wallMs: wall * 1000 };
}
