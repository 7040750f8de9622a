// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import { forEachRow, runShell } from '../testing/program.ts';
import { buildProgram } from './program.ts';

t.setTimeout(240_000);

const FILES = {
  'ok.yaml': `name: ok\ndescription: a test\nparameters: {count: 1}\nsteps:\n  - run: echo \${{count}}\n`,
  'other.yaml': 'name: other\ndescription: a test\nsteps:\n  - run: "true"\n',
  'a.config': 'CONFIG_A=y\n',
  'b.config': 'CONFIG_B=y\n',
};
const RUN = 'ktrial run --kernel smoke-5.10 --scenarios ok.yaml';

/** Command lines that say less than they seem to, with the code of the answer. */
const REFUSED: readonly (readonly [line: string, answer: RegExp])[] = [
  [`${RUN} --run-directory --dry-run`, /got --dry-run after --run-directory.*CLI_NO_VALUE/],
  [`${RUN} --run-directory -v`, /got -v after --run-directory.*CLI_NO_VALUE/],
  [`${RUN} --dry-run --run-directory ""`, /CLI_NO_VALUE/],
  [`${RUN} --dry-run --run-directory=`, /CLI_NO_VALUE/],
  [`${RUN} --dry-run --run-directory`, /argument missing/],
  [`${RUN} --dry-run --controls ""`, /CLI_NO_VALUE/],
  [`${RUN} --dry-run --seed ""`, /CLI_NO_VALUE/],
  [`${RUN} --dry-run --seed -1`, /whole number/],
  [`${RUN} --dry-run --seed 0x10`, /whole number/],
  [`${RUN} --dry-run --repeat 1e3`, /whole number/],
  [`${RUN} --dry-run --jobs " 2"`, /whole number/],
  [`${RUN} --dry-run --repeat 0`, /whole number/],
  [`${RUN} --dry-run ""`, /CLI_EMPTY_OPERAND/],
  [`${RUN} --dry-run --repeat 9007199254740991`, /LIMIT_EXCEEDED/],
  [`${RUN} --dry-run --limit trials`, /LIMIT_BAD_NUMBER/],
  [`${RUN} --dry-run --limit constructor=3`, /LIMIT_UNKNOWN/],
  [`${RUN} --dry-run --arms per-patch`, /--arms per-patch without a series/],
  [`${RUN} --dry-run --repository .`, /--repository without a series/],
  [`${RUN} --dry-run --cold --controls 3`, /cannot be used with/],
  [`${RUN} --dry-run --param count=1 --param count=2`, /--param count twice/],
  [`${RUN} --dry-run --kernel mdev-5.10`, /CLI_OPTION_TWICE/],
  [`${RUN} other.yaml --dry-run`, /got other.yaml as the series.*CAMPAIGN_NO_SERIES/],
  [`${RUN} --config a.config b.config --dry-run`, /got b.config as the series/],
  [`${RUN} --dry-run --mirror nowhere`, /must be an address/],
  [`${RUN} --dry-run --mirror $'http://x/\\n[trusted=yes]'`, /must be an address/],
  ['ktrial run --kernel smoke-5.10 --scenarios "" --dry-run', /CLI_NO_VALUE/],
  ['ktrial run --kernel smoke-5.10 --param a=1 --dry-run', /no scenario is named.*CAMPAIGN_NO_SCENARIOS/],
  ['ktrial lint ""', /CLI_EMPTY_OPERAND/],
  ['ktrial lint ok.yaml ""', /CLI_EMPTY_OPERAND/],
  ['ktrial scan ""', /CLI_EMPTY_OPERAND/],
  ['ktrial scan --also "" ok.yaml', /CLI_NO_VALUE/],
  ['ktrial scan --grade --json .', /cannot be used with/],
  ['ktrial scan --source . ok.yaml', /SCAN_NO_VMLINUX/],
  ['ktrial boot --kernel smoke-5.10 --timeout 9007199254740991 -- true', /from 1 to 604800/],
  ['ktrial boot --kernel smoke-5.10 --memory 99999999999 -- true', /from 64 to/],
  ['ktrial build --kernel smoke-5.10 --config --json', /CLI_NO_VALUE/],
  ['ktrial report -o', /argument missing/],
  ['ktrial report --output --verbose', /CLI_NO_VALUE/],
  ['ktrial show --color --debug latest', /got --debug after --color.*CLI_NO_VALUE/],
];

t.test(
  'an option without its value, and one that does nothing, is refused before anything starts',
  async (t) => {
    const cwd = t.testdir(FILES);
    await forEachRow(REFUSED, async ([line, answer]) => {
      const { exitCode, stdout, stderr } = await runShell(line, { cwd });
      t.equal(exitCode, 2, `${line}: ${stderr}`);
      t.match(stderr, answer, line);
      t.equal(stdout, '', line);
    });
    t.strictSame(readdirSync(cwd).sort(), Object.keys(FILES).sort(), 'nothing was made');
  },
);

t.test('options that may be repeated take one value each and leave the series alone', async (t) => {
  const cwd = t.testdir(FILES);
  const series = join(PROJECT_ROOT, 'kernels/mdev/series/v2.mbox');
  const line = `ktrial run -k mdev-5.10 -s ok.yaml -s other.yaml --config a.config --config b.config -p count=3 ${series} --dry-run`;
  const { exitCode, stdout, stderr } = await runShell(line, { cwd });
  t.equal(exitCode, 0, stderr);
  for (const words of [/a\.config .*b\.config/, /^series /m, /ok\.patched /, /other\.base /])
    t.match(stdout, words);
  t.notOk(existsSync(join(cwd, 'home')));
});

t.test('many trials are counted in the plan and not listed', async (t) => {
  const cwd = t.testdir(FILES);
  const { exitCode, stdout, stderr } = await runShell(
    `${RUN} --dry-run --repeat 100000 --limit trials=200000`,
    { cwd },
  );
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /^trials +105000$/m);
  t.match(stdout, /100000 of ok\.base \(clone\)/);
  t.ok(stdout.split('\n').length < 20);
});

t.test('every option of every command that takes a value refuses an empty one', async (t) => {
  let count = 0;
  const program = buildProgram(async () => {});
  for (const command of [program, ...program.commands])
    for (const option of command.options) {
      t.notOk(option.variadic, `${command.name()} ${option.flags} would swallow an operand`);
      if (!option.required) continue;
      count += 1;
      for (const value of ['', '--x'])
        t.throws(
          () => option.parseArg?.(value, undefined as never),
          { code: 'CLI_NO_VALUE', blame: 'request' },
          `${command.name()} ${option.flags}`,
        );
    }
  t.ok(count > 30, `${count} options`);
});
