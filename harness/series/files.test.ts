// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { aMail, faultOf } from '../testing/mail.ts';
import { readSeries } from './index.ts';

t.setTimeout(240_000);

const ONE = aMail({ subject: '[PATCH 1/1] one' });

/** What a user may name as a file, made in a directory, with the Fault that it is. */
const FILES: Readonly<
  Record<string, readonly [make: (path: string) => unknown, code: string, message: RegExp]>
> = {
  nothing: [() => {}, 'INPUT_NOT_FOUND', /there is no mailbox/],
  'a named pipe': [(path) => execFileSync('mkfifo', [path]), 'INPUT_NOT_A_FILE', /a named pipe/],
  'a link to a named pipe': [
    (path) => {
      execFileSync('mkfifo', [`${path}.pipe`]);
      symlinkSync(`${path}.pipe`, path);
    },
    'INPUT_NOT_A_FILE',
    /a named pipe/,
  ],
  'a directory': [(path) => mkdirSync(path), 'INPUT_NOT_A_FILE', /a directory/],
  'a device': [(path) => symlinkSync('/dev/zero', path), 'INPUT_NOT_A_FILE', /a device/],
  'a device that blocks': [(path) => symlinkSync('/dev/tty', path), 'INPUT_NOT_A_FILE', /a device/],
  'a broken link': [(path) => symlinkSync('absent', path), 'INPUT_NOT_FOUND', /symbolic link to absent/],
  'a link in a loop': [(path) => symlinkSync(path, path), 'INPUT_UNREADABLE', /in a loop/],
  'an empty file': [(path) => writeFileSync(path, ''), 'SERIES_EMPTY', /no mail/],
  'NUL bytes': [(path) => writeFileSync(path, Buffer.alloc(9000)), 'SERIES_NOT_MAIL', /no mail headers/],
  'a program': [
    (path) => writeFileSync(path, Buffer.from('\x7fELF\x02\x01\x01', 'latin1')),
    'SERIES_NOT_MAIL',
    /no mail headers/,
  ],
  'a bare diff': [
    (path) => writeFileSync(path, 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n'),
    'SERIES_NOT_MAIL',
    /no mail headers/,
  ],
  'half a gzip file': [
    (path) => writeFileSync(path, gzipSync(ONE).subarray(0, 60)),
    'SERIES_UNREADABLE',
    /gzipped and damaged/,
  ],
  'a gzip file with rubbish in it': [
    (path) => writeFileSync(path, Buffer.concat([gzipSync(ONE).subarray(0, 40), Buffer.alloc(200, 7)])),
    'SERIES_UNREADABLE',
    /gzipped and damaged/,
  ],
  'an empty gzip file': [(path) => writeFileSync(path, gzipSync('')), 'SERIES_EMPTY', /no mail/],
  'the start of a gzip file': [
    (path) => writeFileSync(path, Buffer.from([0x1f, 0x8b])),
    'SERIES_UNREADABLE',
    /damaged/,
  ],
  'an HTML page of a mail archive': [
    (path) => writeFileSync(path, `<html><body><pre>${ONE.replaceAll('<', '&lt;')}</pre></body></html>\n`),
    'SERIES_NOT_MAIL',
    /is a page of HTML and no mail/,
  ],
  'a name that is too long': [() => {}, 'INPUT_NOT_FOUND', /so long a name/],
};

t.test('what is no mailbox is the request and not the computer', async (t) => {
  const root = t.testdir({});
  for (const [index, [name, [make, code, message]]] of Object.entries(FILES).entries()) {
    const path = join(root, name.includes('too long') ? 'x'.repeat(300) : `${index}.mbox`);
    make(path);
    const fault = await faultOf(readSeries({ kind: 'file', path }));
    t.strictSame([fault.code, fault.blame], [code, 'request'], name);
    t.match(fault.message, message, name);
    if (name === 'a directory' || name.includes('too long')) continue;
    // The same as a mail of a directory of patches.
    const directory = join(root, `${index}.directory`);
    mkdirSync(directory);
    writeFileSync(join(directory, '1.patch'), ONE);
    if (index > 0) make(join(directory, '2.patch'));
    if (index > 0)
      t.equal((await faultOf(readSeries({ kind: 'directory', path: directory }))).blame, 'request', name);
  }
});

t.test('a bad entry in a maildir is told and holds nothing up', async (t) => {
  const root = t.testdir({
    box: { cur: { '1': ONE }, new: {}, tmp: {} },
    other: { cur: { '1': ONE }, new: {}, tmp: {} },
  });
  execFileSync('mkfifo', [join(root, 'box/cur/2')]);
  const fault = await faultOf(readSeries({ kind: 'directory', path: join(root, 'box') }));
  t.match(fault, { code: 'INPUT_NOT_A_FILE', blame: 'request', message: /a named pipe .*cur\/2/ });
  symlinkSync('absent', join(root, 'other/cur/2'));
  t.match(await faultOf(readSeries({ kind: 'directory', path: join(root, 'other') })), {
    code: 'INPUT_NOT_FOUND',
    blame: 'request',
  });
  const server = createServer();
  // The path of a socket has at most 107 bytes.
  const directory = mkdtempSync(join(tmpdir(), 'ktrial-test-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  await new Promise<void>((resolve) => server.listen(join(directory, 'a.patch'), resolve));
  t.teardown(() => server.close());
  t.match(await faultOf(readSeries({ kind: 'directory', path: directory })), {
    code: 'INPUT_NOT_A_FILE',
    message: /a socket/,
  });
});

t.test('each part of a maildir is read as the maildir', async (t) => {
  const root = t.testdir({
    box: {
      cur: { a: aMail({ subject: '[PATCH 2/2] two' }) },
      new: { b: aMail({ subject: '[PATCH 1/2] one' }) },
      tmp: {},
    },
    cur: { 'a.patch': ONE },
  });
  for (const part of ['', '/cur', '/new', '/tmp', '/cur/'])
    t.equal((await readSeries({ kind: 'directory', path: `${root}/box${part}` })).patches.length, 2, part);
  t.equal(
    (await readSeries({ kind: 'directory', path: `${root}/cur` })).patches.length,
    1,
    'a directory called cur',
  );
});

t.test('a pipe of this process is read, and an interruption ends the waiting', async (t) => {
  const work = spawn(
    '/bin/bash',
    ['-c', 'exec "$0" "$@" <(printf "%s" "$MAIL")', process.execPath, '-e', PROGRAM],
    {
      env: { ...process.env, MAIL: ONE, MODULE: new URL('./index.js', import.meta.url).pathname },
    },
  );
  let output = '';
  work.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await new Promise((resolve) => work.once('close', resolve));
  t.equal(output, '1 one');
});

const PROGRAM = `import(process.env.MODULE).then(async ({ readSeries }) => {
  const { patches } = await readSeries({ kind: 'file', path: process.argv.at(-1) });
  process.stdout.write(patches.length + ' ' + patches[0].subject);
});`;

t.test('an interruption ends the reading of a large mailbox at once', async (t) => {
  const path = join(t.testdir({}), 'large.mbox');
  const mail = aMail({ subject: 'Re: [PATCH 1/1] one', body: 'x'.repeat(20_000) });
  writeFileSync(path, mail.repeat(5000));
  const controller = new AbortController();
  let isAborted = false;
  const onProgress = () => {
    isAborted = true;
    controller.abort();
  };
  setTimeout(onProgress, 100);
  const fault = await faultOf(readSeries({ kind: 'file', path }, { signal: controller.signal, onProgress }));
  t.ok(isAborted);
  t.match(fault, { code: 'HOST_INTERRUPTED', blame: 'request' });
});

t.test(
  'a full disk is the lab',
  { skip: process.getuid?.() === 0 ? false : 'needs root to mount a small disk' },
  async (t) => {
    // Of a longer path ktrial makes no directory for temporary files.
    const small = mkdtempSync('/tmp/ktrial-test-');
    t.teardown(() => rmSync(small, { recursive: true }));
    const path = join(t.testdir({}), 'a.mbox');
    writeFileSync(
      path,
      aMail({
        subject: '[PATCH] x',
        body: `${'long\n'.repeat(40_000)}---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n`,
      }),
    );
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = small;
    const fault = await faultOf(readSeries({ kind: 'file', path })).finally(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      execFileSync('umount', [small]);
    });
    t.match(fault, { code: 'HOST_DISK_FULL', blame: 'lab' });
  },
);
