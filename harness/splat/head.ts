// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import type { ReportLine } from './line.ts';

/** Who was running when the complaint was made, as its lines tell. */
export type Head = Pick<Splat, 'comm' | 'pid' | 'cpu' | 'taint' | 'modules'>;

const CPU_LINE =
  /CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.{1,15}?) (?:Kdump: loaded )?(?:Tainted: ([A-Z() ]+?)|Not tainted)\s+\S*/;
/** The task where no `CPU:` line is: hung tasks, old arm, lockdep, KASAN, warnings of 2025. */
const TASK_LINES: readonly RegExp[] = [
  /INFO: task (?<comm>.+):(?<pid>\d+) (?:blocked|can't die)/,
  /^Process (?<comm>\S+) \(pid: (?<pid>\d+)/,
  /^(?<comm>\S+)\/(?<pid>\d+) (?:is trying to|just changed)/,
  /\bby task (?<comm>\S+)\/(?<pid>\d+)/,
  /^WARNING: .*CPU#(?<cpu>\d+): (?<comm>\S+)\/(?<pid>\d+)/,
  /soft lockup - CPU#(?<cpu>\d+) stuck for .*\[(?<comm>.+):(?<pid>\d+)\]/,
  /^WARNING: CPU: (?<cpu>\d+) PID: (?<pid>\d+) at /,
  /^Pid: (?<pid>\d+), comm: (?<comm>.{1,15}?) (?:Not tainted|Tainted)/,
  /^(?<comm>\S+)\((?<pid>\d+)\): Oops/,
  /^\s*comm "(?<comm>[^"]*)", pid (?<pid>\d+)/,
];
const TASK_HINT = /INFO: task |^Process |\/\d+|CPU#|comm "| PID: |^Pid: |\): Oops/;
const TAINT = /Tainted: ((?:\[\w+\]=\w+|[A-Z](?![a-z])|,| )+)/;

/** Reads task, processor, taint and modules out of a report's lines; what a report does not say is null. */
export function readHead(lines: readonly ReportLine[]): Head {
  let comm: string | null = null;
  let pid: number | null = null;
  let cpu: number | null = null;
  let taint: string | null = null;
  let modules: readonly string[] | null = null;
  for (const { text: line, frames } of lines) {
    if (frames.length > 0) continue;
    const head = line.includes('PID: ') ? CPU_LINE.exec(line) : null;
    if (head) {
      cpu ??= Number(head[1]);
      pid ??= Number(head[2]);
      comm ??= head[3] ?? null;
    }
    if ((comm === null || pid === null) && TASK_HINT.test(line))
      for (const pattern of TASK_LINES) {
        const groups = pattern.exec(line)?.groups;
        if (!groups) continue;
        comm ??= groups.comm ?? null;
        pid ??= Number(groups.pid);
        if (groups.cpu !== undefined) cpu ??= Number(groups.cpu);
        break;
      }
    if (taint === null && line.includes('Tainted: ')) taint = readTaint(line);
    if (modules === null && line.includes('Modules linked in:')) modules = readModules(line);
  }
  return { comm, pid, cpu, taint, modules: modules ?? [] };
}

/** The letters of `Tainted: G    B   W  5.10`, or of the new `Tainted: [B]=BAD_PAGE, [W]=WARN`. */
function readTaint(line: string): string | null {
  const words = TAINT.exec(line)?.[1];
  if (words === undefined) return null;
  const named = [...words.matchAll(/\[(\w+)\]=/g)].map((match) => match[1] ?? '');
  const letters = named.length > 0 ? named : (words.match(/[A-Z]/g) ?? []);
  return letters.length > 0 ? letters.join(' ') : null;
}

function readModules(line: string): readonly string[] {
  const list = line.slice(line.indexOf('Modules linked in:') + 18).replace(/\[last unloaded.*/, '');
  return list.split(/\s+/).filter((word) => /^[\w-]+(?:\([A-Z+-]*\))?$/.test(word));
}
