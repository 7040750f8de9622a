// SPDX-License-Identifier: MIT
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { readTemplate, type Template, writeManifest } from './template.ts';

const FILES = ['ram', 'state', 'console.log', 'overlay.squashfs'];

/** A template of files that are none of QEMU's: a manifest only looks at bytes. */
async function aTemplate(t: { testdir(): string }): Promise<Template> {
  const directory = t.testdir();
  for (const name of FILES) await writeFile(join(directory, name), `${name}\0${'\0'.repeat(600_000)}end`);
  const template: Template = {
    directory,
    spec: {
      name: 'template',
      arch: 'x86_64',
      directory,
      bootImage: '/k/boot',
      rootPath: '/i/root',
      overlayPath: join(directory, 'overlay.squashfs'),
      dataDiskPath: join(directory, 'data'),
      cpus: 2,
      memoryMib: 512,
      kernelArgs: ['quiet'],
      network: false,
      accelerator: { kind: 'tcg', reason: 'a test' },
      keys: { clientPrivateKey: 'a', hostPublicKey: 'b' },
    },
    dataDisk: 'd',
    serial: true,
    greeting: 'U1NI',
    bootMs: 4_000,
  };
  await writeManifest(template, 'key');
  return template;
}

t.test('a template is read as it was written', async (t) => {
  const template = await aTemplate(t);
  t.strictSame(await readTemplate(template.directory, 'key'), template);
  t.match(await readTemplate(template.directory, 'other'), /belongs to another template/);
});

t.test('a manifest that is missing, cut off, changed, or something else is reported', async (t) => {
  const { directory } = await aTemplate(t);
  const path = join(directory, 'template.json');
  const good = await readFile(path, 'utf8');
  const rows = [
    'null',
    '7',
    '"text"',
    '[]',
    '{}',
    '{"format":4,"key":"key"}',
    '{"digest":"x","text":"{}"}',
    good.slice(0, -9),
    good.slice(0, 1),
    good.replace('"quiet', '"quies').replace('quiet', 'quies'),
    good.replace('512', '513'),
  ];
  for (const text of rows) {
    t.not(text, good);
    await writeFile(path, text);
    t.equal(await readTemplate(directory, 'key'), 'its manifest is not what was written', text.slice(0, 60));
  }
  await rm(path);
  t.equal(await readTemplate(directory, 'key'), 'it has no manifest');
});

t.test('one changed byte of any file is found, and so is a missing file', async (t) => {
  for (const name of FILES) {
    const { directory } = await aTemplate(t);
    const bytes = await readFile(join(directory, name));
    bytes[300_000] = 1;
    await writeFile(join(directory, name), bytes);
    t.equal(await readTemplate(directory, 'key'), `${name} is not what was written`);
    await rm(join(directory, name));
    t.equal(await readTemplate(directory, 'key'), 'a file is missing');
  }
});
