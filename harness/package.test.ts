// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from './host/index.ts';
import { PROJECT_ROOT } from './testing/index.ts';

t.test('the packed package can be imported, with what it promises', async (t) => {
  const directory = t.testdir();
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, 'ktrial'), { recursive: true });
  await runCommand('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], {
    cwd: PROJECT_ROOT,
  });
  const archive = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error('npm packed nothing');
  await runCommand('tar', [
    '-xzf',
    join(directory, archive),
    '--strip-components=1',
    '-C',
    join(modules, 'ktrial'),
  ]);
  for (const name of readdirSync(join(PROJECT_ROOT, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(modules, name));
  const program = join(directory, 'program.mjs');
  writeFileSync(
    program,
    `import { scanLog, Fault, REPORTERS, readSeries } from 'ktrial';
     const log = '[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\\n';
     console.log(scanLog(log).length, typeof Fault, Object.keys(REPORTERS).join(), typeof readSeries);\n`,
  );
  const { stdout } = await runCommand(process.execPath, [program]);
  t.equal(stdout.trim(), '1 function tap,junit,table,json function');
});
