// SPDX-License-Identifier: MIT
import type { Failure, StepContext } from '../step.ts';
import { nameOfFunction } from './probe.ts';

const COMMAND_MS = 20_000;
/** A task that is blocked only for a moment is waiting for a disk or a lock, as tasks do. */
const PATIENCE_MS = 2000;
const FRAMES_KEPT = 10;

/** What sleeps on behalf of the function that is of interest. */
const WAITERS =
  /^(?:_*schedule|io_schedule|_*wait_for_common|wait_for_completion|_*rwsem_|rwsem_|_*mutex_|__?down|down_|_*switch_to|context_switch|msleep|schedule_timeout|preempt_schedule)/;

interface Task {
  readonly pid: string;
  readonly comm: string;
}

/** Finds tasks in state D that stay there. One failure for each name of a task. */
export async function checkBlockedTasks(context: StepContext): Promise<readonly Failure[]> {
  let blocked = await listBlocked(context);
  await context.poll(async () => {
    // Only those that have been blocked all the time.
    if (blocked.length > 0) blocked = intersect(blocked, await listBlocked(context));
    return blocked.length === 0 ? true : null;
  }, context.scale(PATIENCE_MS));
  const failures = new Map<string, Failure>();
  for (const task of blocked) {
    // kworker/0:1 is another one next time.
    const name = task.comm.replace(/\d+/g, 'N');
    if (failures.has(name)) continue;
    const stack = await readStack(task, context);
    const at = stack.find((frame) => !WAITERS.test(frame)) ?? stack[0];
    failures.set(name, {
      what: `blocked task ${name}`,
      title: `got the blocked task ${task.comm}${at === undefined ? '' : ` in ${at}`}, expected none`,
      details: stack.slice(0, FRAMES_KEPT),
    });
  }
  return [...failures.values()];
}

function intersect(before: readonly Task[], now: readonly Task[]): readonly Task[] {
  return before.filter(({ pid, comm }) => now.some((one) => one.pid === pid && one.comm === comm));
}

async function listBlocked({ guest, scale }: StepContext): Promise<readonly Task[]> {
  const { stdout } = await guest.run('cat /proc/[0-9]*/task/[0-9]*/stat 2>/dev/null', {
    timeoutMs: scale(COMMAND_MS),
  });
  // A name may have blanks and parentheses.
  return [...stdout.matchAll(/^(\d+) \((.*)\) D /gm)].map(([, pid = '', comm = '']) => ({ pid, comm }));
}

/** The functions in which a task sleeps, the innermost first; needs CONFIG_STACKTRACE. */
async function readStack({ pid }: Task, { guest, scale }: StepContext): Promise<readonly string[]> {
  const { stdout } = await guest.run(`cat /proc/${pid}/stack`, { timeoutMs: scale(COMMAND_MS) });
  return [...stdout.matchAll(/([\w.]+)\+0x/g)].map(([, name = '']) => nameOfFunction(name));
}
