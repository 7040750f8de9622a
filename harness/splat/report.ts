// SPDX-License-Identifier: MIT
import type { Frame, Splat, Trace } from '../model/index.ts';
import { findCulprit, reliableNames, titleName } from './culprit.ts';
import { parseFrame, parsePointer } from './frame.ts';
import type { Kind } from './kinds/family.ts';
import { normaliseTitle, signSplat } from './signature.ts';

/** A complaint while its lines still come in. */
export interface OpenReport {
  readonly kind: Kind;
  readonly match: RegExpExecArray;
  readonly context: string;
  readonly seconds: number | null;
  readonly lines: string[];
  readonly start: number;
  end: number;
  sinceFrame: number;
  textLength: number;
}

const TRACE_START =
  /^\s*(Call [Tt]race|Allocated by task \d+|Freed by task \d+|Last potentially related work creation|backtrace|stack backtrace|Stack trace|.* stack:)(?:\s*\(.*\))?:\s*$/;
const AT_LINE = /\bat:\s+(?:\[<[0-9a-f]+>\]\s*)?([A-Za-z_][\w.]*)\+0x/;

/** What a finished report says. `follows` is filled by the caller, who knows its neighbours. */
export function closeReport(report: OpenReport): Splat {
  const { traces, pc, at } = readTraces(report.lines);
  const main = traces[0]?.frames ?? [];
  const access = /^\s*(Read|Write) of size/m.exec(report.lines.join('\n'))?.[1];
  const headerName = report.match.groups?.f ?? (report.kind.type === 'lockdep' ? at : undefined);
  const culprit = chooseCulprit(report.kind, headerName, pc, main);
  const wantsName = report.kind.title.includes('$f');
  const torn =
    wantsName && culprit === null
      ? 'no function could be named'
      : needsAccess(report, access)
        ? 'the line that tells the kind of access is missing'
        : null;
  const title = fillTitle(report.kind.title, report.match, access, culprit ?? 'corrupted');
  const head = readHead(report.lines);
  return {
    title,
    type: report.kind.type,
    culprit,
    corrupted: torn !== null,
    corruptedReason: torn,
    panicked: report.lines.some((line) => line.includes('Kernel panic - not syncing')),
    ...head,
    pc,
    frames: main,
    traces,
    start: report.start,
    end: report.end,
    text: report.lines.join('\n').slice(0, 64 * 1024),
    follows: null,
    signature: signSplat(report.kind.type, title, culprit),
  };
}

function needsAccess(report: OpenReport, access: string | undefined): boolean {
  return report.kind.title.includes('$access') && access === undefined;
}

function fillTitle(form: string, match: RegExpExecArray, access: string | undefined, name: string): string {
  const text = form
    .replace('$access', access === undefined ? '' : ` ${access}`)
    .replace('$f', name)
    .replace(/\$(\d)/g, (_, index: string) => match[Number(index)] ?? '');
  return normaliseTitle(text);
}

function chooseCulprit(
  kind: Kind,
  headerName: string | undefined,
  pc: Frame | null,
  frames: readonly Frame[],
): string | null {
  for (const source of kind.culprit) {
    const names =
      source === 'header'
        ? headerName === undefined
          ? []
          : [headerName]
        : source === 'pc'
          ? pc
            ? [pc.function]
            : []
          : reliableNames(frames);
    const found = findCulprit(names, kind.skip);
    if (found !== null) return found;
  }
  // Nothing but machinery: the machinery's own top is better than no name.
  const last = headerName ?? pc?.function;
  return last === undefined || kind.culprit.length === 0 ? null : titleName(last);
}

function readTraces(lines: readonly string[]): {
  readonly traces: readonly Trace[];
  readonly pc: Frame | null;
  readonly at: string | undefined;
} {
  const traces: { label: string; frames: Frame[] }[] = [];
  let pc: Frame | null = null;
  let at: string | undefined;
  let current: { label: string; frames: Frame[] } | null = null;
  for (const [index, line] of lines.entries()) {
    // The place stands on the same line, or alone on the next.
    at ??= AT_LINE.exec(/\bat:\s*$/.test(line) ? `${line} ${lines[index + 1] ?? ''}` : line)?.[1];
    const start = TRACE_START.exec(line);
    if (start) {
      current = { label: (start[1] ?? '').trim(), frames: [] };
      traces.push(current);
      continue;
    }
    const pointer = parsePointer(line);
    if (pointer) {
      pc ??= pointer;
      continue;
    }
    const frame = parseFrame(line);
    if (frame && current) current.frames.push(frame);
    else if (
      !/^\s*(<\/?(?:IRQ|TASK|NMI|EOI|SOFTIRQ)>|\?)|^RSP:|^R[A-Z0-9]{2}:|^RIP: 0033|^Code:|^ORIG_RAX/.test(
        line,
      )
    )
      current = current && current.frames.length === 0 ? current : null;
  }
  return { traces: traces.filter((trace) => trace.frames.length > 0), pc, at };
}

function readHead(lines: readonly string[]): Pick<Splat, 'comm' | 'pid' | 'cpu' | 'taint' | 'modules'> {
  let [comm, pid, cpu, taint]: [string | null, number | null, number | null, string | null] = [
    null,
    null,
    null,
    null,
  ];
  let modules: string[] = [];
  for (const line of lines) {
    const head =
      /CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.{1,15}?) (?:Tainted: ([A-Z ]+?)|Not tainted)\s+\S*\d/.exec(
        line,
      );
    if (head) {
      cpu ??= Number(head[1]);
      pid ??= Number(head[2]);
      comm ??= head[3] ?? null;
      taint ??= head[4]?.trim().replace(/\s+/g, ' ') ?? null;
    }
    const task = /INFO: task (.+):(\d+) blocked/.exec(line) ?? /^(\S+)\/(\d+) is trying to/.exec(line);
    if (task) {
      comm ??= task[1] ?? null;
      pid ??= Number(task[2]);
    }
    const linked = /^Modules linked in: (.*?)(?: \[last unloaded.*)?$/.exec(line.trimStart());
    if (linked?.[1]) modules = linked[1].split(/\s+/).filter((word) => word !== '');
  }
  return { comm, pid, cpu, taint, modules };
}
