// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { hostArchitecture } from '../host/index.ts';
import type { BuildResult } from '../model/index.ts';
import { openSmallKernelLab } from '../testing/small-kernel.ts';
import { describeToolchain, openToolchain, programsOf } from './toolchain.ts';

t.setTimeout(240_000);

function requireOk(result: BuildResult): Extract<BuildResult, { ok: true }> {
  if (result.ok) return result;
  throw new Error(result.logTail.join('\n'));
}

t.test('this computer’s own gcc needs no arguments; every other toolchain is named to make', async (t) => {
  const other = hostArchitecture() === 'arm64' ? 'x86_64' : 'arm64';
  const own = hostArchitecture() ?? 'x86_64';
  const prefix = other === 'arm64' ? 'aarch64-linux-gnu-' : 'x86_64-linux-gnu-';
  t.strictSame(programsOf('gcc', own), { cc: 'gcc', hostCc: 'gcc', ld: 'ld', makeArguments: [] });
  t.strictSame(programsOf('gcc', other), {
    cc: `${prefix}gcc`,
    hostCc: 'gcc',
    ld: `${prefix}ld`,
    makeArguments: [`CROSS_COMPILE=${prefix}`],
  });
  t.strictSame(programsOf('llvm', own).makeArguments, ['LLVM=1']);
  t.strictSame(programsOf('llvm-16', other), {
    cc: 'clang-16',
    hostCc: 'clang-16',
    ld: 'ld.lld-16',
    makeArguments: [
      'LLVM=1',
      'CC=clang-16',
      'HOSTCC=clang-16',
      'LD=ld.lld-16',
      'AR=llvm-ar-16',
      'NM=llvm-nm-16',
      'OBJCOPY=llvm-objcopy-16',
      'OBJDUMP=llvm-objdump-16',
      'READELF=llvm-readelf-16',
      'STRIP=llvm-strip-16',
      `CROSS_COMPILE=${prefix}`,
    ],
  });
  t.equal(describeToolchain({ compiler: 'gcc 12', linker: 'GNU ld 2.40' }), 'gcc 12');
  t.equal(
    describeToolchain({ compiler: 'clang 16', linker: 'Debian LLD 16 (compatible with GNU linkers)' }),
    'clang 16, Debian LLD 16',
  );
});

t.test('a compiler that is not installed is asked for with the line that installs it', async (t) => {
  await t.rejects(openToolchain('llvm-97', 'x86_64'), {
    blame: 'request',
    code: 'KERNEL_NO_COMPILER',
    message: /the toolchain llvm-97 for x86_64 is not installed/,
    next: 'sudo apt-get install -y --no-install-recommends clang-97 lld-97 llvm-97',
  });
  const { PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = t.testdir({});
  const other = hostArchitecture() === 'arm64' ? 'x86_64' : 'arm64';
  await t.rejects(openToolchain('gcc', other), {
    blame: 'request',
    code: 'KERNEL_NO_COMPILER',
    next: /gcc-(?:aarch64|x86-64)-linux-gnu$/,
  });
  await t.rejects(
    openToolchain('gcc', hostArchitecture() ?? 'x86_64'),
    { blame: 'lab', code: 'HOST_PROGRAM_MISSING' },
    'gcc itself is what every use needs',
  );
});

t.test(
  'the same tree is two kernels by gcc and by clang, each with the warnings of its compiler',
  async (t) => {
    const lab = openSmallKernelLab(t);
    const byGcc = requireOk(await lab.build());
    const byClang = requireOk(await lab.build({ toolchain: 'llvm' }));
    t.match(byGcc.kernel.compiler, /^gcc /);
    t.match(byClang.kernel.compiler, /clang version .*, .*LLD/);
    t.not(byClang.kernel.digest, byGcc.kernel.digest);
    for (const { diagnostics } of [byGcc, byClang])
      t.match(diagnostics, [{ severity: 'warning', file: 'quiet.c', option: '-Wunused-variable' }]);
    t.not(byClang.diagnostics[0]?.message, byGcc.diagnostics[0]?.message);
    t.equal(requireOk(await lab.build({ toolchain: 'llvm' })).cached, true);
  },
);

t.test('extra warnings and sparse find what they are asked for, in a kernel of their own', async (t) => {
  const lab = openSmallKernelLab(t);
  writeFileSync(join(lab.tree, 'core.c'), 'int core(int x) { return 1; }\n');
  const usual = requireOk(await lab.build());
  const checks = { extraWarnings: '1', sparse: true };
  const checked = requireOk(await lab.build({ checks }));
  t.not(checked.kernel.digest, usual.kernel.digest);
  const found = (result: BuildResult, file: string) =>
    result.diagnostics.filter((one) => one.file === file).map(({ option, message }) => option ?? message);
  t.strictSame(found(usual, 'core.c'), []);
  t.strictSame(found(checked, 'core.c'), [
    '-Wunused-parameter',
    "symbol 'core' was not declared. Should it be static?",
  ]);
  const again = requireOk(await lab.build({ checks }));
  t.strictSame([again.cached, again.diagnostics], [true, checked.diagnostics]);
});
