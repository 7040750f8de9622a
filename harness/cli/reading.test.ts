// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeScratch } from '../host/index.ts';
import { forEachRow, runShell } from '../testing/program.ts';

t.setTimeout(300_000);

const SCENARIO = 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n';
const LOG = '[    1.000000] usb 1-1: all is well\n';
const RUN = 'ktrial run --kernel smoke-5.10 --scenarios ok.yaml --dry-run';

/** One way in which reading, writing or starting fails: the line, the exit code, and the code of the answer. */
type Row = readonly [line: string, exitCode: 2 | 69, answer: RegExp];

/** Everything that may stand where a file or directory of the user's is expected. */
async function makeField() {
  const scratch = await makeScratch('field');
  const at = (name: string) => join(scratch.path, name);
  chmodSync(scratch.path, 0o755);
  for (const [name, text] of Object.entries({
    'ok.yaml': SCENARIO,
    file: 'x',
    'a.log': LOG,
    'secret.yaml': SCENARIO,
  }))
    writeFileSync(at(name), text);
  for (const name of ['directory', 'home', 'closed', 'many', 'gone']) mkdirSync(at(name));
  writeFileSync(at('many/b.yaml'), SCENARIO.replace('ok', 'b'));
  symlinkSync('nowhere', at('many/a.yaml'));
  symlinkSync('nowhere', at('broken'));
  symlinkSync('loop', at('loop'));
  chmodSync(at('secret.yaml'), 0o000);
  chmodSync(at('closed'), 0o000);
  await runShell('mkfifo fifo; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')"', {
    cwd: scratch.path,
  });
  return scratch;
}

/** As somebody who may not read everything, which root may. */
const asOther = (line: string) =>
  process.getuid?.() === 0
    ? `setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "\${KTRIAL[@]}" ${line}`
    : `ktrial ${line}`;

const INPUTS: readonly Row[] = [
  ['ktrial lint directory/none.yaml', 2, /INPUT_NOT_FOUND/],
  ['ktrial lint file/below.yaml', 2, /part of the path is no directory.*INPUT_NOT_FOUND/],
  ['ktrial lint broken', 2, /symbolic link to nowhere.*INPUT_NOT_FOUND/],
  ['ktrial lint loop', 2, /in a loop.*INPUT_UNREADABLE/],
  ['ktrial lint fifo', 2, /named pipe.*INPUT_NOT_A_FILE/],
  ['ktrial lint socket', 2, /a socket.*INPUT_NOT_A_FILE/],
  ['ktrial lint /dev/zero', 2, /a device.*INPUT_NOT_A_FILE/],
  [`ktrial lint ${'n'.repeat(300)}`, 2, /so long a name.*INPUT_NOT_FOUND/],
  ['ktrial scan loop', 2, /INPUT_UNREADABLE/],
  ['ktrial scan socket', 2, /INPUT_NOT_A_FILE/],
  ['ktrial scan ftp://example.org/a.log', 2, /got the address/],
  ['ktrial run --kernel smoke-5.10 --scenarios loop --dry-run', 2, /INPUT_UNREADABLE/],
  ['ktrial run --kernel smoke-5.10 --scenarios fifo --dry-run', 2, /INPUT_NOT_A_FILE/],
  [`${RUN} --config directory`, 2, /INPUT_NOT_A_FILE/],
  [`${RUN} --config none`, 2, /INPUT_NOT_FOUND/],
  [`${RUN} socket`, 2, /INPUT_NOT_A_FILE/],
  [`${RUN} broken`, 2, /symbolic link to nowhere/],
  [`${RUN} HTTP://lore.kernel.org/x`, 2, /got the address.*\n.*b4 am/],
  [`${RUN} fifo`, 2, /INPUT_NOT_A_FILE/],
  [`${RUN} -o tap:directory`, 2, /CLI_BAD_OUTPUT/],
  [`${RUN} -o tap:file/below`, 2, /HOST_NOT_A_DIRECTORY/],
  [`${RUN} -o tap:/dev/full`, 2, /CLI_BAD_OUTPUT/],
  [`${RUN} --run-directory file`, 2, /no directory.*HOST_NOT_A_DIRECTORY/],
  [`${RUN} --run-directory file/below`, 2, /HOST_NOT_A_DIRECTORY/],
  [`${RUN} --run-directory loop`, 2, /HOST_NOT_A_DIRECTORY/],
  [`${RUN} --run-directory broken`, 2, /HOST_NOT_A_DIRECTORY/],
  [`${RUN} --run-directory many`, 2, /RUN_DIRECTORY_USED/],
  [`${RUN} --run-directory ${'n'.repeat(300)}`, 2, /HOST_NOT_A_DIRECTORY/],
  ['ktrial report directory', 2, /RUN_UNKNOWN/],
  [asOther('lint secret.yaml'), 2, /permission denied.*INPUT_UNREADABLE/],
  [asOther('lint closed/x.yaml'), 2, /permission denied.*INPUT_UNREADABLE/],
  [asOther('scan secret.yaml'), 2, /permission denied.*INPUT_UNREADABLE/],
  [asOther('report closed/run'), 2, /permission denied.*INPUT_UNREADABLE/],
];

const PLACES: readonly Row[] = [
  [`XDG_CACHE_HOME=$PWD/file ${RUN}`, 69, /the cache directory.*HOST_NOT_A_DIRECTORY.*\n.*XDG_CACHE_HOME/],
  [`XDG_CACHE_HOME=$PWD/broken ${RUN}`, 69, /HOST_NOT_A_DIRECTORY/],
  [`XDG_CACHE_HOME=$PWD/loop ${RUN}`, 69, /HOST_NOT_A_DIRECTORY/],
  [`XDG_CACHE_HOME=relative ${RUN}`, 2, /expected an absolute path.*HOST_BAD_PATH/],
  [`XDG_CACHE_HOME=$PWD/'a b' ${RUN}`, 2, /a path that make can work in.*HOST_BAD_PATH/],
  [`XDG_CACHE_HOME=$PWD/'a$b' ${RUN}`, 2, /HOST_BAD_PATH/],
  [`XDG_CACHE_HOME=$PWD/"a'b" ${RUN}`, 2, /HOST_BAD_PATH/],
  [`XDG_CACHE_HOME=$PWD/$'a\\nb' ${RUN}`, 2, /HOST_BAD_PATH/],
  [`HOME=relative ${RUN}`, 2, /HOME.*HOST_BAD_PATH/],
  [`XDG_STATE_HOME=$PWD/file ${RUN}`, 69, /HOST_NOT_A_DIRECTORY/],
  ['XDG_STATE_HOME=$PWD/file ktrial list', 69, /HOST_NOT_A_DIRECTORY/],
  ['XDG_STATE_HOME=relative ktrial list', 2, /HOST_BAD_PATH/],
  [`TMPDIR=$PWD/none ${RUN}`, 69, /temporary files[\s\S]*TMPDIR/],
  [`TMPDIR=$PWD/file ${RUN}`, 69, /temporary files.*HOST_NOT_A_DIRECTORY/],
  [
    `unshare -rm sh -c 'mount -t tmpfs -o ro tmpfs directory && exec "$@"' sh env XDG_CACHE_HOME=$PWD/directory "\${KTRIAL[@]}" ${RUN.slice(7)}`,
    69,
    /read-only|permission|not permitted/,
  ],
  [
    `unshare -rm sh -c 'mount -t tmpfs -o size=16k tmpfs directory && head -c 16k /dev/zero > directory/x; exec "$@"' sh env TMPDIR=$PWD/directory "\${KTRIAL[@]}" ${RUN.slice(7)}`,
    69,
    /HOST_DISK_FULL/,
  ],
  [`cd gone && rmdir ../gone && ktrial lint x.yaml`, 69, /HOST_NO_WORKING_DIRECTORY/],
  ['ktrial lint ok.yaml >/dev/full', 69, /HOST_DISK_FULL/],
  ['ktrial scan a.log >/dev/full', 69, /HOST_DISK_FULL/],
  [`${RUN} >/dev/full`, 69, /HOST_DISK_FULL/],
  ['ktrial show none 2>/dev/full', 2, /^$/],
  [
    `ktrial run --kernel smoke-5.10 --scenarios none 2>&1 >/dev/null | true; (exit \${PIPESTATUS[0]})`,
    2,
    /^$/,
  ],
];

t.test('what a user names and cannot be read is the request’s fault, never a verdict or a bug', async (t) => {
  await using field = await makeField();
  await forEachRow(INPUTS, async ([line, code, answer]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd: field.path, timeoutMs: 30_000 });
    t.equal(exitCode, code, `${line}: ${stderr}`);
    t.match(`${stdout}${stderr}`, answer, line);
  });
});

t.test(
  'a place that cannot be written is told before anything starts, with the setting that names it',
  async (t) => {
    await using field = await makeField();
    await forEachRow(PLACES, async ([line, code, answer]) => {
      const { exitCode, stderr } = await runShell(line, { cwd: field.path, timeoutMs: 30_000 });
      t.equal(exitCode, code, `${line}: ${stderr}`);
      t.match(stderr, answer, line);
    });
  },
);

t.test('lint goes on after a file that cannot be read', async (t) => {
  await using field = await makeField();
  const { exitCode, stdout } = await runShell('ktrial lint many fifo ok.yaml', { cwd: field.path });
  t.equal(exitCode, 2);
  t.match(stdout, /a\.yaml is a symbolic link to nowhere/);
  t.match(stdout, /^ok .*many\/b\.yaml$/m);
  t.match(stdout, /named pipe/);
  t.match(stdout, /^ok .*ok\.yaml$/m);
});

t.test('what needs no directory works in one that is gone', async (t) => {
  await using field = await makeField();
  const { exitCode, stdout, stderr } = await runShell(
    'log=$PWD/a.log; cd gone && rmdir ../gone && ktrial scan < $log && ktrial scan $log && ktrial --help | head -1',
    { cwd: field.path },
  );
  t.strictSame([exitCode, stderr], [0, '']);
  t.match(stdout, /Usage: ktrial/);
});
