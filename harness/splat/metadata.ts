// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import {
  CPU_HINT,
  CPU_LINE,
  MODULES_END,
  MODULES_HINT,
  TAINT_HINT,
  TAINT_WORDS,
  TASK_HINT,
  TASK_LINES,
} from './kinds/metadata.ts';
import type { ReportLine } from './line.ts';

/** The task that complained, and the state of the kernel, as the lines of a report give them. */
export type Metadata = Pick<Splat, 'comm' | 'pid' | 'cpu' | 'taint' | 'modules'>;

type Task = Pick<Splat, 'comm' | 'pid' | 'cpu'>;

/** Reads task, processor, taint and modules from the lines of a report. What the report does not say is null. */
export function readMetadata(lines: readonly ReportLine[]): Metadata {
  let task: Task = { comm: null, pid: null, cpu: null };
  let taint: string | null = null;
  let modules: readonly string[] | null = null;
  for (const { text: line, hasFrames } of lines) {
    if (hasFrames) continue;
    if (line.includes(CPU_HINT)) task = complete(task, CPU_LINE.exec(line));
    if ((task.comm === null || task.pid === null) && TASK_HINT.test(line))
      task = complete(task, execFirst(TASK_LINES, line));
    if (taint === null && line.includes(TAINT_HINT)) taint = readTaint(line);
    if (modules === null && line.includes(MODULES_HINT)) modules = readModules(line);
  }
  return { ...task, taint, modules: modules ?? [] };
}

/** Adds what a line says to what earlier lines said. */
function complete(task: Task, match: RegExpExecArray | null): Task {
  if (!match) return task;
  const { comm, pid, cpu } = match.groups ?? {};
  return {
    comm: task.comm ?? comm ?? null,
    pid: task.pid ?? (pid === undefined ? null : Number(pid)),
    cpu: task.cpu ?? (cpu === undefined ? null : Number(cpu)),
  };
}

function execFirst(patterns: readonly RegExp[], line: string): RegExpExecArray | null {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}

function readTaint(line: string): string | null {
  const words = TAINT_WORDS.exec(line)?.[1];
  if (words === undefined) return null;
  const named = [...words.matchAll(/\[(\w+)\]=/g)].map((match) => match[1] ?? '');
  const letters = named.length > 0 ? named : (words.match(/[A-Z]/g) ?? []);
  return letters.length > 0 ? letters.join(' ') : null;
}

function readModules(line: string): readonly string[] {
  const list = line.slice(line.indexOf(MODULES_HINT) + MODULES_HINT.length).replace(MODULES_END, '');
  return list.split(/\s+/).filter((word) => /^[\w-]+(?:\([A-Z+-]*\))?$/.test(word));
}
