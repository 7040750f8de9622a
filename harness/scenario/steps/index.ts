// SPDX-License-Identifier: MIT
import type { Step } from '../step.ts';
import { background } from './background.ts';
import { check } from './check.ts';
import { failNth } from './fail-nth.ts';
import { insmod } from './insmod.ts';
import { kill } from './kill.ts';
import { kselftest } from './kselftest.ts';
import { kunit } from './kunit.ts';
import { loop } from './loop.ts';
import { monitorL2 } from './monitor-l2.ts';
import { parallel } from './parallel.ts';
import { race } from './race.ts';
import { read } from './read.ts';
import { rmmod } from './rmmod.ts';
import { run } from './run.ts';
import { sleep } from './sleep.ts';
import { startL2 } from './start-l2.ts';
import { stopL2 } from './stop-l2.ts';
import { stress } from './stress.ts';
import { upload } from './upload.ts';
import { wait } from './wait.ts';
import { waitForDmesg } from './wait-for-dmesg.ts';
import { waitForFile } from './wait-for-file.ts';
import { waitForL2 } from './wait-for-l2.ts';
import { waitForState } from './wait-for-state.ts';
import { widen } from './widen.ts';
import { write } from './write.ts';

/** Every kind of step. A new kind is one file and one line here. */
export const STEPS: readonly Step[] = [
  run,
  write,
  read,
  background,
  wait,
  kill,
  parallel,
  loop,
  race,
  stress,
  failNth,
  check,
  upload,
  sleep,
  insmod,
  rmmod,
  waitForFile,
  waitForDmesg,
  waitForState,
  startL2,
  waitForL2,
  monitorL2,
  stopL2,
  kunit,
  kselftest,
  widen,
];

/** The kind of a settled step. */
export function stepKind(name: string): Step {
  const kind = STEPS.find((one) => one.kind === name);
  if (!kind) throw new TypeError(`there is no kind of step ${name}`);
  return kind;
}
