// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runShell } from '../testing/program.ts';
import { formatManual } from './manual.ts';
import { buildProgram } from './program.ts';
import { readVersion } from './root.ts';
import { listCommands } from './verb.ts';

t.setTimeout(120_000);

/** Lines that somebody is typing, and what may come next. */
const ROWS: readonly (readonly [words: string, offered: RegExp])[] = [
  ['ru', /^run\t.+\n:4$/m],
  ["''", /^boot\t[\s\S]*^shell\t/m],
  ['run --ker', /^--kernel\t/m],
  ['run --lim', /^--limit\t/m],
  ["run --kernel ''", /^mdev-5\.10\t[\s\S]*^smoke-5\.10\t/m],
  ['run --kernel=mdev', /^mdev-5\.10\t/m],
  ['run -k smo', /^smoke-5\.10\t/m],
  ['run -s scenarios/mdev/quick/vm-p', /^scenarios\/mdev\/quick\/vm-positive\.yaml\t/m],
  ['run -s own', /^own\.yaml\t/m],
  ['run deep', /^deep\/\t\n:6$/m],
  ['run deep/', /^deep\/series\.mbox\t/m],
  ["run -o ''", /^tap\t[\s\S]*^json\t/m],
  ["run --exit-code ''", /^verdict\t[\s\S]*^bisect\t/m],
  ['run --limit build-m', /^build-minutes=\t\n/m],
  ["resume ''", /^latest\t[\s\S]*^20260101T000000-x-1\t/m],
  ["config ''", /^origin\t/m],
  ["complete ''", /^bash\t[\s\S]*^fish\t/m],
  ["nonsense ''", /^:4$/m],
];

t.test(
  'verbs, options and their values are completed: kernels, scenarios, files, formats, runs',
  async (t) => {
    const cwd = t.testdir({ 'own.yaml': '', deep: { 'series.mbox': '' } });
    const run = join(cwd, 'home/.local/state/ktrial/runs/20260101T000000-x-1');
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'journal.ndjson'), '');
    for (const [words, offered] of ROWS) {
      const { exitCode, stdout } = await runShell(`ktrial complete -- ${words}`, { cwd });
      t.equal(exitCode, 0, words);
      t.match(stdout, offered, words);
    }
  },
);

t.test('the scripts are those of the shells, and bash reads its own twice', async (t) => {
  const cwd = t.testdir();
  const twice = 'eval "$(ktrial complete bash)"; eval "$(ktrial complete bash)"; complete -p ktrial';
  t.match(await runShell(twice, { cwd }), { exitCode: 0, stderr: '', stdout: /-F __ktrial_complete ktrial/ });
  t.match(await runShell('ktrial complete zsh', { cwd }), { exitCode: 0, stdout: /^#compdef ktrial/ });
  t.match(await runShell('ktrial complete fish', { cwd }), { exitCode: 0, stdout: /complete -c ktrial/ });
  for (const word of ['', 'tcsh', 'bash zsh'])
    t.match(
      await runShell(`ktrial complete ${word}`, { cwd }),
      { exitCode: 2, stderr: /CLI_UNKNOWN_SHELL/ },
      word,
    );
});

t.test(
  'bash completes a line through its script',
  {
    skip: existsSync('/usr/share/bash-completion/bash_completion')
      ? false
      : 'bash-completion is not installed',
  },
  async (t) => {
    const line = `. /usr/share/bash-completion/bash_completion; eval "$(ktrial complete bash)"
      COMP_WORDS=(ktrial run --kernel mdev) COMP_CWORD=3 COMP_LINE="ktrial run --kernel mdev" COMP_POINT=24
      __ktrial_complete; echo "\${COMPREPLY[@]}"`;
    t.equal((await runShell(line, { cwd: t.testdir() })).stdout, 'mdev-5.10\n');
  },
);

t.test('every verb, operand and option is in the manual page and can be completed', async (t) => {
  const program = buildProgram(async () => {});
  const page = formatManual(program, readVersion()).replaceAll('\\-', '-');
  const cwd = t.testdir();
  let count = 0;
  for (const command of listCommands(program)) {
    if (command === program) continue;
    const name = command.parent === program ? command.name() : `${command.parent?.name()} ${command.name()}`;
    const [, section = ''] = page.split(`.SS ktrial ${name} `);
    const own = section.split('\n.S')[0] ?? '';
    t.not(own, '', name);
    const { stdout } = await runShell(`ktrial complete -- ${name} --`, { cwd });
    for (const option of command.options) {
      count += 1;
      t.ok(own.includes(`.B ${option.flags}\n`), `${name} ${option.flags} is in the manual`);
      t.ok(stdout.includes(`${option.long}\t`), `${name} ${option.flags} is completed`);
    }
    for (const argument of command.registeredArguments)
      t.ok(own.includes(`.I ${argument.name()}\n`), `${name} ${argument.name()}`);
  }
  t.ok(count > 60, `${count} options`);
  t.match(await runShell('ktrial man', { cwd }), { exitCode: 0, stdout: /^\.TH KTRIAL 1/ });
});
