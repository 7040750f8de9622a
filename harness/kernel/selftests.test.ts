// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { openSmallKernelLab, type SmallKernelLab } from '../testing/small-kernel.ts';
import { findStoredSelftests, openBuildTree } from './index.ts';

t.setTimeout(240_000);

/** The rules of lib.mk that a target's Makefile needs, in a few lines. */
const LIB = `TEST_GEN_PROGS := $(patsubst %,$(OUTPUT)/%,$(TEST_GEN_PROGS))
all: $(TEST_GEN_PROGS)
$(OUTPUT)/%: %.c
	$(CC) $(KHDR_INCLUDES) $< -o $@
`;

const FILES: Readonly<Record<string, string>> = {
  'tools/testing/selftests/lib.mk': LIB,
  'tools/testing/selftests/kselftest/runner.sh': '#!/bin/sh\n',
  'tools/testing/selftests/net/lib.sh': '# shared\n',
  'tools/testing/selftests/net/pond/Makefile':
    'TEST_GEN_PROGS := good bad\nTEST_PROGS := script.sh\nTEST_FILES := data\nTEST_INCLUDES := ../lib.sh\ninclude ../../lib.mk\n',
  'tools/testing/selftests/net/pond/good.c': '#include <linux/pond.h>\nint main(void) { return POND; }\n',
  'tools/testing/selftests/net/pond/bad.c':
    '#include <sys/no-such-library.h>\nint main(void) { return 0; }\n',
  'tools/testing/selftests/net/pond/script.sh': '#!/bin/sh\necho hello\n',
  'tools/testing/selftests/net/pond/data': 'water\n',
  'tools/testing/selftests/net/pond/settings': 'timeout=7\n',
};

/** A small tree with selftests, whose headers make can install. */
function openLab(t: Parameters<typeof openSmallKernelLab>[0]): SmallKernelLab {
  const lab = openSmallKernelLab(t);
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(lab.tree, path)), { recursive: true });
    writeFileSync(join(lab.tree, path), content);
  }
  const makefile = join(lab.tree, 'Makefile');
  const headers =
    'headers: ; @mkdir -p $(O)/usr/include/linux && echo "#define POND 0" >$(O)/usr/include/linux/pond.h\n';
  writeFileSync(makefile, `${readFileSync(makefile, 'utf8')}${headers}`);
  return lab;
}

async function buildTargets(lab: SmallKernelLab, targets: readonly string[]) {
  const options = { cacheDirectory: lab.cache, jobs: 2 };
  await using tree = await openBuildTree(lab.definition, options);
  const result = await tree.build({ commit: tree.baseCommit });
  if (!result.ok) throw new Error(result.logTail.join('\n'));
  const said: string[] = [];
  await tree.buildSelftests({ kernel: result.kernel, targets, onProgress: (text) => said.push(text) });
  return { kernel: result.kernel.digest, said };
}

t.test(
  'a target is built with the headers of its tree and stored with everything that it runs by',
  async (t) => {
    const lab = openLab(t);
    const { kernel, said } = await buildTargets(lab, ['net/pond', 'nowhere']);
    t.strictSame(said, ['building selftests: net/pond, nowhere']);
    const directory = (await findStoredSelftests(lab.cache, kernel, 'net/pond')) ?? '';
    const pond = join(directory, 'net/pond');
    t.strictSame(readdirSync(pond).sort(), [
      '.notBuilt',
      '.programs',
      'data',
      'good',
      'script.sh',
      'settings',
    ]);
    t.equal(readFileSync(join(pond, '.programs'), 'utf8'), 'good\nbad\nscript.sh\n');
    t.match(readFileSync(join(pond, '.notBuilt'), 'utf8'), /^bad\t.*sys\/no-such-library\.h/);
    t.equal(readFileSync(join(directory, 'shared/net/lib.sh'), 'utf8'), '# shared\n');
    t.equal(execFileSync(join(pond, 'good')).length, 0, 'it runs by itself');

    const absent = (await findStoredSelftests(lab.cache, kernel, 'nowhere')) ?? '';
    t.strictSame(readdirSync(join(absent, 'nowhere')), ['.absent']);
    t.equal(await findStoredSelftests(lab.cache, kernel, 'core'), null, 'nobody asked for it');

    t.strictSame((await buildTargets(lab, ['net/pond'])).said, [], 'it is not built again');
  },
);

t.test('what a build leaves that is no plain file does not get out of the sandbox', async (t) => {
  const lab = openLab(t);
  writeFileSync(
    join(lab.tree, 'tools/testing/selftests/net/pond/Makefile'),
    'TEST_PROGS := script.sh\nall: ; @ln -s /etc/passwd $(O)/install/net/pond/stolen; ln -s / $(O)/install/net/pond/root\n',
  );
  const { kernel } = await buildTargets(lab, ['net/pond']);
  const directory = (await findStoredSelftests(lab.cache, kernel, 'net/pond')) ?? '';
  t.strictSame(readdirSync(join(directory, 'net/pond')).sort(), ['.programs', 'script.sh', 'settings']);
});

t.test(
  'a tree whose headers cannot be made is this computer’s trouble, and says what was printed',
  async (t) => {
    const lab = openLab(t);
    const makefile = join(lab.tree, 'Makefile');
    writeFileSync(
      makefile,
      readFileSync(makefile, 'utf8').replace(/headers: .*\n/, 'headers: ; @echo no way; exit 3\n'),
    );
    await t.rejects(buildTargets(lab, ['net/pond']), { code: 'KERNEL_SELFTESTS_FAILED', blame: 'lab' });
  },
);
