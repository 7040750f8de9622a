// SPDX-License-Identifier: MIT
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bakeOverlay, makeKeys } from '../image/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { type MachineSpec, OVERLAY_FILE, TemplateStore, thawClone } from './index.ts';
import { keyOfTemplate } from './template.ts';

t.setTimeout(30 * 60_000);

const LIMITS = { bootLimitMs: 300_000 };
const lab = await openTestLab();
const cacheDirectory = await mkdtemp(join(tmpdir(), 'ktrial-store-'));
t.teardown(() => rm(cacheDirectory, { recursive: true, force: true }));

let made = 0;
async function specify(directory: string): Promise<MachineSpec> {
  made += 1;
  const keys = makeKeys();
  const spec = plan({ directory, overlayPath: join(directory, OVERLAY_FILE), keys });
  await bakeOverlay(spec.overlayPath, { keys });
  return spec;
}

function plan(part: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: 'template',
    arch: lab.kernel.arch,
    directory: '/x',
    bootImage: lab.kernel.bootImage,
    rootPath: lab.image.rootPath,
    overlayPath: '/x/overlay',
    cpus: 1,
    memoryMib: 256,
    kernelArgs: [],
    network: false,
    accelerator: lab.accelerator,
    keys: { clientPrivateKey: '', hostPublicKey: '' },
    ...part,
  };
}

/** Changes one byte in the middle of a file of a template. */
async function modify(directory: string, name: string): Promise<void> {
  const file = await open(join(directory, name), 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    const at = Math.floor(size / 2);
    await file.read(byte, 0, 1, at);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
  } finally {
    await file.close();
  }
}

const names = async () =>
  (await readdir(join(cacheDirectory, 'templates'))).filter((name) => !name.endsWith('.lock')).sort();

t.test('everything that a machine is made of changes the key, and its directory does not', async (t) => {
  const key = await keyOfTemplate(plan(), ['kernel', 'image']);
  t.equal(
    await keyOfTemplate(plan({ directory: '/y', name: 'n', rootPath: '/r' }), ['kernel', 'image']),
    key,
  );
  for (const [what, other] of [
    ['cpus', keyOfTemplate(plan({ cpus: 2 }), ['kernel', 'image'])],
    ['memory', keyOfTemplate(plan({ memoryMib: 512 }), ['kernel', 'image'])],
    ['arguments', keyOfTemplate(plan({ kernelArgs: ['nosmp'] }), ['kernel', 'image'])],
    ['kernel', keyOfTemplate(plan(), ['other', 'image'])],
    ['accelerator', keyOfTemplate(plan({ accelerator: { kind: 'kvm', reason: '' } }), ['kernel', 'image'])],
  ] as const)
    t.not(await other, key, what);
});

t.test('a template is made once for all callers, and found again by the next store', async (t) => {
  await using store = new TemplateStore({ cacheDirectory });
  const [a, b] = await Promise.all([store.open('one', specify, LIMITS), store.open('one', specify, LIMITS)]);
  t.equal(made, 1);
  t.equal(a.directory, b.directory);
  await using other = new TemplateStore({ cacheDirectory });
  const found = await other.open('one', specify, LIMITS);
  t.equal(made, 1);
  const directory = await mkdtemp(join(cacheDirectory, 'clone-'));
  const clone = await thawClone(found, { name: 'clone', directory });
  t.teardown(() => clone.machine[Symbol.asyncDispose]());
  const guest = await clone.machine.connect(60_000);
  t.match(await guest.run('cat /proc/1/comm', { timeoutMs: 60_000 }), { stdout: 'init\n' });
});

t.test('a template with one changed byte is reported and made again', async (t) => {
  for (const part of ['ram', 'state', 'console.log', OVERLAY_FILE]) {
    const before = made;
    await modify(join(cacheDirectory, 'templates/one'), part);
    const notes: string[] = [];
    await using store = new TemplateStore({ cacheDirectory, onNote: (text) => notes.push(text) });
    await store.open('one', specify, LIMITS);
    t.equal(made, before + 1, part);
    t.match(notes, [`the template one is made again: ${part} is not what was written`]);
  }
});

t.test('a template that is modified while in use is made again before its next use', async (t) => {
  await using store = new TemplateStore({ cacheDirectory });
  const { directory } = await store.open('one', specify, LIMITS);
  const before = made;
  await modify(directory, 'ram');
  await store.open('one', specify, LIMITS);
  t.equal(made, before + 1);
});

t.test('a template that cannot be made is a fault for every caller, and leaves nothing behind', async (t) => {
  await using store = new TemplateStore({ cacheDirectory });
  const rootPath = join(t.testdir({ 'nothing.squashfs': '\0'.repeat(4096) }), 'nothing.squashfs');
  const broken = async (directory: string) => ({ ...(await specify(directory)), rootPath });
  const before = made;
  for (let time = 0; time < 2; time += 1)
    await t.rejects(store.open('two', broken, LIMITS), { code: 'MACHINE_ENDED' });
  t.equal(made, before + 1, 'it is tried once');
  t.strictSame(await names(), ['one']);
});

t.test(
  'the least recently used template is evicted when the limit is exceeded, but never one in use',
  async (t) => {
    await using user = new TemplateStore({ cacheDirectory });
    await user.open('one', specify, LIMITS);
    await using store = new TemplateStore({ cacheDirectory, limitBytes: 1 });
    await store.open('three', specify, LIMITS);
    t.strictSame(await names(), ['one', 'three'], 'one is in use');
    await user[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await using last = new TemplateStore({ cacheDirectory, limitBytes: 1 });
    await last.open('four', specify, LIMITS);
    t.strictSame(await names(), ['four']);
  },
);
