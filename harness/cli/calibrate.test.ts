// SPDX-License-Identifier: MIT
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeScratch } from '../host/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { forEachRow, runShell } from '../testing/program.ts';

t.setTimeout(180_000);

const PATCH = join(PROJECT_ROOT, 'kernels/mdev/seeds/none.patch');
const SEED = 'name: bug, class: deterministic, breaks: all, patch: bug.patch, scenario: bug.yaml';
const SCENARIO = 'name: bug\ndescription: nothing\nsteps: [{run: "true"}]\n';

t.test('what a calibration cannot run is refused before anything starts, with its line', async (t) => {
  await using scratch = await makeScratch('calibrate');
  const rows: readonly {
    readonly name: string;
    readonly seed?: string;
    readonly kernel?: string;
    readonly scenario?: string;
    readonly args?: string;
    readonly without?: 'patch' | 'scenario';
    readonly expected: RegExp;
  }[] = [
    {
      name: 'no manifest',
      args: '--seeds nothing.yaml',
      expected: /there is no manifest of seeds .*INPUT_NOT_FOUND/,
    },
    { name: 'unknown seed', args: '--only bog', expected: /--only bog.* is bug meant\?.*CLI_UNKNOWN_SEED/ },
    {
      name: 'unknown key',
      seed: `${SEED}, expect: regressed`,
      expected: /seeds\.yaml:3: unknown key.*DOCUMENT_INVALID/,
    },
    {
      name: 'unknown class',
      seed: SEED.replace('deterministic', 'sure'),
      expected: /seeds\.yaml:3: .*DOCUMENT_INVALID/,
    },
    { name: 'no patch', without: 'patch', expected: /seeds\.yaml:3: there is no mailbox .*bug\.patch/ },
    { name: 'no scenario', without: 'scenario', expected: /seeds\.yaml:3: there is no scenario .*bug\.yaml/ },
    { name: 'bad scenario', scenario: 'name: bug\n', expected: /seeds\.yaml:3: .*bug\.yaml:1/ },
    { name: 'unknown kernel', kernel: 'nope', expected: /seeds\.yaml:1: there is no kernel definition nope/ },
    { name: 'no calibration', args: '--resume .', expected: /CLI_NO_CALIBRATION/ },
    { name: 'two places', args: '--resume . --run-directory new', expected: /--resume/ },
    { name: 'no campaigns', args: '--campaigns 0', expected: /--campaigns/ },
  ];
  await forEachRow(rows, async (row) => {
    const directory = join(scratch.path, row.name.replaceAll(' ', '-'));
    mkdirSync(directory);
    const { kernel = 'smoke-5.10', seed = SEED, scenario = SCENARIO, args = '' } = row;
    writeFileSync(join(directory, 'seeds.yaml'), `kernel: ${kernel}\nseeds:\n  - {${seed}}\n`);
    if (row.without !== 'patch') cpSync(PATCH, join(directory, 'bug.patch'));
    if (row.without !== 'scenario') writeFileSync(join(directory, 'bug.yaml'), scenario);
    const seeds = args.includes('--seeds') ? '' : '--seeds seeds.yaml';
    const ended = await runShell(`ktrial calibrate ${seeds} ${args}`, { cwd: directory });
    t.equal(ended.exitCode, 2, `${row.name}: ${ended.stderr}`);
    t.match(ended.stderr, row.expected, row.name);
    t.equal(ended.stdout, '', row.name);
    t.notOk(existsSync(join(directory, 'home/.local/state/ktrial')), `${row.name}: no run was begun`);
  });
});
