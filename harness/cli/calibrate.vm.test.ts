// SPDX-License-Identifier: MIT
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Calibration } from '../calibrate/index.ts';
import { makeScratch, runCommand } from '../host/index.ts';
import { CACHE_HOME, PROJECT_ROOT } from '../testing/index.ts';

// Two kernels are compiled the first time.
t.setTimeout(60 * 60_000);

const MAIN = join(import.meta.dirname, 'main.js');

const FILE = 'drivers/misc/lkdtm/core.c';

function aPatch(subject: string, hunk: string): string {
  return `From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: ktrial seed <ktrial@example.org>
Date: Thu, 26 Nov 2026 00:00:00 +0000
Subject: [PATCH] ${subject}

---
diff --git a/${FILE} b/${FILE}
--- a/${FILE}
+++ b/${FILE}
${hunk}`;
}

const WARNS = `@@ -434,3 +434,4 @@ static int __init lkdtm_module_init(void)
 	/* Handle test-specific initialization. */
+	WARN_ON(1);
 	lkdtm_bugs_init(&recur_count);
 	lkdtm_perms_init();
`;
const NOTHING = `@@ -434,3 +434,3 @@ static int __init lkdtm_module_init(void)
-	/* Handle test-specific initialization. */
+	/* Initialize all parts. */
 	lkdtm_bugs_init(&recur_count);
 	lkdtm_perms_init();
`;

const SCENARIO = `name: load
description: a module is loaded and unloaded
machine: {cpus: 2, memoryMib: 512}
modules: [lkdtm]
steps: [{rmmod: lkdtm}]
`;

const SEEDS = `kernel: smoke-5.10
seeds:
  - {name: warns, class: deterministic, breaks: loading warns, patch: warns.patch, scenario: load.yaml}
  - {name: none, class: none, breaks: nothing, patch: none.patch}
`;

t.test(
  'a bug is found, none is seen where there is none, and every campaign boots machines of its own',
  async (t) => {
    await using scratch = await makeScratch('calibrate-test');
    const files = { 'seeds.yaml': SEEDS, 'load.yaml': SCENARIO, 'warns.patch': aPatch('warn', WARNS) };
    mkdirSync(join(scratch.path, 'seeds'));
    for (const [name, text] of Object.entries({ ...files, 'none.patch': aPatch('say less', NOTHING) }))
      writeFileSync(join(scratch.path, 'seeds', name), text);
    const run = join(scratch.path, 'run');
    const calibrate = (...args: readonly string[]) =>
      runCommand(
        process.execPath,
        [
          MAIN,
          'calibrate',
          '--seeds',
          join(scratch.path, 'seeds/seeds.yaml'),
          '--no-coverage',
          '--controls',
          '0',
          ...args,
        ],
        { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
      );
    const begun = await calibrate('--run-directory', run, '--clean-trials', '0');
    t.equal(begun.exitCode, 0, begun.stderr);
    t.match(begun.stdout, /^warns {2}deterministic .* 1 regressed /m);
    const { exitCode, stdout, stderr } = await calibrate(
      ...['--resume', run, '--campaigns', '2', '--clean-trials', '7'],
    );
    t.equal(exitCode, 0, stderr);
    const result = JSON.parse(readFileSync(join(run, 'calibration.json'), 'utf8')) as Calibration;
    t.match(result.detection, [{ class: 'deterministic', campaigns: 2, found: { count: 2, of: 2 } }]);
    t.match(result.campaigns[0]?.regressed, [/^WARNING in lkdtm_module_init/]);
    // A campaign that finds nothing has three trials on each kernel, so that seven need two.
    t.match(result.falseAlarms, [
      { campaigns: 2, trials: { count: 0, of: 12 }, verdicts: { count: 0, of: 2 } },
    ]);
    const { accelerator = '' } = result.campaigns[0] ?? {};
    t.match(accelerator, /^(?:kvm|tcg)$/);
    t.match(
      stdout,
      new RegExp(`^deterministic  ${accelerator} .* 100\\.0 % \\(15\\.8 % to 100\\.0 %\\)$`, 'm'),
    );
    t.match(stdout, new RegExp(`^trials    ${accelerator}  .* 0\\.0 % \\(0\\.0 % to 26\\.5 %\\)$`, 'm'));
    t.strictSame(
      readdirSync(run).sort(),
      ['calibration.json', 'none.1', 'none.2', 'warns.1', 'warns.2'],
      'campaigns are kept, and nothing else',
    );
    t.equal(new Set(result.campaigns.map((one) => one.dice)).size, 4, 'each throws its own dice');
    t.notMatch(stderr, /warns\.1:/, 'what was there is not run again');
    const other = await calibrate('--resume', run, '--seed', '2');
    t.equal(other.exitCode, 2);
    t.match(other.stderr, /CLI_OTHER_CALIBRATION/);
  },
);
