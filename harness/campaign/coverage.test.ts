// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand, runGit } from '../host/index.ts';
import type { BuildTree } from '../kernel/index.ts';
import { type CampaignState, Fault, type Kernel } from '../model/index.ts';
import { prepareCoverage } from './coverage.ts';

const CONFIG = ['MODULES', 'KPROBES', 'SYSFS', 'PROC_FS'].map((one) => `CONFIG_${one}=y\n`).join('');

/** A tree with a base and a patch, the kernel that is built of it, and what was asked of it. */
async function aTree(dir: string, config: string, build: () => void = () => {}) {
  const tree = join(dir, 'tree');
  mkdirSync(tree);
  mkdirSync(join(dir, 'modules'));
  const git = async (...args: string[]) => (await runGit(args, { cwd: tree })).stdout.trim();
  const commit = async (value: number) => {
    writeFileSync(join(tree, 'core.c'), `int core(void)\n{\n\treturn ${value};\n}\n`);
    await git('add', '.');
    await git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-q', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  await git('init', '-q');
  const [base, tip] = [await commit(1), await commit(2)];
  const vmlinux = join(dir, 'vmlinux');
  await runCommand('gcc', ['-g', '-c', '-o', vmlinux, join(tree, 'core.c')]);
  const built: string[] = [];
  const stub = {
    tree,
    config,
    baseCommit: base,
    async buildGuestModules({ modules }: { readonly modules: readonly string[] }) {
      build();
      built.push(...modules);
    },
  } as unknown as BuildTree;
  const kernel = { vmlinux, modules: join(dir, 'modules'), arch: 'x86_64' } as Kernel;
  const prepare = (patches: number, applied: readonly string[] = [tip]) =>
    prepareCoverage(
      { name: 'x', title: 'x', patches },
      { base, applied: applied.map((one) => ({ commit: one })) } as unknown as CampaignState,
      kernel,
      { tree: stub, moduleSources: '/modules', progress: () => {} },
    );
  return { prepare, built, base };
}

t.test('an arm has its changed functions, the base too, and the module that counts them', async (t) => {
  const { prepare, built } = await aTree(t.testdir(), CONFIG);
  for (const patches of [0, 1])
    t.match(await prepare(patches), {
      functions: [{ function: 'core', file: 'core.c', probes: ['core'] }],
      notMeasured: null,
    });
  t.strictSame(built, ['ktrial_coverage', 'ktrial_coverage']);
});

t.test('a kernel without kprobes counts nothing, and says so', async (t) => {
  const { prepare, built } = await aTree(t.testdir(), CONFIG.replace('CONFIG_KPROBES=y\n', ''));
  t.match(await prepare(1), { total: 1, notMeasured: 'the kernel would need CONFIG_KPROBES=y' });
  t.strictSame(built, []);
});

t.test('a module that cannot be built fails nothing else', async (t) => {
  const { prepare } = await aTree(t.testdir(), CONFIG, () => {
    throw new Fault({ blame: 'lab', code: 'KERNEL_GUEST_MODULE_FAILED', message: 'no compiler' });
  });
  t.match(await prepare(1), { total: 1, notMeasured: 'no compiler' });
});

t.test('an interruption is no reason to go on without counting', async (t) => {
  const { prepare } = await aTree(t.testdir(), CONFIG, () => {
    throw new Fault({ blame: 'lab', code: 'HOST_INTERRUPTED', message: 'stop' });
  });
  await t.rejects(prepare(1), { code: 'HOST_INTERRUPTED' });
});

t.test('a series that changes no function is not counted', async (t) => {
  const { prepare, built, base } = await aTree(t.testdir(), CONFIG);
  t.equal(await prepare(1, []), null);
  t.equal(await prepare(1, [base]), null);
  t.strictSame(built, []);
});
