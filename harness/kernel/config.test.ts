// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DEFAULT_LIMITS, isFault } from '../model/index.ts';
import { openSmallKernelLab, SMALL_MAKEFILE, type SmallKernelLab } from '../testing/small-kernel.ts';
import { layConfig, openBuildTree, readConfigArguments } from './index.ts';

const WHOLE =
  '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 5.10.0 Kernel Configuration\n#\nCONFIG_A=n_a\nCONFIG_OLD=y\nCONFIG_KEPT=y\nCONFIG_CC_VERSION_TEXT="gcc"\n';

/** The configuration of the lab's tree with values of `--config` on top. */
async function settle(lab: SmallKernelLab, ...args: string[]) {
  const layer = await readConfigArguments(args, {
    workingDirectory: join(lab.tree, '..'),
    kernelsDirectory: join(lab.tree, '../kernels'),
    arch: 'x86_64',
    checkout: lab.tree,
  });
  const config = await layConfig(lab.definition.config, layer);
  const said: string[] = [];
  await using tree = await openBuildTree(
    { ...lab.definition, config },
    { cacheDirectory: lab.cache, limits: DEFAULT_LIMITS, onProgress: (text) => said.push(text) },
  );
  return { text: tree.config, notes: tree.notes, said };
}

/** A tree whose `allnoconfig` and `olddefconfig` lose what has LOST in its name. */
function loseOptions(lab: SmallKernelLab): void {
  writeFileSync(
    join(lab.tree, 'Makefile'),
    SMALL_MAKEFILE.replace('@cp $(KCONFIG', '@grep -v LOST $(KCONFIG')
      .replace('ALLCONFIG) $(O)', 'ALLCONFIG) >$(O)')
      .replace('olddefconfig: ; @', 'olddefconfig: ; @sed -i /LOST/d $(O)/.config; '),
  );
}

t.test('options, fragments of the tree and a whole .config become the configuration', async (t) => {
  const lab = openSmallKernelLab(t);
  mkdirSync(join(lab.tree, 'kernel/configs'), { recursive: true });
  writeFileSync(join(lab.tree, 'kernel/configs/guest.config'), 'CONFIG_GUEST=y\n# CONFIG_B is not set\n');
  writeFileSync(join(lab.tree, '../.config'), WHOLE);
  const first = await settle(lab, 'CONFIG_B=m', 'guest.config', 'CONFIG_T="a b"');
  t.equal(
    first.text,
    'CONFIG_A=y\nCONFIG_GUEST=y\n# CONFIG_B is not set\nCONFIG_B=m\nCONFIG_T="a b"\n',
    'the last one wins',
  );
  t.match(first.said.join(), /settling/);
  const again = await settle(lab, 'CONFIG_B=m', 'guest.config', 'CONFIG_T="a b"');
  t.equal(again.text, first.text);
  t.notMatch(again.said.join(), /settling/, 'the same is settled once');
  const whole = await settle(lab, '.config', 'CONFIG_KEPT=n');
  t.match(whole.text, /^CONFIG_OLD=y$/m);
  t.match(whole.text, /^CONFIG_A=y$/m);
  t.notMatch(whole.text, /CONFIG_A=n_a|CONFIG_KEPT=y/, 'what is set again is there once');
  t.strictSame(whole.notes, []);
  const back = await settle(lab, 'CONFIG_B=m', 'guest.config', 'CONFIG_T="a b"');
  t.equal(back.text, first.text);
  t.notMatch(back.said.join(), /settling/, 'another one in between changes nothing');
});

t.test('a fragment that the tree lacks is told with where it was looked for', async (t) => {
  const fault = await settle(openSmallKernelLab(t), 'tree/none.config').catch((error: unknown) => error);
  t.ok(isFault(fault, 'CONFIG_UNKNOWN_FRAGMENT'));
  t.match(fault, { blame: 'request', message: /no none\.config: .*kernel\/configs or arch\/x86\/configs/ });
});

t.test(
  'all options that are lost are told, with who asked for them, where Kconfig cannot be asked',
  async (t) => {
    const lab = openSmallKernelLab(t);
    loseOptions(lab);
    writeFileSync(join(lab.tree, '../lost.config'), 'CONFIG_FINE=y\nCONFIG_LOST_A=y\n');
    const fault = await settle(lab, 'lost.config', 'CONFIG_LOST_B=m').catch((error: unknown) => error);
    if (!isFault(fault, 'CONFIG_LOST_OPTION')) throw fault;
    t.match(fault, {
      blame: 'request',
      message: /^CONFIG_LOST_A=y \(lost\.config:2\) and 1 more did not survive/,
    });
    t.match(fault.details.join('\n'), /lost\.config:2: CONFIG_LOST_A: got n, expected y/);
    t.match(fault.details.join('\n'), /--config: CONFIG_LOST_B: got n, expected m/);
    t.match(fault.details.join('\n'), /the Kconfig of this source could not be asked why: /);
  },
);

t.test("what a fragment of the tree's own or a whole .config loses is a note", async (t) => {
  const lab = openSmallKernelLab(t);
  loseOptions(lab);
  mkdirSync(join(lab.tree, 'kernel/configs'), { recursive: true });
  writeFileSync(join(lab.tree, 'kernel/configs/guest.config'), 'CONFIG_LOST_A=y\n');
  writeFileSync(join(lab.tree, '../.config'), `${WHOLE}CONFIG_LOST_C=y\n`);
  const { notes } = await settle(lab, '.config', 'guest.config');
  t.match(notes[0], /^tree\/guest\.config: CONFIG_LOST_A: got n, expected y$/);
  t.match(notes[1], /\.config: 1 of 3 options have another value after olddefconfig: CONFIG_LOST_C: got n/);
  t.equal(notes.length, 2);
  t.strictSame((await settle(lab, '.config', 'guest.config')).notes, notes, 'and so from the cache');
});
