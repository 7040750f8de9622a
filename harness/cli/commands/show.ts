// SPDX-License-Identifier: MIT
import { findRunDirectory, readRun } from '../../campaign/index.ts';
import { Fault } from '../../model/index.ts';
import { showRun, showTrial } from '../../report/index.ts';
import type { Context } from '../context.ts';

/** Shows what is known of a run, or of one of its trials: outcome, steps, files, and the commands that go on from there. */
export async function execute(context: Context, args: readonly string[]): Promise<number> {
  const [run, id] = args;
  const runDirectory = await findRunDirectory(context, run);
  const state = readRun(runDirectory);
  if (id === undefined) {
    context.out.write(showRun(state, runDirectory));
    return 0;
  }
  const trial = state.trials.find((one) => one.id === id);
  if (!trial)
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_TRIAL',
      message: `got trial ${id}, expected one of ${state.request.id}`,
      next: `its trials: ${state.trials.map((one) => one.id).join(', ')}`,
    });
  context.out.write(showTrial(trial, runDirectory));
  return 0;
}
