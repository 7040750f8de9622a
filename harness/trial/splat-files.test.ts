// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Finding, Splat, TrialSplat } from '../model/index.ts';
import { aSplat } from '../testing/index.ts';
import { listTrialFiles } from './files.ts';
import { selectSplats } from './result.ts';
import { SplatFiles } from './splat-files.ts';

const found = (name: string, start: number, text = `BUG in ${name}: ü\nline`): Splat => {
  const { text: _, ...body } = aSplat({ title: `BUG in ${name}`, signature: `2:${name}`, start });
  return { ...body, text };
};

const read = (directory: string, name: string) => readFileSync(join(directory, name), 'utf8');

const readLines = (directory: string) =>
  read(directory, 'splats.ndjson')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrialSplat);

function textOf(directory: string, { text }: TrialSplat): string | null {
  if (!text) return null;
  const bytes = readFileSync(join(directory, text.file));
  return bytes.subarray(text.offset, text.offset + text.length).toString();
}

t.test('each splat is a line as soon as it is found, and its text a reference', async (t) => {
  const directory = t.testdir();
  await using files = new SplatFiles(directory);
  files.add(found('f', 10));
  files.add(found('g', 90));
  const isWritten = () =>
    existsSync(join(directory, 'splats.ndjson')) && /\n.*\n$/.test(read(directory, 'splats.ndjson'));
  while (!isWritten()) await new Promise((resolve) => setImmediate(resolve));
  for (const [index, splat] of readLines(directory).entries()) {
    t.equal(splat.title, `BUG in ${index === 0 ? 'f' : 'g'}`);
    t.equal(textOf(directory, splat), found(index === 0 ? 'f' : 'g', 0).text);
  }
});

t.test('the final list replaces the lines; a text that is there already is not written again', async (t) => {
  const directory = t.testdir();
  await using files = new SplatFiles(directory);
  files.add(found('f', 10));
  files.add(found('g', 90));
  const final = await files.finish([
    { ...found('f', 10), panicked: true },
    { ...found('g', 90), follows: 0 },
  ]);
  t.strictSame(readLines(directory), final);
  t.match(final, [{ panicked: true }, { follows: 0 }]);
  t.strictSame(
    final.map((splat) => textOf(directory, splat)),
    [found('f', 0).text, found('g', 0).text],
  );
  t.equal(read(directory, 'splats.txt'), `${found('f', 0).text}\n${found('g', 0).text}\n`);
});

t.test('a splat that grew, or was never announced, gets its text at the end', async (t) => {
  const directory = t.testdir();
  await using files = new SplatFiles(directory);
  files.add(found('f', 10, 'short'));
  const final = await files.finish([found('f', 10, 'short, and more'), found('g', 90, 'late')]);
  t.strictSame(
    final.map((splat) => textOf(directory, splat)),
    ['short, and more', 'late'],
  );
});

t.test('splats of the two logs may stand at the same place', async (t) => {
  const directory = t.testdir();
  await using files = new SplatFiles(directory);
  files.add(found('f', 10, 'on the console'));
  const final = await files.finish([found('f', 10, 'on the console')], [found('g', 10, 'in kmsg only !')]);
  t.strictSame(
    final.map((splat) => textOf(directory, splat)),
    ['on the console', 'in kmsg only !'],
  );
});

t.test('without a splat there are no files', async (t) => {
  const directory = t.testdir();
  {
    await using files = new SplatFiles(directory);
    t.strictSame(await files.finish([]), []);
    t.equal(files.fault, null);
  }
  t.strictSame(await listTrialFiles(directory), {});
});

t.test('a flood is written only so far, and what is left out has no text', async (t) => {
  const directory = t.testdir();
  const big = 'x'.repeat(1024 * 1024);
  await using files = new SplatFiles(directory);
  const all = Array.from({ length: 20 }, (_, index) => found('f', index * 10, big));
  for (const splat of all) files.add(splat);
  const final = await files.finish(all);
  t.equal(final.length, 20);
  t.strictSame(
    final.map((splat) => splat.text !== null),
    all.map((_, index) => index < 15),
  );
  t.ok(read(directory, 'splats.txt').length <= 16 * 1024 * 1024);
});

t.test('many small splats are written only so far while they come', async (t) => {
  const directory = t.testdir();
  await using files = new SplatFiles(directory);
  for (let index = 0; index < 4_100; index += 1) files.add(found('f', index, 'x'));
  await files.finish([]);
  t.equal(readLines(directory).length, 4_000);
});

t.test('a file that cannot be written takes the texts away and nothing else', async (t) => {
  for (const name of ['splats.txt', 'splats.ndjson']) {
    const directory = t.testdir();
    mkdirSync(join(directory, name), { recursive: true });
    await using files = new SplatFiles(directory);
    files.add(found('f', 10));
    const final = await files.finish([found('f', 10)]);
    t.match(final, [{ title: 'BUG in f', text: null }], name);
    t.not(files.fault, null);
  }
});

t.test('files are listed by what they contain, else by their names', async (t) => {
  const directory = t.testdir({ 'console.log': 'abc', 'vm1.console': '', sub: { x: '1' } });
  t.strictSame(await listTrialFiles(directory), {
    console: {
      name: 'console.log',
      digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      bytes: 3,
    },
    'vm1.console': {
      name: 'vm1.console',
      digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      bytes: 0,
    },
    'sub/x': {
      name: 'sub/x',
      digest: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
      bytes: 1,
    },
  });
  t.strictSame(await listTrialFiles(join(directory, 'nowhere')), {});
});

t.test('every kind of file has a name for programs', async (t) => {
  const names = [
    'console.log',
    'dmesg.txt',
    'qemu.log',
    'clone-console.log',
    'clone-qemu.log',
    'splats.ndjson',
    'splats.txt',
    'overlay.squashfs',
  ];
  const directory = t.testdir(Object.fromEntries(names.map((name) => [name, 'x'])));
  const files = await listTrialFiles(directory);
  t.strictSame(Object.fromEntries(Object.entries(files).map(([key, file]) => [key, file.name])), {
    cloneConsole: 'clone-console.log',
    cloneQemu: 'clone-qemu.log',
    console: 'console.log',
    dmesg: 'dmesg.txt',
    overlay: 'overlay.squashfs',
    qemu: 'qemu.log',
    splats: 'splats.ndjson',
    splatTexts: 'splats.txt',
  });
});

t.test(
  'a result has the splats of findings first, and every index points to the same splat as before',
  async (t) => {
    const all = Array.from({ length: 60 }, (_, index) =>
      aSplat({ title: `s${index}`, follows: index === 40 ? 39 : index === 55 ? 3 : null }),
    );
    const aFinding = (splat: number | null): Finding => ({
      kind: splat === null ? 'death' : 'splat',
      signature: `${splat}`,
      title: `s${splat}`,
      step: null,
      details: [],
      splat,
    });
    const { splats, findings } = selectSplats(all, [aFinding(55), aFinding(null), aFinding(40)]);
    t.equal(splats.length, 50);
    t.strictSame(
      splats.slice(0, 5).map((splat) => splat.title),
      ['s55', 's40', 's0', 's1', 's2'],
    );
    t.equal(splats.at(-1)?.title, 's48');
    for (const finding of findings)
      if (finding.splat !== null) t.equal(splats[finding.splat]?.title, finding.title);
    t.strictSame(
      findings.map((one) => one.splat),
      [0, null, 1],
    );
    t.equal(splats[splats[0]?.follows ?? -1]?.title, 's3');
    t.equal(splats[splats[1]?.follows ?? -1]?.title, 's39');
    t.equal(selectSplats(all.slice(0, 2), []).splats.length, 2);
  },
);
