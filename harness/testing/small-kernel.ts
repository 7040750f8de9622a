// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type BuildChecks, type KernelDefinition, openBuildTree } from '../kernel/index.ts';
import { type BuildResult, DEFAULT_LIMITS, type Limits } from '../model/index.ts';

/**
 * A tree that make builds as it builds a kernel, with the same targets and results, from three files: `core.c` and
 * `quiet.c` become the kernel, `drivers/toy.c` a module that needs `lib/base.ko`.
 */
export const SMALL_MAKEFILE = `MAKEFLAGS += -rR
.DELETE_ON_ERROR:
OBJECTS := $(O)/core.o $(O)/quiet.o
allnoconfig: ; @cp $(KCONFIG_ALLCONFIG) $(O)/.config
olddefconfig: ; @test -f $(O)/.config
bzImage: $(O)/vmlinux
	@mkdir -p $(O)/arch/x86/boot $(O)/include/config
	@echo 5.10.0 >$(O)/include/config/kernel.release
	@cp $(O)/vmlinux $(O)/arch/x86/boot/bzImage
$(O)/vmlinux: $(OBJECTS)
	ld -r -o $@ $^
$(OBJECTS): $(O)/%.o: %.c $(wildcard *.h)
	@echo '  CC      $*.o'
	@cd $(O) && $(CC) -Wall $(if $(W),-Wextra) -MMD -MF $*.o.d -c -o $*.o $(CURDIR)/$*.c
	@mv $(O)/$*.o.d $(O)/.$*.o.cmd
	@$(if $(C),cd $(O) && $(CHECK) $(CURDIR)/$*.c)
core.o quiet.o: %.o: $(O)/%.o ;
modules: bzImage
	@mkdir -p $(O)/drivers $(O)/lib
	@echo 'MODULE_INFO(depends, "base");' >$(O)/drivers/toy.mod.c
	@echo 'MODULE_INFO(depends, "");' >$(O)/lib/base.mod.c
	@cp $(O)/vmlinux $(O)/drivers/toy.ko; cp $(O)/vmlinux $(O)/lib/base.ko
	@printf 'drivers/toy.ko\\nlib/base.ko\\n' >$(O)/modules.order
`;

/** The files of the tree. */
export const SMALL_TREE: Readonly<Record<string, string>> = {
  Kbuild: '# top\n',
  Makefile: SMALL_MAKEFILE,
  'core.c': 'int core(void) { return 1; }\n',
  'quiet.c': 'static int unused;\nint quiet(void) { return 2; }\n',
};

/**
 * A compiler that runs lines of shell of the test, then the real one. It is first on the PATH, as gcc. Builds are contained:
 * what it leaves for the test is in the compiler cache.
 */
const GCC = (script: string) => `#!/bin/sh
case " $* " in *" -c "*) { echo "$*" >>"$CCACHE_DIR/compiled"; } 2>/dev/null
${script}
esac
exec /usr/bin/gcc "$@"
`;

export interface SmallKernelLab {
  readonly tree: string;
  readonly cache: string;
  readonly bin: string;
  /** The compiler cache: the one place that a compiler can leave something in. */
  readonly ccache: () => string;
  readonly said: string[];
  readonly definition: KernelDefinition;
  /** Replaces the compiler by one that runs a script before each compilation. */
  useCompiler(script: string): void;
  /** Commits the source as it is, builds it and closes the build tree. */
  build(options?: {
    readonly touched?: readonly string[];
    readonly isReference?: boolean;
    readonly modules?: boolean;
    readonly toolchain?: string;
    readonly checks?: BuildChecks;
    readonly jobs?: number;
    readonly ofSeries?: boolean;
    readonly limits?: Partial<Limits>;
    readonly signal?: AbortSignal;
  }): Promise<BuildResult>;
  /** The sources compiled since the last call. */
  takeCompiled(): string[];
}

/** Lays out the tree, its definition and a cache in the directory of a test. */
export function openSmallKernelLab(t: Test): SmallKernelLab {
  const directory = t.testdir({
    linux: SMALL_TREE,
    bin: {},
    'a.config': 'CONFIG_A=y # for the test\n',
  });
  const bin = join(directory, 'bin');
  const { PATH } = process.env;
  process.env.PATH = `${bin}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  const definition: KernelDefinition = {
    name: 'small',
    description: 'three files',
    arch: 'x86_64',
    source: { directory: join(directory, 'linux') },
    config: {
      base: 'allnoconfig',
      file: null,
      fragments: [{ path: join(directory, 'a.config'), name: null }],
      options: {},
    },
    toolchain: 'gcc',
    patches: [],
    modules: true,
    path: 'small.yaml',
  };
  const ccache = () => {
    const parent = join(directory, 'cache/ccache');
    return join(parent, existsSync(parent) ? (readdirSync(parent)[0] ?? 'none') : 'none');
  };
  const lab: SmallKernelLab = {
    tree: join(directory, 'linux'),
    cache: join(directory, 'cache'),
    bin,
    ccache,
    said: [],
    definition,
    useCompiler(script) {
      writeFileSync(join(bin, 'gcc'), GCC(script));
      chmodSync(join(bin, 'gcc'), 0o755);
    },
    async build({
      modules = true,
      toolchain = 'gcc',
      checks,
      jobs = 2,
      limits = {},
      signal,
      ...request
    } = {}) {
      const onProgress = (text: string) => lab.said.push(text);
      const bounds = { ...DEFAULT_LIMITS, ...limits };
      const options = {
        cacheDirectory: lab.cache,
        jobs,
        checks,
        onProgress,
        limits: bounds,
        ...(signal ? { signal } : {}),
      };
      await using buildTree = await openBuildTree({ ...definition, modules, toolchain }, options);
      const commit = buildTree.baseCommit;
      return await buildTree.build({ commit, onProgress, ...request });
    },
    takeCompiled() {
      const log = join(ccache(), 'compiled');
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      rmSync(log, { force: true });
      // ccache may preprocess first, and compile then.
      return [...new Set(lines.map((line) => /(\w+\.c)(?:\s|$)/.exec(line)?.[1] ?? line))].sort();
    },
  };
  lab.useCompiler('');
  return lab;
}
