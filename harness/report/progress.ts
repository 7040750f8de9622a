// SPDX-License-Identifier: MIT
import type { ListrTaskWrapper } from 'listr2';
import type { TrialEvent } from '../model/index.ts';
import type { Reporter } from './reporter.ts';
import { formatDuration } from './words.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** A terminal: a task tree. Otherwise dated lines. */
  readonly interactive: boolean;
  readonly color: boolean;
}

/** How often a stage's own progress becomes a line, in milliseconds of event time. */
const LINE_EVERY_MS = 10_000;

/** Progress for people, on standard error. */
export function createProgress(options: ProgressOptions): Reporter {
  return options.interactive ? createTree() : createLines(options.write);
}

/** One dated line for each thing that happens. */
export function createLines(write: (text: string) => void): Reporter {
  const saidAt = new Map<string, number>();
  return {
    name: 'progress',
    event(event) {
      if (event.type === 'stageProgress') {
        const now = Date.parse(event.at);
        if (now - (saidAt.get(event.stage) ?? 0) < LINE_EVERY_MS) return;
        saidAt.set(event.stage, now);
      }
      const text = describeEvent(event);
      if (text !== null) write(`${event.at} ${text}\n`);
    },
    end() {},
  };
}

/** What an event says to people; null for what is too small for a line. */
export function describeEvent(event: TrialEvent): string | null {
  switch (event.type) {
    case 'campaignStarted':
      return `on trial: ${event.title}; ${event.trials} trials on ${event.arms.join(' and ')}; logs in ${event.runDirectory}`;
    case 'stageStarted':
      return `${event.title} …`;
    case 'stageProgress':
      return `  ${event.stage}: ${event.text}`;
    case 'stageEnded':
      return `${event.stage}: ${event.ok ? 'done' : 'failed'}${event.text === '' ? '' : ` (${event.text})`} in ${formatDuration(event.durationMs)}`;
    case 'trialStarted':
      return `${event.trial}: started`;
    case 'machineBooted':
      return `${event.trial}: booted in ${formatDuration(event.bootMs)} under ${event.accelerator.split(' ')[0]}`;
    case 'splatSeen':
      return `${event.trial}: the kernel complains: ${event.title}`;
    case 'trialEnded':
      return `${event.trial}: ${event.result.outcome}${event.result.blame === null ? '' : ` (${event.result.blame})`} in ${formatDuration(event.result.durationMs)}: ${event.result.reason}`;
    case 'stepEnded':
      return event.step.outcome === 'passed'
        ? null
        : `${event.trial}: step "${event.step.label}" ${event.step.outcome}: ${event.step.details[0] ?? ''}`;
    case 'stepStarted':
    case 'campaignEnded':
      return null;
  }
}

type Task = ListrTaskWrapper<unknown, never, never>;

interface Branch {
  task: Task | null;
  readonly done: Promise<void>;
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

/** A task tree on a terminal: a branch for each stage and each trial, with its latest word. */
function createTree(): Reporter {
  const branches = new Map<string, Branch>();
  let chain: Promise<unknown> = Promise.resolve();
  const loaded = import('listr2');
  const open = (key: string, title: string) => {
    let finish = () => {};
    let fail = (_: Error) => {};
    const done = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    done.catch(() => {});
    const branch: Branch = { task: null, done, finish, fail };
    branches.set(key, branch);
    const shown = loaded.then(({ Listr, PRESET_TIMER }) =>
      new Listr(
        [
          {
            title,
            task: (_, task) => {
              branch.task = task as unknown as Task;
              return done;
            },
          },
        ],
        { exitOnError: false, rendererOptions: { timer: PRESET_TIMER } },
      ).run(),
    );
    chain = Promise.all([chain, shown]).catch(() => {});
  };
  const say = (key: string, text: string) => {
    const branch = branches.get(key);
    if (branch?.task) branch.task.output = text;
  };
  const close = (key: string, ok: boolean, text: string) => {
    const branch = branches.get(key);
    if (branch?.task && text !== '') branch.task.title = `${key}: ${text}`;
    if (ok) branch?.finish();
    else branch?.fail(new Error(text));
    branches.delete(key);
  };
  return {
    name: 'progress',
    event(event) {
      if (event.type === 'stageStarted') open(event.stage, event.title);
      else if (event.type === 'stageProgress') say(event.stage, event.text);
      else if (event.type === 'stageEnded') close(event.stage, event.ok, event.text);
      else if (event.type === 'trialStarted') open(event.trial, event.trial);
      else if (event.type === 'trialEnded')
        close(
          event.trial,
          event.result.outcome === 'passed',
          `${event.result.outcome}: ${event.result.reason}`,
        );
      else if ('trial' in event)
        say(event.trial, event.type === 'stepStarted' ? event.label : (describeEvent(event) ?? ''));
    },
    async end() {
      for (const branch of branches.values()) branch.finish();
      await chain;
    },
  };
}
