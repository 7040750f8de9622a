// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { forEachRow, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

/** Texts that a terminal obeys, or that turn, hide or join what stands around them. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a colour': '\u001b[31mred',
  'a title': '\u001b]0;owned\u0007',
  'a cleared screen': '\u001b[2J\u001b[H',
  'a request for an answer': '\u001b[6n',
  'a link': '\u001b]8;;http://x\u001b\\here\u001b]8;;\u001b\\',
  'a C1 sequence': '\u009b31m',
  'a C1 string': '\u009d0;x\u009c',
  'a backspace': 'good\b\b\b\bevil',
  'a carriage return': 'evil\rgood',
  'a bell': '\u0007',
  'a delete': 'x\u007f',
  'a shift out': '\u000e',
  'an override': 'abc\u202egnp.exe',
  'an embedding': '\u202bx',
  'an isolate': '\u2066x\u2069',
  'a right-to-left mark': '\u200fx',
  'an Arabic mark': '\u061cx',
  'a line separator': 'a\u2028b',
  'a next line': 'a\u0085b',
  'a zero-width space': 'a\u200bb',
  'a tag': 'a\u{e0041}b',
  'a byte order mark inside': 'a\ufeffb',
};

const OBEYED =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

/** Ways in which a text from outside comes to a message, a plan or a report; `$1` is the text. */
const WAYS: readonly string[] = [
  // A file name, a label, a key and a line of its frame.
  'ktrial lint "$1.yaml"; ktrial lint d/label.yaml; ktrial lint d/key.yaml',
  // A kernel, a fragment, a series, a repository, a run, a trial, a parameter, an option and a command.
  'ktrial run --kernel "$1" --scenarios ok.yaml --dry-run; ktrial run --kernel smoke-5.10 --scenarios ok.yaml --config d/a.config --dry-run',
  'ktrial run "$1..x" --repository "$1" --kernel smoke-5.10 --scenarios ok.yaml --dry-run; ktrial report "$1"; ktrial "$1"; ktrial "--$1"',
  // The plan, with a note and a subject, and a log with its name.
  'ktrial run d/a.mbox --kernel smoke-5.10 --scenarios d/ok.yaml --dry-run; ktrial scan "d/log$1" d/log; ktrial --limit "$1" list',
];

const PATCH = (subject: string) => `From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001
From: =?utf-8?B?${Buffer.from(subject).toString('base64')}?= <a@example.org>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] =?utf-8?B?${Buffer.from(subject).toString('base64')}?=

---
diff --git a/lib/bcd.c b/lib/bcd.c
--- a/lib/bcd.c
+++ b/lib/bcd.c
@@ -1,1 +1,1 @@
-a
+b
`;

function makeField(directory: string, text: string): void {
  mkdirSync(join(directory, 'd'), { recursive: true });
  const quoted = JSON.stringify(text);
  const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
  write('ok.yaml', 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n');
  write('d/ok.yaml', `name: ok\ndescription: ${quoted}\nsteps:\n  - run: "true"\n    label: ${quoted}\n`);
  write(
    'd/label.yaml',
    `name: ok\ndescription: d\nsteps:\n  - run: "true"\n    label: ${quoted}\n    ${quoted}: 1\n`,
  );
  write('d/key.yaml', `${text}: 1\nname: ok\n# ${text}\n`);
  write('d/a.config', `CONFIG_A=y\n${text}\n`);
  write('d/a.mbox', PATCH(text));
  write(
    'd/log',
    `[    1.0] BUG: kernel NULL pointer dereference, ${text}\n[    1.0] CPU: 0 PID: 1 Comm: ${text}\n`,
  );
}

t.test('nothing that comes from outside gives orders to a terminal', async (t) => {
  const cwd = t.testdir({});
  await forEachRow(Object.entries(HOSTILE), async ([name, text]) => {
    const directory = join(cwd, name.replace(/\W/g, '_'));
    makeField(directory, text);
    // Each text takes one of the ways through the program, in turn; all ways are taken five times and more.
    const way = WAYS[Object.keys(HOSTILE).indexOf(name) % WAYS.length] ?? '';
    const { stdout, stderr } = await runShell(`set -- "$TEXT"; ${way}`, {
      cwd: directory,
      env: { TEXT: text, FORCE_COLOR: '' },
    });
    const all = `${stdout}${stderr}`;
    t.notMatch(all, OBEYED, `${name}: ${JSON.stringify(all)}`);
    t.ok(all.length > 100, `${name} was printed: ${all}`);
    t.notMatch(all, /a bug in ktrial/, name);
  });
});

t.test('JSON for programs keeps its values, and a terminal sees escapes', async (t) => {
  const cwd = t.testdir({ log: '[    1.0] BUG: kernel NULL pointer dereference, address: 0\n' });
  const { stdout, exitCode, stderr } = await runShell('cp log "$TEXT"; ktrial scan --json "$TEXT"', {
    cwd,
    env: { TEXT: 'a\u202eb\u009bc\u{e0041}' },
  });
  t.equal(exitCode, 0, stderr);
  t.notMatch(stdout, OBEYED);
  t.match(stdout, /a\\u202eb/);
  t.equal(JSON.parse(stdout).file, 'a\u202eb\u009bc\u{e0041}');
});

t.test('only the colours of a report pass, where they are asked for', async (t) => {
  const cwd = t.testdir({
    log: '[    1.0] BUG: kernel \u001b[2J\u001b[44mNULL pointer dereference, address: 0\n',
  });
  const { stdout } = await runShell('ktrial --color always scan log', { cwd });
  t.match(stdout, /^\u001b\[1m/);
  t.notMatch(stdout, /\u001b\[2J|\u001b\[44m/);
});
