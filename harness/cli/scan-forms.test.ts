// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { forEachRow, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const CLEAN = Array.from({ length: 40 }, (_, at) => `[    ${at}.000000] usb 1-1: new device ${at}\n`).join(
  '',
);
const LOG = `${CLEAN}[   50.000000] BUG: kernel NULL pointer dereference, address: 0\n${CLEAN}`;

function pack(program: string, bytes: Buffer): Buffer {
  const { stdout, status } = spawnSync(program, ['-c'], { input: bytes });
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return stdout;
}

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const log = Buffer.from(LOG);

/** Logs in a form that has a way back to text: the complaint in them is found, and every line is counted. */
const READ: Readonly<Record<string, Buffer>> = {
  plain: log,
  gzip: gzipSync(log),
  'gzip, two members': Buffer.concat([gzipSync(LOG.slice(0, 500)), gzipSync(LOG.slice(500))]),
  'gzip, as one byte a chunk cannot be cut': gzipSync(log, { level: 0 }),
  xz: pack('xz', log),
  zstd: pack('zstd', log),
  bzip2: pack('bzip2', log),
  lz4: pack('lz4', log),
  'xz in gzip': gzipSync(pack('xz', log)),
  'UTF-16 LE with a mark': Buffer.from(`\ufeff${LOG}`, 'utf16le'),
  'UTF-16 LE': Buffer.from(LOG, 'utf16le'),
  'UTF-16 BE with a mark': utf16be(`\ufeff${LOG}`),
  'UTF-16 BE': utf16be(LOG),
  'UTF-16 in gzip': gzipSync(Buffer.from(`\ufeff${LOG}`, 'utf16le')),
  'UTF-8 with a mark': Buffer.from(`\ufeff${LOG}`),
  'CR LF': Buffer.from(LOG.replaceAll('\n', '\r\n')),
  'zeros after a crash': Buffer.concat([log, Buffer.alloc(4096)]),
  'console colours': Buffer.from(LOG.replaceAll('usb', '\u001b[1musb\u001b[0m')),
};

/** What is no log, or none any more: never clean, whatever is in it. */
const REFUSED: Readonly<Record<string, readonly [bytes: Buffer, answer: RegExp]>> = {
  empty: [Buffer.alloc(0), /SCAN_EMPTY/],
  'a line feed': [Buffer.from('\n'), /SCAN_EMPTY/],
  blanks: [Buffer.from(' \t\r\n \n'), /SCAN_EMPTY/],
  'nothing in gzip': [gzipSync(''), /SCAN_EMPTY/],
  'a mark alone': [Buffer.from([0xff, 0xfe]), /SCAN_EMPTY/],
  zeros: [Buffer.alloc(100_000), /NUL bytes.*SCAN_NOT_TEXT/],
  ELF: [readFileSync(process.execPath).subarray(0, 300_000), /an ELF file.*SCAN_NOT_TEXT/],
  PNG: [Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /a PNG image/],
  JPEG: [Buffer.from('ffd8ffe000104a464946', 'hex'), /a JPEG image/],
  ZIP: [Buffer.from('504b030414000000', 'hex'), /a ZIP archive/],
  PDF: [Buffer.from('%PDF-1.7\n'), /a PDF document/],
  tar: [Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\u000000'), log]), /a tar archive/],
  journal: [Buffer.from('LPKSHHRH\0\0\0\0'), /journalctl/],
  'crash dump': [Buffer.from('KDUMP   \0\0\0\0'), /vmcore-dmesg/],
  'UTF-32': [Buffer.from('fffe0000410000004200000043000000', 'hex'), /UTF-32/],
  noise: [
    Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919 + (at >> 3) * 104_729) % 256)),
    /SCAN_NOT_TEXT/,
  ],
  'gzip of an image': [gzipSync(Buffer.from('89504e470d0a1a0a', 'hex')), /a PNG image/],
  'gzip, cut': [gzipSync(log).subarray(0, 60), /SCAN_DAMAGED/],
  'gzip, damaged': [Buffer.concat([gzipSync(log).subarray(0, 40), Buffer.alloc(80, 7)]), /SCAN_DAMAGED/],
  'xz, cut': [pack('xz', log).subarray(0, 60), /SCAN_DAMAGED/],
  'zstd, cut': [pack('zstd', log).subarray(0, 40), /SCAN_DAMAGED/],
  'bzip2, cut': [pack('bzip2', log).subarray(0, 60), /SCAN_DAMAGED/],
  'gzip in gzip in gzip in gzip': [gzipSync(gzipSync(gzipSync(gzipSync(log)))), /SCAN_NOT_TEXT/],
};

t.test('a log in any form that can be read is read as what it is, with every line counted', async (t) => {
  const cwd = t.testdir({});
  await forEachRow(Object.entries(READ), async ([name, bytes]) => {
    const file = `${name.replace(/\W/g, '_')}.log`;
    writeFileSync(join(cwd, file), bytes);
    const { exitCode, stdout, stderr } = await runShell(`ktrial scan --json ${file}`, { cwd });
    t.equal(exitCode, 0, `${name}: ${stderr}`);
    const json = JSON.parse(stdout);
    t.equal(json.splats.length, 1, name);
    t.ok(
      json.lines === 81 || (name.startsWith('zeros') && json.lines === 82),
      `${name}: ${json.lines} lines`,
    );
  });
});

t.test('what is no log is refused with what it seems to be, and is never called clean', async (t) => {
  const cwd = t.testdir({});
  await forEachRow(Object.entries(REFUSED), async ([name, [bytes, answer]]) => {
    const file = `${name.replace(/\W/g, '_')}.log`;
    writeFileSync(join(cwd, file), bytes);
    const { exitCode, stdout, stderr } = await runShell(`ktrial scan ${file}`, { cwd });
    t.strictSame([exitCode, stdout], [2, ''], `${name}: ${stderr}`);
    t.match(stderr, answer, name);
  });
});

t.test('standard input that holds nothing is no clean log', async (t) => {
  const cwd = t.testdir({ 'a.log': LOG });
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['ktrial scan </dev/null', 2, /SCAN_EMPTY/],
    ['false | ktrial scan', 2, /SCAN_EMPTY.*\n.*dmesg may need root/],
    ['ktrial scan <&-', 2, /SCAN_EMPTY/],
    ['ktrial scan <.', 2, /directory on standard input/],
    ['ktrial scan --json </dev/null', 2, /SCAN_EMPTY/],
    ['ktrial scan 0>out', 2, /SCAN_EMPTY|INPUT_UNREADABLE/],
    ['head -c 9M /dev/zero | ktrial scan', 2, /NUL bytes/],
    ['ktrial scan --limit log-mib=1 < <(head -c 9M /dev/zero | tr "\\0" x)', 2, /at most 1 MiB/],
    ['ktrial scan --limit log-mib=1 < <(head -c 9M /dev/zero | tr "\\0" x | gzip)', 2, /at most 1 MiB/],
    ['ktrial scan --limit log-mib=1 < <(head -c 9M /dev/zero | tr "\\0" x | xz)', 2, /at most 1 MiB/],
    ['cat a.log | ktrial scan', 1, /^$/],
    ['gzip -c a.log | ktrial scan -', 1, /^$/],
    ['ktrial scan <a.log', 1, /^$/],
    ['ktrial scan <(cat a.log)', 1, /^$/],
    ['ktrial scan /dev/stdin <a.log', 1, /^$/],
  ];
  await forEachRow(rows, async ([line, code, answer]) => {
    const { exitCode, stderr } = await runShell(line, { cwd });
    t.equal(exitCode, code, `${line}: ${stderr}`);
    t.match(stderr, answer, line);
  });
});

t.test('a log that cannot be read does not hide the others, and ends with 2', async (t) => {
  const cwd = t.testdir({ 'a.log': LOG, 'b.log': CLEAN, 'c.log': '' });
  const { exitCode, stdout, stderr } = await runShell('ktrial scan c.log a.log b.log', { cwd });
  t.equal(exitCode, 2);
  t.match(stdout, /^a\.log: 1 complaint in 81 lines$/m);
  t.match(stdout, /^b\.log: no complaint of the kernel in 40 lines$/m);
  t.match(stderr, /c\.log: .*SCAN_EMPTY[\s\S]*1 of 3 logs could not be read/);
});

t.test('complaints beyond the limit are counted and said', async (t) => {
  const flood = Array.from(
    { length: 25 },
    (_, at) => `[   ${at * 20}.0] BUG: kernel NULL pointer dereference, address: 0\n${CLEAN}`,
  );
  const cwd = t.testdir({ 'a.log': flood.join('') });
  const all = JSON.parse((await runShell('ktrial scan --json a.log', { cwd })).stdout);
  t.equal(all.dropped, 0);
  const few = JSON.parse((await runShell('ktrial scan --json --limit splats=3 a.log', { cwd })).stdout);
  t.equal(few.splats.length + few.dropped, all.splats.length);
  t.ok(few.dropped > 0);
  const text = await runShell('ktrial scan --limit splats=3 a.log', { cwd });
  t.match(text.stdout, new RegExp(`${few.dropped} more complaints found and not kept: --limit splats=`));
});

t.test('a vmlinux that names no lines is said to be none', async (t) => {
  const cwd = t.testdir({ 'a.log': LOG, 'main.c': 'int main(void) { return 0; }\n', text: 'x' });
  spawnSync('gcc', ['-o', 'plain', 'main.c'], { cwd });
  const rows: readonly (readonly [string, RegExp])[] = [
    ['ktrial scan --vmlinux text a.log', /SCAN_NO_ELF/],
    ['ktrial scan --vmlinux plain a.log', /SCAN_NO_DEBUG_INFORMATION/],
    ['ktrial scan --vmlinux . a.log', /INPUT_NOT_A_FILE/],
    ['ktrial scan --vmlinux none a.log', /there is no vmlinux/],
    ['ktrial scan --vmlinux http://x.org/vmlinux a.log', /got the address/],
  ];
  await forEachRow(rows, async ([line, answer]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd });
    t.strictSame([exitCode, stdout], [2, ''], line);
    t.match(stderr, answer, line);
  });
});
