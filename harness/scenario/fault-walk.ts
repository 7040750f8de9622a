// SPDX-License-Identifier: MIT
import { Fault, type GuestResult, quoteArgs } from '../model/index.ts';
import { checkEnd, quoteOutput, requireCommand } from './check.ts';
import type { Failure, StepContext, StepOutcome } from './step.ts';

/** System calls that the guest's program fail-nth knows on every architecture. */
export const SYSCALLS = [
  ...([
    'openat',
    'read',
    'write',
    'close',
    'ioctl',
    'mmap',
    'mount',
    'umount2',
    'mkdirat',
    'unlinkat',
  ] as const),
  ...([
    'socket',
    'bind',
    'connect',
    'sendto',
    'sendmsg',
    'setsockopt',
    'init_module',
    'finit_module',
  ] as const),
  ...(['delete_module', 'unshare', 'setns', 'bpf', 'perf_event_open'] as const),
] as const;

/** What to perform with failing allocations, and what may come of it. */
export interface FaultWalk {
  readonly operation:
    | { readonly to: string; readonly value: string }
    | { readonly program: readonly string[]; readonly syscall: string };
  readonly undo: string | null;
  readonly leftBehind: string | null;
  readonly most: number;
  readonly expect: readonly string[];
  readonly timeoutMs: number;
}

/** What came of the operation when its nth allocation failed. */
interface Row {
  readonly n: number;
  /** Whether there was an nth one. */
  readonly fired: boolean;
  readonly errno: string;
  /** Who asked for the allocation, the innermost first. */
  readonly callers: readonly string[];
  readonly leftBehind: boolean;
}

/** What is left behind may be on its way: so long it gets. */
const SETTLE_MS = 2000;
const CALLERS_SHOWN = 3;
/** Functions between the one that wanted memory and the one that refused it. */
const ALLOCATORS =
  /^(?:dump_stack|show_stack|fail_dump|should_fail|_*should_failslab|slab_pre_alloc|_*k[mvz]?alloc|_*kmem_cache|kmalloc|_*krealloc|_*kvmalloc|kmemdup|k?strndup|kstrdup|k?vasprintf|kasprintf|kobject_set_name|dev_set_name|memdup)/;

/**
 * Performs the operation with its first allocation failing, then with its second, until it has no more. Each must end with
 * an errno that is expected and leave nothing behind; without a failing allocation it must succeed. Fault
 * `SCENARIO_NO_FAULT_INJECTION` (scenario) where the kernel cannot let one fail.
 */
export async function walkFaults(walk: FaultWalk, context: StepContext): Promise<StepOutcome> {
  const rows: Row[] = [];
  const failures = new Map<string, Failure>();
  const add = (failure: Failure) => {
    if (!failures.has(failure.what)) failures.set(failure.what, failure);
  };
  const measure = () => ({ details: describeRows(rows), numbers: countRows(rows, walk) });
  context.whenCut(measure);
  let before = await look(walk, context);
  for (let n = 1; n <= walk.most; n++) {
    const result = await runCommand(commandOf(walk, n), walk, context);
    const ended = checkEnd(result, 'any', 'fail-nth');
    if (ended.length > 0) {
      for (const one of ended) add(one);
      break;
    }
    const { fired, errno, callers } = parseResult(result, walk);
    const undone = errno === 'success' ? await undo(walk, context) : [];
    for (const one of undone) add(one);
    const after = await settle(walk, context, before);
    const row = { n, fired, errno, callers, leftBehind: after !== before };
    rows.push(row);
    for (const one of checkRow(row, walk, before, after)) add(one);
    if (!fired || undone.length > 0) break;
    // What an earlier one left is not held against the later ones.
    if (row.leftBehind) {
      await undo(walk, context);
      before = await look(walk, context);
    }
  }
  const last = rows.at(-1);
  if (last?.fired === true && rows.length === walk.most)
    add({
      what: 'not finished',
      title: `allocation ${walk.most} still failed, and only ${walk.most} were tried: give more as most`,
    });
  const { details, numbers } = measure();
  return {
    failures: [...failures.values()].map((one) => ({
      ...one,
      details: [...(one.details ?? []), ...details],
    })),
    details,
    numbers,
  };
}

function commandOf({ operation }: FaultWalk, n: number): string {
  const args =
    'to' in operation
      ? ['write', operation.to, operation.value]
      : ['run', operation.syscall, ...operation.program];
  return `exec ${quoteArgs(['fail-nth', String(n), ...args])}`;
}

function runCommand(command: string, { timeoutMs }: FaultWalk, { guest, scale, env }: StepContext) {
  return guest.run(command, { timeoutMs: scale(timeoutMs), env });
}

/** Reads what fail-nth printed. Faults (scenario): it could not perform the operation. */
function parseResult(
  result: GuestResult,
  { operation }: FaultWalk,
): Pick<Row, 'fired' | 'errno' | 'callers'> {
  requireCommand(result, 'program' in operation ? `fail-nth, or ${operation.program[0]}` : 'fail-nth');
  const missing = /^missing=(.*)$/m.exec(result.stdout)?.[1];
  if (missing !== undefined)
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NO_FAULT_INJECTION',
      message: 'the kernel cannot let the nth allocation of a process fail',
      next: `add the fragment ktrial/fault-injection to the kernel definition, or ${missing.split(' ').join('=y, ')}=y`,
    });
  const [, fired, errno] = /^fired=([01]) errno=(\w+)/m.exec(result.stdout) ?? [];
  if (fired === undefined || errno === undefined)
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NOT_PERFORMED',
      message:
        'syscall' in operation
          ? `${operation.program[0]} did not come back from a call of ${operation.syscall}`
          : 'the operation was not performed',
      details: quoteOutput(result),
      next: 'run it by hand in a kept machine: ktrial run --keep',
    });
  const frames = [...result.stdout.matchAll(/^frame=(.*)$/gm)].map((match) => match[1] ?? '');
  const own = frames.findIndex((frame) => !ALLOCATORS.test(frame));
  return {
    fired: fired === '1',
    errno: errno === '0' ? 'success' : errno,
    callers: own < 0 ? [] : frames.slice(own, own + CALLERS_SHOWN),
  };
}

/** What the check command prints; always the same without one. */
async function look(walk: FaultWalk, context: StepContext): Promise<string> {
  if (walk.leftBehind === null) return '';
  const result = await runCommand(walk.leftBehind, walk, context);
  requireCommand(result, walk.leftBehind);
  return result.stdout.trim();
}

/** The same, once it prints what it printed before, or the time for that is over. */
async function settle(walk: FaultWalk, context: StepContext, before: string): Promise<string> {
  let now = '';
  await context.poll(async () => {
    now = await look(walk, context);
    return now === before ? true : null;
  }, context.scale(SETTLE_MS));
  return now;
}

async function undo(walk: FaultWalk, context: StepContext): Promise<readonly Failure[]> {
  if (walk.undo === null) return [];
  const result = await runCommand(walk.undo, walk, context);
  return checkEnd(result, [0], walk.undo).map((one) => ({
    what: `undo ${one.what}`,
    title: `what had succeeded cannot be undone: ${one.title}`,
    ...(one.details ? { details: one.details } : {}),
  }));
}

function checkRow(row: Row, { expect }: FaultWalk, before: string, after: string): readonly Failure[] {
  const { fired, errno, leftBehind } = row;
  const failures: Failure[] = [];
  if (fired && !expect.includes(errno))
    failures.push({
      what: `errno ${errno}`,
      title: `got ${errno} when ${describeAllocation(row)} failed, expected ${expect.join(' or ')}`,
    });
  if (!fired && errno !== 'success')
    failures.push({
      what: `errno ${errno} without a failing allocation`,
      title: `got ${errno} although no allocation failed, expected success`,
    });
  if (leftBehind)
    failures.push({
      what: `left behind after ${errno}`,
      title: `something is left behind after ${errno}${fired ? `, when ${describeAllocation(row)} failed` : ''}`,
      details: [`before: ${oneLine(before)}`, `after: ${oneLine(after)}`],
    });
  return failures;
}

function describeAllocation({ n, callers }: Row): string {
  return callers[0] === undefined ? `allocation ${n}` : `the allocation in ${callers[0]}`;
}

function countRows(rows: readonly Row[], { expect }: FaultWalk): Readonly<Record<string, number>> {
  const fired = rows.filter((row) => row.fired);
  const errnos = [...new Set(fired.map((row) => row.errno))];
  return {
    tried: rows.length,
    fired: fired.length,
    unexpected: fired.filter((row) => !expect.includes(row.errno)).length,
    leftBehind: rows.filter((row) => row.leftBehind).length,
    ...Object.fromEntries(errnos.map((errno) => [errno, fired.filter((row) => row.errno === errno).length])),
  };
}

/** One line for each row; rows that are the same but for their number are one. */
function describeRows(rows: readonly Row[]): readonly string[] {
  const runs: { from: number; to: number; readonly text: string }[] = [];
  for (const { n, fired, errno, callers, leftBehind } of rows) {
    const where = callers.length > 0 ? `, in ${callers.join(' < ')}` : '';
    const rest = leftBehind ? ', something left behind' : '';
    const text = fired ? `${errno}${rest}${where}` : `no allocation failed any more: ${errno}${rest}`;
    const run = runs.at(-1);
    if (run?.text === text) run.to = n;
    else runs.push({ from: n, to: n, text });
  }
  return runs.map(({ from, to, text }) => `n=${from === to ? from : `${from}..${to}`}: ${text}`);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
