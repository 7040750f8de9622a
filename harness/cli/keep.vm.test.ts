// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CACHE_HOME } from '../testing/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { runShell } from '../testing/program.ts';

t.setTimeout(15 * 60_000);

await openTestLab();
const home = mkdtempSync(join(tmpdir(), 'kt-'));
const env = { XDG_CACHE_HOME: CACHE_HOME, XDG_STATE_HOME: home, TMPDIR: home };
const shell = (line: string) => runShell(line, { cwd: home, env, timeoutMs: 300_000 });
/** The printed lines by their first word. */
const linesOf = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^ {2}(shell|monitor|gdb|end) +(.+)$/gm)].map(([, key, line]) => [key, line]),
  );

t.teardown(() => rmSync(home, { recursive: true, force: true }));

t.test(
  'a machine that was kept can be reached by every printed line, and is a leftover when it has ended',
  async (t) => {
    const kept = await shell(`ktrial boot --kernel smoke-5.10 --keep -- 'exit 3'`);
    t.equal(kept.exitCode, 3, kept.stderr);
    const lines = linesOf(kept.stderr);
    t.teardown(() => shell(`${lines.end}`));
    const directory = /(\S+\/ktrial-machine-\S+?)\/ssh_config/.exec(lines.shell ?? '')?.[1] ?? '';
    for (const turn of [1, 2]) {
      const inGuest = await shell(`${lines.shell} 'uname -r' </dev/null`);
      t.match(inGuest, { exitCode: 0, stdout: /^5\.10\./m }, `session ${turn}: ${inGuest.stderr}`);
    }
    t.match(await shell(`${lines.monitor}`), { exitCode: 0, stdout: /VM status: running/ });
    const typed = await shell(`printf 'info version\\ninfo name\\n' | ${lines.monitor?.replace(/ .*$/, '')}`);
    t.match(typed, { exitCode: 0, stdout: /\d\.\d[\s\S]*ktrial-boot/ });
    const socket = /target remote ([^']+)/.exec(lines.gdb ?? '')?.[1] ?? '';
    const ask = `const s=require('net').connect('${socket}');s.on('data',d=>{process.stdout.write(d);if(/#..$/.test(d))process.exit(0)});s.write('$?#3f')`;
    t.match(await shell(`node -e ${JSON.stringify(ask).replaceAll('$', '\\$')}`), {
      exitCode: 0,
      stdout: /\$T0\dthread:01/,
    });

    const other = await shell('ktrial build --kernel smoke-5.10');
    t.match(other, { exitCode: 0 }, other.stderr);
    t.notMatch(other.stderr, /a leftover/);
    t.ok(existsSync(directory), 'another ktrial leaves it alone');
    t.match(await shell(`${lines.end}; sleep 2`), { exitCode: 0 });
    const after = await shell('ktrial build --kernel smoke-5.10');
    t.ok(after.stderr.includes(`removed ${directory}, a leftover`), after.stderr);
    t.notOk(existsSync(directory));
  },
);

t.test('a machine whose command succeeds is not kept', async (t) => {
  const { exitCode, stdout, stderr } = await shell('ktrial boot --kernel smoke-5.10 --keep -q -- echo fine');
  t.equal(exitCode, 0, stderr);
  t.equal(stdout, 'fine\n');
  t.equal(stderr, '', 'and with -q nothing else is said');
});
