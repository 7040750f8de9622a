// SPDX-License-Identifier: MIT
import { Fault, type Guest, type Timeouts, toFault } from '../model/index.ts';
import type { MachineState } from '../verdict/index.ts';
import type { KeptMachine, Machine } from '../vm/index.ts';
import { cleanGuestLog, type GuestLog, readGuestLog } from './collect.ts';
import { diagnoseMachine, powerOffMachine } from './diagnose.ts';
import type { TrialStop } from './stop.ts';

/** Decides which machines are left running when their trial has failed, and is told how to reach them. */
export interface Keeper {
  wants(): boolean;
  take(trial: string, kept: KeptMachine): void;
}

/** A machine after its steps. */
export interface FinishContext {
  readonly machine: Machine;
  /** Null where no guest command ever ran. */
  readonly guest: Guest | null;
  /** Why the steps ended early, or null. */
  readonly fault: Fault | null;
  readonly timeouts: Timeouts;
  readonly stop: TrialStop;
  /** Settles with the first splat that the scenario neither expects nor allows. */
  readonly firstFinding: Promise<void>;
  /** Whether the steps or the log have a finding already. */
  readonly hasFinding: boolean;
  /** Evidence that is missing is reported here. */
  readonly notes: string[];
  readonly keeper?: Pick<Keeper, 'wants'> & { take(kept: KeptMachine): void };
}

/** How a machine ended. */
export interface Finish {
  readonly state: MachineState;
  readonly fault: Fault | null;
  /** The guest's own log; null where it could not be read. */
  readonly log: GuestLog | null;
}

/**
 * Finds the state of the machine, reads the guest's own log where the guest still answers, and powers the machine off
 * through its kernel. Afterwards no machine runs, but one whose trial has failed and that somebody wants to look at. Never rejects.
 */
export async function finishMachine(context: FinishContext): Promise<Finish> {
  const { machine, guest, timeouts, stop } = context;
  let finish: Finish = { state: { kind: 'running' }, fault: context.fault, log: null };
  if (!stop.reason()) {
    finish = { ...finish, state: await diagnoseMachine(machine, await findDoubt(context), timeouts) };
    if (isWanted(context)) {
      const log = finish.state.kind === 'running' && guest ? await collectLog(context, guest) : null;
      finish = { ...finish, log };
    } else if (finish.state.kind === 'running' && guest) finish = await powerOff(context, guest);
  }
  await guest?.close().catch(() => {});
  if (!stop.reason()) await leave(context);
  await machine[Symbol.asyncDispose]();
  const stopped = stop.reason();
  if (!stopped) return finish;
  return { ...finish, state: stateOfStopped(machine), fault: firstFault(finish.fault, stopped) };
}

/**
 * Why the guest may be gone, or null. A step that did not end in time is a finding and no fault, and its guest may hang: it is
 * asked for a trivial command, since nothing else that it is asked for would come either.
 */
async function findDoubt({ fault, guest, hasFinding, timeouts }: FinishContext): Promise<Fault | null> {
  if (fault || !guest || !hasFinding) return fault;
  const answer = await guest.run('true', { timeoutMs: timeouts.aliveMs }).catch(() => null);
  if (answer?.exitCode === 0) return null;
  return new Fault({ blame: 'lab', code: 'GUEST_SILENT', message: 'the guest does not answer' });
}

function isWanted({ keeper, fault, hasFinding }: FinishContext): boolean {
  return (fault !== null || hasFinding) && keeper?.wants() === true;
}

/** Leaves the machine of a failed trial running where somebody wants it. */
async function leave(context: FinishContext): Promise<void> {
  if (!isWanted(context)) return;
  const kept = await context.machine.release().catch(() => null);
  if (kept === null) {
    context.notes.push('the machine could not be left running: it has ended');
    return;
  }
  context.notes.push(`the machine was left running: process ${kept.pid}`);
  context.keeper?.take(kept);
}

async function powerOff(context: FinishContext, guest: Guest): Promise<Finish> {
  const { machine, fault, timeouts, firstFinding } = context;
  const log = await collectLog(context, guest);
  try {
    return { state: await powerOffMachine(machine, guest, timeouts, firstFinding), fault, log };
  } catch (error) {
    // A guest that can no longer be told to power off is gone or hung: which of the two decides who is to blame.
    const lost = toFault(error);
    return { state: await diagnoseMachine(machine, lost, timeouts), fault: fault ?? lost, log };
  }
}

async function collectLog(
  { machine, timeouts, notes }: FinishContext,
  guest: Guest,
): Promise<GuestLog | null> {
  const text = await readGuestLog(machine, guest, timeouts).catch(() => null);
  if (text === null) {
    notes.push("the guest's own log could not be read: the console is the only evidence");
    return null;
  }
  const log = cleanGuestLog(text);
  notes.push(...log.notes);
  return log;
}

/** Faults that a stopped machine brings about: then the reason why it was stopped came first. */
const CONSEQUENCES: readonly string[] = ['MACHINE_ENDED', 'GUEST_CONNECTION_LOST', 'HOST_INTERRUPTED'];

function firstFault(fault: Fault | null, stopped: Fault): Fault {
  return fault && !CONSEQUENCES.includes(fault.code) ? fault : stopped;
}

/** A kernel that had panicked before its machine was stopped has panicked. */
function stateOfStopped(machine: Machine): MachineState {
  switch (machine.hasEnded()?.reason) {
    case 'panic':
      return { kind: 'panicked' };
    case 'reset':
      return { kind: 'reset' };
    default:
      return { kind: 'labDeath', detail: 'stopped by ktrial' };
  }
}
