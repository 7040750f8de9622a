// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../testing/index.ts';

/**
 * Puts both forms of the reference series on trial, patch by patch, and writes what ktrial reports of them to docs/mdev-report.md.
 * Usage: mdev-report.js [RUN RUN]; with the directories of two runs, first the posted form's, it writes the page of these. Exit code 1
 * when a run does not end in a verdict.
 */

const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const PAGE = join(PROJECT_ROOT, 'docs/mdev-report.md');
const FORMS = [
  { series: 'kernels/mdev/series/v2.mbox', title: 'As it was posted' },
  { series: 'kernels/mdev/series/merged.mbox', title: 'As it was merged' },
];
const PACK = ['--kernel', 'mdev-5.10', '--scenarios', 'scenarios/mdev', '--arms', 'per-patch'];
const HEAD = `# The reference series on trial

\`make mdev-report\` wrote this page: a few fixed sentences, and what ktrial reports of two runs. [The pack's page](../scenarios/mdev/README.md) says
which patch each scenario belongs to, and [verdicts.md](verdicts.md) how to read the numbers.

A cell is bad if one finding is in it. Some rows therefore hide a part of what changed:

- remove-vs-unregister: patch 8 ends its KASAN report, and patch 10 makes unregistration wait for the removal. The row turns at 10.
- starve: version 2 ends the base's use-after-free, and adds a delay that lasts until the creators stop. The row is bad at both ends.
- unregister-blocked and parent-removal-races-remove: version 2 ends the faults of the base, and adds the bad unlock balance. The same holds.

One race, which both forms and 5.10.223 have, has no scenario; the pack's page says which, and why.
`;

function ktrial(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [MAIN, ...args], { cwd: PROJECT_ROOT, stdio: 'inherit' });
  // 1 is a verdict too.
  if (status === 0 || status === 1) return;
  process.stderr.write(`mdev-report: ktrial ended with exit code ${status}, and ${PAGE} is as it was\n`);
  process.exit(1);
}

const directory = mkdtempSync(join(tmpdir(), 'mdev-report-'));
try {
  const parts = FORMS.map(({ series, title }, index) => {
    const run = process.argv[2 + index] ?? join(directory, `run-${index}`);
    const page = join(directory, `${index}.md`);
    if (!process.argv[2 + index]) ktrial('run', series, ...PACK, '--run-directory', run, '--output', 'table');
    ktrial('report', run, '--output', `markdown:${page}`);
    const lines = readFileSync(page, 'utf8').replace(/^#/gm, '##');
    return `## ${title}\n\n${lines.replace(/^## .*\n\n/, '')}`;
  });
  writeFileSync(PAGE, [HEAD, ...parts].join('\n'));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
