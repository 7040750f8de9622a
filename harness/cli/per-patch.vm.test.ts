// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { ArmBuild, CampaignVerdict } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';
import { openTestLab } from '../testing/lab.ts';

t.setTimeout(60 * 60_000);

/** Every prefix of a series that breaks and repairs itself on the way, on the lean kernel. */

const lab = await openTestLab();

const SCENARIO = `name: comes-and-goes
description: the module can be loaded and unloaded
machine: { memoryMib: 512 }
modules: [lkdtm]
steps:
  - rmmod: lkdtm
expect:
  dmesg: clean
`;

const FILE = 'drivers/misc/lkdtm/core.c';
const EXIT = 'static void __exit lkdtm_module_exit(void)\n{\n';

/** What each patch makes of the file. */
const CHANGES: readonly ((text: string) => string)[] = [
  (text) => `${text}/* a word that changes nothing */\n`,
  (text) => `${text}#error half a thought\n`,
  (text) => text.replace('#error half a thought\n', '').replace(EXIT, `${EXIT}\tWARN_ON(1);\n`),
  (text) => text.replace('\tWARN_ON(1);\n', ''),
];

/** A repository that borrows the objects of the kernel's source, with a commit for each change. */
async function commitChanges(
  directory: string,
): Promise<{ readonly repository: string; readonly tip: string }> {
  const repository = join(directory, 'series.git');
  const source = (
    await runCommand('git', ['rev-parse', '--path-format=absolute', '--git-common-dir'], {
      cwd: lab.kernel.source,
    })
  ).stdout.trim();
  await runCommand('git', ['clone', '-q', '--bare', '--shared', source, repository]);
  const who = { GIT_AUTHOR_NAME: 'A Tester', GIT_AUTHOR_EMAIL: 'tester@example.org' };
  const env = {
    ...who,
    GIT_COMMITTER_NAME: who.GIT_AUTHOR_NAME,
    GIT_COMMITTER_EMAIL: who.GIT_AUTHOR_EMAIL,
    GIT_INDEX_FILE: join(directory, 'index'),
  };
  const git = async (args: readonly string[]) =>
    (await runCommand('git', ['--git-dir', repository, ...args], { env })).stdout;
  let tip = lab.kernel.commit;
  await git(['read-tree', tip]);
  let text = await git(['show', `${tip}:${FILE}`]);
  for (const [index, change] of CHANGES.entries()) {
    const before = text;
    text = change(text);
    if (text === before) throw new Error(`change ${index + 1} changes nothing`);
    const path = join(directory, 'core.c');
    writeFileSync(path, text);
    const blob = (await git(['hash-object', '-w', path])).trim();
    await git(['update-index', '--cacheinfo', `100644,${blob},${FILE}`]);
    const tree = (await git(['write-tree'])).trim();
    tip = (await git(['commit-tree', tree, '-p', tip, '-m', `lkdtm: change ${index + 1}`])).trim();
  }
  return { repository, tip };
}

t.test(
  'a per-patch run tells the patches that do not compile, and that a fault comes and goes',
  async (t) => {
    const directory = t.testdir();
    const { repository, tip } = await commitChanges(directory);
    const scenario = join(directory, 'scenario.yaml');
    writeFileSync(scenario, SCENARIO);
    const run = join(directory, 'run');
    const result = await runCommand(
      process.execPath,
      [
        join(import.meta.dirname, 'main.js'),
        'run',
        `${lab.kernel.commit}..${tip}`,
        '--repository',
        repository,
        '--kernel',
        'smoke-5.10',
        '--scenarios',
        scenario,
        '--arms',
        'per-patch',
        '--run-directory',
        run,
      ],
      { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
    );
    const words = `${result.stdout}\n${result.stderr}`;
    t.equal(result.exitCode, 1, words);
    const record = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
      readonly verdict: CampaignVerdict;
      readonly arms: readonly { readonly name: string; readonly build: ArmBuild }[];
    };
    t.strictSame(
      record.arms.map(({ name, build }) => [name, build.built]),
      [
        ['base', true],
        ['1', true],
        ['1..2', false],
        ['1..3', true],
        ['1..4', true],
      ],
    );
    t.match(record.arms[2]?.build.newDiagnostics[0]?.message, /half a thought/);
    t.equal(record.arms[1]?.build.sameBoot, true, 'only a module differs');
    const perPatch = record.verdict.perPatch;
    t.strictSame(perPatch?.notBisectableAt, [2, 3], words);
    t.strictSame(perPatch?.rows[0]?.states, ['good', 'good', 'notBuilt', 'bad', 'good']);
    t.match(perPatch?.rows[0]?.reason, /a fault that neither end has at 3\/4: WARNING in lkdtm_module_exit/);
    t.match(result.stdout, /^not ok 2 - the series is bisectable\n[^.]*notBisectableAt: \[2, 3\]/m);
    t.match(result.stderr, /from comes-and-goes\.1\.\.3\.1:/, 'the complaint on the way is shown');

    const build = await runCommand(
      process.execPath,
      [
        join(import.meta.dirname, 'main.js'),
        'build',
        `${lab.kernel.commit}..${tip}`,
        ...['--repository', repository, '--kernel', 'smoke-5.10', '--arms', 'per-patch'],
      ],
      { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
    );
    t.equal(build.exitCode, 1, 'a prefix that does not compile is no success');
    t.match(build.stdout, /^1\.\.2: does not compile$/m);
  },
);
