// SPDX-License-Identifier: MIT
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { hostArchitecture, runCommand } from '../host/index.ts';
import { readBinary } from './elf.ts';

t.test('kind and build id are read from the file as readelf reads them', async (t) => {
  const directory = t.testdir({ 'a.c': 'int main(void) { return 0; }\n' });
  const gcc = (...args: string[]) => runCommand('gcc', ['-g', 'a.c', ...args], { cwd: directory });
  await gcc('-Wl,--build-id=sha1', '-o', 'linked');
  await gcc('-c', '-o', 'object');
  await gcc('-Wl,--build-id=none', '-o', 'nameless');
  await runCommand('ld', ['-r', '--build-id=sha1', '-o', 'module', 'object'], { cwd: directory });
  await runCommand('strip', ['-g', '-o', 'bare', 'linked'], { cwd: directory });
  for (const [name, relocatable] of [
    ['linked', false],
    ['module', true],
    ['bare', false],
  ] as const) {
    const path = join(directory, name);
    const { stdout } = await runCommand('readelf', ['-n', path]);
    const buildId = /Build ID: ([0-9a-f]{40})/.exec(stdout)?.[1];
    t.ok(buildId, name);
    const { size } = statSync(path);
    t.strictSame(await readBinary(path), { arch: hostArchitecture(), relocatable, buildId, size }, name);
  }
  t.match(await readBinary(join(directory, 'nameless')), { relocatable: false, buildId: null });
  t.match(await readBinary(join(directory, 'object')), { relocatable: true, buildId: null });
});

t.test('what is no 64-bit ELF file is nothing; headers that lie find nothing', async (t) => {
  const directory = t.testdir({ text: 'int main(void) { return 0; }\n', empty: '' });
  t.equal(await readBinary(join(directory, 'text')), null);
  t.equal(await readBinary(join(directory, 'empty')), null);
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  head.writeUInt16LE(2, 16);
  head.writeBigUInt64LE(32n, 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(0xffff, 60);
  const path = join(directory, 'lie');
  writeFileSync(path, head);
  t.match(await readBinary(path), { arch: null, relocatable: false, buildId: null });
  await t.rejects(readBinary(join(directory, 'absent')), { code: 'ENOENT' });
});
