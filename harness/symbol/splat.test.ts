// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { Frame, Splat } from '../model/index.ts';
import { openSymbolisers } from './index.ts';
import { openSymboliser } from './symboliser.ts';
import { parseSymbols } from './table.ts';

// Many small programs are started: on a busy computer that takes its time.
t.setTimeout(240_000);

const MAIN = `int twin_a(volatile int *); int twin_b(volatile int *);
static inline __attribute__((always_inline)) int inlined(volatile int *p) { twin_a(p); return *p + 1; }
__attribute__((noinline)) int outer(volatile int *p) {
  int first = inlined(p);
  return first * 2 + *p;
}
int start_kernel(volatile int *p) { return outer(p) + twin_b(p); }
int main(void) { volatile int x = 1; return start_kernel(&x); }
`;
const twin = (letter: string, body: string) =>
  `static __attribute__((noinline)) int twin(volatile int *p) { ${body} }\nint twin_${letter}(volatile int *p) { return twin(p) + 1; }\n`;
const MODULE = `extern int outer(volatile int *);
int plain(volatile int *p) { *p = 1; return outer(p) + 1; }
__attribute__((section(".init.text"))) int starting(volatile int *p) {
  *p = 2;
  return outer(p) + 2;
}
`;

/** A kernel in small: linked with debug information from files below \`init/\`, and a module that is not linked. */
async function aKernel(directory: string) {
  const gcc = (...args: string[]) =>
    runCommand('gcc', ['-g', '-O2', '-fno-ipa-icf', ...args], { cwd: directory });
  await gcc('-o', 'vmlinux', 'linux/init/main.c', 'linux/init/a.c', 'linux/init/b.c', '-I', '.');
  mkdirSync(join(directory, 'modules/drivers'), { recursive: true });
  await gcc('-c', '-o', 'modules/drivers/my-module.ko', 'linux/drivers/module.c');
  return {
    vmlinux: join(directory, 'vmlinux'),
    modules: join(directory, 'modules'),
    source: join(directory, 'linux'),
  };
}

const FILES = {
  linux: {
    init: {
      'main.c': MAIN,
      'a.c': twin('a', 'return *p * 3;'),
      'b.c': twin('b', 'int s = 0; for (int i = 0; i < *p; i++) s += *p * i; return s;'),
    },
    drivers: { 'module.c': MODULE },
  },
};

function aFrame(name: string, offset: number | null, more: Partial<Frame> = {}): Frame {
  const rest = { size: null, module: null, reliable: true, inline: false, file: null, line: null };
  return { function: name, offset, ...rest, ...more };
}

function aSplat(frames: readonly Frame[], pc: Frame | null = null): Splat {
  return {
    title: 'WARNING in outer',
    type: 'warning',
    culprit: 'outer',
    corrupted: false,
    alternatives: [],
    corruptedReason: null,
    panicked: false,
    seconds: null,
    comm: null,
    pid: null,
    cpu: null,
    taint: null,
    modules: [],
    pc,
    frames,
    traces: [{ label: 'Call Trace', frames }],
    start: 0,
    end: 1,
    text: '',
    follows: null,
    signature: 'x',
  };
}

/** Offset of the instruction after the first call in a function, as it stands in a trace. */
async function returnOffset(binary: string, name: string): Promise<number> {
  const { stdout } = await runCommand('objdump', [
    '-d',
    '--no-show-raw-insn',
    `--disassemble=${name}`,
    binary,
  ]);
  const lines = stdout.split('\n').filter((line) => /^\s+[0-9a-f]+:/.test(line));
  const call = lines.findIndex((line) => /\bcall/.test(line));
  const addressOf = (line = '') => Number.parseInt(line, 16);
  return addressOf(lines[call + 1]) - addressOf(lines[0]);
}

const brief = (frame: Frame | null | undefined) =>
  frame && `${frame.function} ${frame.file}:${frame.line}${frame.inline ? ' inline' : ''}`;

/** Process ids of the symbolisers of a binary. */
function childrenOf(binary: string): number[] {
  const isOne = (pid: string) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return /^(?:addr2line|llvm-symbolizer)\0/.test(words) && words.includes(binary);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isOne(name))
    .map(Number);
}

const hasLlvm = spawnSync('llvm-symbolizer', ['--version']).status === 0;

for (const preference of ['binutils', 'llvm'] as const) {
  const skip = preference === 'llvm' && !hasLlvm ? 'llvm-symbolizer is not installed' : false;
  t.test(
    `${preference}: a return address is the call's line, with what was inlined; a pointer is exact`,
    { skip },
    async (t) => {
      const kernel = await aKernel(t.testdir(FILES));
      await using symboliser = await openSymboliser(kernel.vmlinux, preference);
      const offset = await returnOffset(kernel.vmlinux, 'outer');
      const main = join(kernel.source, 'init/main.c');
      const called = await symboliser.locate(aFrame('outer', offset), false);
      t.strictSame(
        called.map((place) => [place.function, place.file.endsWith('init/main.c'), place.line]),
        [
          ['inlined', true, 2],
          ['outer', true, 4],
        ],
        main,
      );
      t.strictSame((await symboliser.locate(aFrame('outer', 0), true)).at(-1)?.line, 3);
      const covered = (await symboliser.cover(aFrame('outer', null))) ?? [];
      t.strictSame(
        [...new Set(covered.map((place) => place.line))].sort((a, b) => a - b),
        [2, 3, 4, 5, 6],
        'all lines of a function, and those inlined into it',
      );
      t.equal(await symboliser.cover(aFrame('absent', null)), null);
      t.strictSame(await symboliser.locate(aFrame('absent', 1), false), []);
      t.strictSame(await symboliser.locate(aFrame('outer', null), false), []);
      t.strictSame(
        await symboliser.locate(aFrame('outer', 0x7fffffff), false),
        [],
        'an address in no function',
      );
      const many = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          symboliser.locate(aFrame('outer', (index % 4) * offset), true),
        ),
      );
      t.ok(
        many.every((places, index) => JSON.stringify(places) === JSON.stringify(many[index % 4])),
        'many at once',
      );
    },
  );
}

t.test('statics of one name are told apart by the size that the trace prints', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  await using symboliser = await openSymboliser(kernel.vmlinux);
  const { stdout } = await runCommand('nm', ['--format=sysv', kernel.vmlinux]);
  const twins = parseSymbols(stdout).byName.get('twin') ?? [];
  t.equal(twins.length, 2);
  const files = [];
  for (const one of twins) {
    const places = await symboliser.locate(aFrame('twin', 1, { size: one.sizes[0] ?? null }), false);
    files.push(places.at(-1)?.file.replace(/^.*\//, ''));
  }
  t.strictSame(files.sort(), ['a.c', 'b.c']);
  t.strictSame(await symboliser.locate(aFrame('twin', 1), false), [], 'without a size nobody can tell');
});

t.test(
  'a splat gets lines relative to the source, inlined frames, and keeps what is not known',
  async (t) => {
    const kernel = await aKernel(t.testdir(FILES));
    await using symbolisers = openSymbolisers();
    const offset = await returnOffset(kernel.vmlinux, 'outer');
    const told = aFrame('told', 1, { file: 'fs/told.c', line: 7 });
    const frames = [
      aFrame('outer', offset, { reliable: false }),
      aFrame('absent', 1, { size: 4 }),
      told,
      aFrame('plain', await returnOffset(join(kernel.modules, 'drivers/my-module.ko'), 'plain'), {
        module: 'my_module',
      }),
      aFrame('starting', await returnOffset(join(kernel.modules, 'drivers/my-module.ko'), 'starting'), {
        module: 'my_module',
      }),
      aFrame('plain', 1, { module: 'no_such_module' }),
    ];
    const splat = await symbolisers.symboliseSplat(aSplat(frames, aFrame('outer', 0)), kernel);
    t.strictSame(splat.frames.map(brief), [
      'inlined init/main.c:2 inline',
      'outer init/main.c:4',
      'absent null:null',
      'told fs/told.c:7',
      'plain drivers/module.c:2',
      'starting drivers/module.c:5',
      'plain null:null',
    ]);
    t.equal(splat.frames[0]?.reliable, false, 'inlined into a guess is a guess');
    t.strictSame([splat.frames[1]?.offset, splat.frames[0]?.offset], [offset, null]);
    t.strictSame(splat.traces[0]?.frames, splat.frames);
    t.equal(brief(splat.pc), 'outer init/main.c:3');
    t.equal(splat.title, 'WARNING in outer');
    const inside = await symbolisers.symboliseSplat(aSplat([], aFrame('outer', offset - 1)), kernel);
    t.equal(brief(inside.pc), 'outer init/main.c:4');
    t.strictSame(
      inside.traces.map((trace) => [trace.label, ...trace.frames.map(brief)]).at(-1),
      ['RIP', 'inlined init/main.c:2 inline', 'outer init/main.c:4'],
      'what was inlined at the instruction pointer is kept as a trace',
    );
    const again = await symbolisers.symboliseSplat(splat, kernel);
    t.strictSame(again.frames, splat.frames, 'a second time changes nothing');
  },
);

t.test('without debug information, or without a kernel, a splat stays as it is', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  await using symbolisers = openSymbolisers();
  const splat = aSplat([aFrame('outer', 1), aFrame('plain', 1, { module: 'my_module' })], aFrame('outer', 0));
  const absent = { vmlinux: '/nonexistent/vmlinux', modules: '/nonexistent', source: '/nonexistent' };
  t.strictSame(await symbolisers.symboliseSplat(splat, absent), splat);
  t.strictSame(
    await symbolisers.symboliseSplat(splat, { ...absent, vmlinux: join(kernel.source, 'init/main.c') }),
    splat,
  );
  await runCommand('strip', ['-g', '-o', `${kernel.vmlinux}.bare`, kernel.vmlinux]);
  t.strictSame(
    (await symbolisers.symboliseSplat(splat, { ...absent, vmlinux: `${kernel.vmlinux}.bare` })).frames,
    splat.frames,
  );
});

t.test('two splats of one kernel share a child, and none is left after closing', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  const children = () => childrenOf(kernel.vmlinux).length;
  const splat = aSplat([aFrame('outer', 1), aFrame('start_kernel', 1)]);
  const symbolisers = openSymbolisers();
  const symbolise = () => symbolisers.symboliseSplat(splat, kernel);
  await Promise.all([symbolise(), symbolise()]);
  await symbolise();
  t.equal(children(), 1);
  await symbolisers[Symbol.asyncDispose]();
  t.equal(children(), 0);
  t.strictSame(await symbolise(), splat, 'after closing nothing is started');
  t.equal(children(), 0);
});

t.test('two campaigns in one process do not end each other’s children', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  const children = () => childrenOf(kernel.vmlinux).length;
  const splat = aSplat([aFrame('outer', 1)]);
  const first = openSymbolisers();
  await using second = openSymbolisers();
  await first.symboliseSplat(splat, kernel);
  const [own] = childrenOf(kernel.vmlinux);
  await second.symboliseSplat(splat, kernel);
  t.equal(children(), 2);
  await first[Symbol.asyncDispose]();
  t.equal(children(), 1);
  t.not(childrenOf(kernel.vmlinux)[0], own, 'the child of the second is the one that stays');
  const placed = await second.symboliseSplat(aSplat([aFrame('outer', 2)]), kernel);
  t.match(brief(placed.frames.at(-1)), /^outer init\/main\.c:\d/);
  t.equal(children(), 1);
});

t.test('two copies of one vmlinux share a child; a stripped copy is another binary', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  await using symbolisers = openSymbolisers();
  const copy = `${kernel.vmlinux}.copy`;
  const bare = `${kernel.vmlinux}.bare`;
  await runCommand('cp', [kernel.vmlinux, copy]);
  await runCommand('strip', ['-g', '-o', bare, kernel.vmlinux]);
  const splat = aSplat([aFrame('outer', 1)]);
  const named = [];
  for (const vmlinux of [bare, kernel.vmlinux, copy])
    named.push((await symbolisers.symboliseSplat(splat, { ...kernel, vmlinux })).frames.map(brief).at(-1));
  t.strictSame(named, ['outer null:null', 'outer init/main.c:3', 'outer init/main.c:3']);
  t.equal(childrenOf(copy).length, 0);
});

t.test('an object that was compiled in another tree has its path in this one', async (t) => {
  const directory = t.testdir({ ...FILES, elsewhere: { linux: structuredClone(FILES.linux) } });
  const kernel = await aKernel(directory);
  await using symbolisers = openSymbolisers();
  await runCommand('gcc', ['-g', '-O2', '-c', '-o', '../../module.ko', 'drivers/module.c'], {
    cwd: join(directory, 'elsewhere/linux'),
  });
  await runCommand('mv', [join(directory, 'module.ko'), join(kernel.modules, 'drivers/my-module.ko')]);
  const frames = [aFrame('plain', 1, { module: 'my_module' })];
  t.strictSame((await symbolisers.symboliseSplat(aSplat(frames), kernel)).frames.map(brief), [
    'plain drivers/module.c:2',
  ]);
  const other = { ...kernel, source: join(directory, 'nowhere') };
  t.equal(
    (await symbolisers.symboliseSplat(aSplat(frames), other)).frames[0]?.file,
    join(directory, 'elsewhere/linux/drivers/module.c'),
    'a tree that has no such file makes no path',
  );
});

t.test('a child that dies is replaced once, and a second death leaves frames as they are', async (t) => {
  const kernel = await aKernel(t.testdir(FILES));
  await using symboliser = await openSymboliser(kernel.vmlinux, hasLlvm ? 'llvm' : 'binutils');
  const at = (offset: number) => symboliser.locate(aFrame('outer', offset), true);
  const killAll = () => {
    for (const pid of childrenOf(kernel.vmlinux)) process.kill(pid, 'SIGKILL');
  };
  t.not((await at(0)).length, 0);
  killAll();
  const second = await at(1);
  t.equal(second.length > 0, hasLlvm, 'addr2line takes over from llvm-symbolizer');
  killAll();
  t.strictSame(await at(2), []);
  t.strictSame(await at(3), []);
  t.equal(childrenOf(kernel.vmlinux).length, 0);
});
