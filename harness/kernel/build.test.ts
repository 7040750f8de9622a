// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { takeFreeLock } from '../host/index.ts';
import { type BuildResult, type Fault, isFault } from '../model/index.ts';
import { openSmallKernelLab, SMALL_MAKEFILE, type SmallKernelLab } from '../testing/small-kernel.ts';
import { openBuildTree, readStoredKernel } from './index.ts';

t.setTimeout(240_000);

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it did not fail');
}

function requireOk(result: BuildResult): Extract<BuildResult, { ok: true }> {
  if (result.ok) return result;
  throw new Error(result.logTail.join('\n'));
}

function findBuildTree(lab: SmallKernelLab): string {
  const directory = join(lab.cache, 'build-trees');
  const [name = ''] = readdirSync(directory).filter((one) => !one.endsWith('.lock'));
  return join(directory, name);
}

/** A line of the compiler script: the real gcc, with a cc1 that ends itself with a signal. */
function dyingCompiler(lab: SmallKernelLab, signal: string): string {
  const directory = join(lab.bin, `cc1-${signal}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cc1'), `#!/bin/sh\nkill -${signal} $$\n`);
  chmodSync(join(directory, 'cc1'), 0o755);
  return `exec /usr/bin/gcc -B${directory}/ "$@"`;
}

t.test('a kernel is compiled once, and stored with the dependencies of its modules', async (t) => {
  const lab = openSmallKernelLab(t);
  const first = requireOk(await lab.build());
  t.equal(first.cached, false);
  t.strictSame(lab.takeCompiled(), ['core.c', 'quiet.c']);
  t.match(first.diagnostics, [{ severity: 'warning', file: 'quiet.c', option: '-Wunused-variable' }]);
  t.equal(
    readFileSync(join(first.kernel.modules, 'modules.dep'), 'utf8'),
    'drivers/toy.ko: lib/base.ko\nlib/base.ko:\n',
  );
  const again = requireOk(await lab.build());
  t.equal(again.cached, true);
  t.strictSame(lab.takeCompiled(), []);
  t.strictSame(again.diagnostics, first.diagnostics);
  t.strictSame(again.kernel, first.kernel);
  t.strictSame(await readStoredKernel(dirname(first.kernel.vmlinux)), first.kernel);
});

t.test('a kernel without modules is another one', async (t) => {
  const lab = openSmallKernelLab(t);
  const bare = requireOk(await lab.build({ modules: false }));
  t.notOk(existsSync(join(bare.kernel.modules, 'drivers/toy.ko')));
  const whole = requireOk(await lab.build());
  t.not(whole.kernel.digest, bare.kernel.digest);
  t.ok(existsSync(join(whole.kernel.modules, 'drivers/toy.ko')));
});

t.test(
  'the warnings of touched files are known, even if an earlier build left them up to date',
  async (t) => {
    const lab = openSmallKernelLab(t);
    await lab.build();
    writeFileSync(join(lab.tree, 'core.c'), 'int core(void) { return 3; }\n');
    lab.takeCompiled();
    const other = requireOk(await lab.build());
    t.strictSame(lab.takeCompiled(), ['core.c'], 'the other file is up to date');
    t.strictSame(other.diagnostics, []);
    const touched = requireOk(await lab.build({ touched: ['quiet.c', 'absent.c'] }));
    t.match(touched.diagnostics, [{ file: 'quiet.c', option: '-Wunused-variable' }]);
    t.equal(touched.kernel.digest, other.kernel.digest);
    const cached = requireOk(await lab.build({ touched: ['quiet.c'] }));
    t.strictSame([cached.cached, cached.diagnostics], [true, touched.diagnostics]);
  },
);

t.test('all warnings of a base are known when the series touches a makefile', async (t) => {
  const lab = openSmallKernelLab(t);
  await lab.build();
  writeFileSync(join(lab.tree, 'core.c'), 'int core(void) { return 4; }\n');
  const incremental = requireOk(await lab.build({ touched: ['lib/Makefile'] }));
  t.strictSame(incremental.diagnostics, []);
  const base = requireOk(await lab.build({ touched: ['lib/Makefile'], isReference: true }));
  t.match(base.diagnostics, [{ file: 'quiet.c', option: '-Wunused-variable' }]);
  t.equal(requireOk(await lab.build({ touched: ['lib/Kconfig'], isReference: true })).cached, true);
});

t.test('an error in the source is a value, after a second attempt', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'core.c'), 'int core(void) { return "No space left on device" }\n');
  const result = await lab.build();
  t.notOk(result.ok);
  t.match(
    result.diagnostics.filter((one) => one.severity === 'error'),
    [{ file: 'core.c', line: 1, message: /expected .;/ }],
  );
  t.match(lab.said.join('\n'), /tried once more/);
  writeFileSync(join(lab.tree, 'core.c'), 'int f(void);\nint core(void) { return f(); }\n');
  writeFileSync(
    join(lab.tree, 'Makefile'),
    SMALL_MAKEFILE.replace('ld -r -o', 'ld -shared --no-undefined -o'),
  );
  t.notOk((await lab.build()).ok, 'an undefined symbol');
  writeFileSync(join(lab.tree, 'Makefile'), SMALL_MAKEFILE.replace('core.o', 'core.o $(O)/absent.o'));
  t.notOk((await lab.build()).ok, 'a file that a makefile names and the tree lacks');
  writeFileSync(join(lab.tree, 'Makefile'), `${SMALL_MAKEFILE}\tnothing\n}{\n`);
  const fault = await lab.build().catch((error: unknown) => error);
  t.notMatch(fault, { code: 'KERNEL_BUILD_DISTURBED' }, 'a makefile that cannot be parsed');
});

t.test('a base configuration that the source does not have is told with those that it has', async (t) => {
  const lab = openSmallKernelLab(t);
  const config = { ...lab.definition.config, base: 'nope_defconfig' };
  const open = () => openBuildTree({ ...lab.definition, config }, { cacheDirectory: lab.cache });
  t.match(await faultOf(open()), {
    blame: 'request',
    code: 'CONFIG_NO_BASE',
    message: /no nope_defconfig, and no other/,
  });
  mkdirSync(join(lab.tree, 'arch/x86/configs'), { recursive: true });
  writeFileSync(join(lab.tree, 'arch/x86/configs/x86_64_defconfig'), '');
  t.match(await faultOf(open()), { blame: 'request', next: /tinyconfig, defconfig, x86_64_defconfig$/ });
});

t.test('what fails once and then works is built, and its warnings are kept', async (t) => {
  const lab = openSmallKernelLab(t);
  lab.useCompiler(
    `case "$*" in *quiet.c*) ;; *) if [ ! -e "$CCACHE_DIR/done" ]; then touch "$CCACHE_DIR/done"; ${dyingCompiler(lab, 'KILL')}; fi ;; esac`,
  );
  const result = requireOk(await lab.build({ jobs: 1 }));
  t.match(
    lab.said.join('\n'),
    /the compiler was killed: .*program cc1: tried once more in an empty directory/,
  );
  t.match(result.diagnostics, [{ file: 'quiet.c' }]);
});

t.test('trouble of this computer is a fault of the lab, and its output is not built upon', async (t) => {
  const lab = openSmallKernelLab(t);
  requireOk(await lab.build());
  const troubles: [string, string, RegExp][] = [
    ['the compiler is killed', dyingCompiler(lab, 'KILL'), /the compiler was killed: .*cc1/],
    ['the compiler crashes', dyingCompiler(lab, 'SEGV'), /the compiler crashed: .*internal compiler error/],
    ['the compiler says nothing', 'exit 1', /no error names a file of the tree/],
    ['all of make is killed', 'kill -KILL 0', /was killed by SIGKILL/],
  ];
  for (const [index, [name, script, message]] of troubles.entries()) {
    writeFileSync(join(lab.tree, 'core.c'), `int core(void) { return 10 + ${index}; }\n`);
    lab.useCompiler(script);
    lab.said.length = 0;
    const fault = await faultOf(lab.build());
    t.equal(fault.blame, 'lab', name);
    t.match(fault.message, message, name);
    t.match(lab.said.join('\n'), /tried once more/, name);
    lab.useCompiler('');
    const halfWritten = join(findBuildTree(lab), 'out/half-written.o');
    writeFileSync(halfWritten, '');
    requireOk(await lab.build());
    t.notOk(existsSync(halfWritten), 'the output directory was discarded');
  }
});

t.test('a truncated file of the cache is discarded, said, and made again', async (t) => {
  const lab = openSmallKernelLab(t);
  const { kernel } = requireOk(await lab.build());
  const store = dirname(kernel.vmlinux);
  const built = findBuildTree(lab);
  const manifest = readFileSync(join(store, 'manifest.json'), 'utf8');
  const breaks: [string, () => void, RegExp][] = [
    ['manifest', () => truncateSync(join(store, 'manifest.json'), 40), /discarded .*truncated/],
    ['empty', () => writeFileSync(join(store, 'manifest.json'), ''), /discarded .*truncated/],
    [
      'another shape',
      () => writeFileSync(join(store, 'manifest.json'), manifest.replace('"compiled"', '"other"')),
      /discarded .*as expected/,
    ],
    ['boot image', () => truncateSync(join(store, 'boot'), 3), /discarded .*boot: got 3 bytes/],
    ['configuration', () => truncateSync(join(built, 'config.json'), 9), /configuration is settled again/],
    ['another configuration', () => writeFileSync(join(built, 'config.json'), 'null'), /is settled again/],
    ['module', () => rmSync(join(store, 'modules/lib/base.ko')), /base\.ko: got no file/],
  ];
  for (const [name, breakIt, message] of breaks) {
    lab.said.length = 0;
    breakIt();
    t.strictSame(requireOk(await lab.build()).kernel, kernel, name);
    t.match(lab.said.join('\n'), message, name);
  }
  writeFileSync(join(built, 'stored.json'), '{"vmlinux":');
  rmSync(store, { recursive: true });
  t.strictSame(requireOk(await lab.build()).kernel, kernel, 'what was stored from the output directory');
});

/** Command lines of running processes that contain a text. */
function findRunning(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(text));
}

t.test(
  'when ktrial is killed its build ends before the build tree is free, and is not built upon',
  async (t) => {
    const lab = openSmallKernelLab(t);
    lab.useCompiler('case "$*" in *core.c*) touch "$CCACHE_DIR/sleeps"; sleep 300 ;; esac');
    const at = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `import { openBuildTree } from ${at('./index.js')};
    const tree = await openBuildTree(${JSON.stringify(lab.definition)}, { cacheDirectory: ${JSON.stringify(lab.cache)}, jobs: 2 });
    await tree.build({ commit: tree.baseCommit });`;
    const ktrial = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    for (let tries = 0; !existsSync(join(lab.ccache(), 'sleeps')); tries += 1) {
      if (tries > 600 || ktrial.exitCode !== null) throw new Error('it does not compile');
      await sleep(50);
    }
    const [tree = ''] = readdirSync(join(lab.cache, 'build-trees')).filter((name) => !name.endsWith('.lock'));
    const lockPath = join(lab.cache, 'build-trees', `${tree}.lock`);
    t.equal(await takeFreeLock(lockPath), null);
    ktrial.kill('SIGKILL');
    const giveUpAt = Date.now() + 60_000;
    for (let isFree = false; !isFree; ) {
      const lock = await takeFreeLock(lockPath);
      isFree = lock !== null;
      await lock?.[Symbol.asyncDispose]();
      if (!isFree && Date.now() > giveUpAt)
        throw new Error(`the lock is still held, by one of: ${findRunning(lab.bin).join('; ')}`);
    }
    // On a busy computer one that SIGKILL has reached, and that runs no more, may still be listed.
    for (const soon = Date.now() + 10_000; findRunning(`${lab.bin}/gcc`).length > 0 && Date.now() < soon; )
      await sleep(50);
    t.strictSame(findRunning(`${lab.bin}/gcc`), [], 'no compiler is left');
    lab.useCompiler('');
    lab.takeCompiled();
    requireOk(await lab.build());
    t.strictSame(
      lab.takeCompiled(),
      ['core.c', 'quiet.c'],
      'the second file as well, which was compiled before',
    );
  },
);

t.test('a build says which of the touched files a compiler read, headers too', async (t) => {
  const lab = openSmallKernelLab(t);
  const write = (file: string, text: string) => writeFileSync(join(lab.tree, file), text);
  write('core.c', '#include "core.h"\nint core(void) { return ONE; }\n');
  write('core.h', '#define ONE 1\n');
  write('lonely.h', '');
  write('unbuilt.c', 'int unbuilt(void) { return 3; }\n');
  const touched = ['core.c', 'core.h', 'lonely.h', 'unbuilt.c', 'gone.c'];
  const filesOf = async () => requireOk(await lab.build({ touched, ofSeries: true })).files;
  const expected = {
    'core.c': 'compiled',
    'core.h': 'compiled',
    'lonely.h': 'notCompiled',
    'unbuilt.c': 'notCompiled',
    'gone.c': 'absent',
  };
  t.strictSame(await filesOf(), expected);
  lab.takeCompiled();
  t.strictSame(await filesOf(), expected, 'the same from the cache');
  t.strictSame(lab.takeCompiled(), []);
  const more = requireOk(await lab.build({ touched: [...touched, 'quiet.c'], ofSeries: true }));
  t.equal(more.files['quiet.c'], 'compiled', 'what was not asked before is looked up');
});

t.test('an object that an earlier configuration left behind does not count as compiled', async (t) => {
  const lab = openSmallKernelLab(t);
  const touched = ['core.c', 'quiet.c'];
  requireOk(await lab.build({ touched, isReference: true }));
  const makefile = join(lab.tree, 'Makefile');
  writeFileSync(makefile, SMALL_MAKEFILE.replace('$(O)/core.o $(O)/quiet.o', '$(O)/core.o'));
  const { files } = requireOk(await lab.build({ touched, ofSeries: true }));
  const left = readdirSync(findBuildTree(lab), { recursive: true, encoding: 'utf8' });
  t.ok(
    left.some((path) => path.endsWith('/.quiet.o.cmd')),
    'its list of files is still there',
  );
  t.match(files, { 'core.c': 'compiled', 'quiet.c': 'notCompiled' });
});
