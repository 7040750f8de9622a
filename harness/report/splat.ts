// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { Frame, SignatureVerdict, SplatBody, TrialResult } from '../model/index.ts';
import { formatExcerpt } from './source.ts';
import { printable, REPORT_COLUMNS } from './words.ts';

export interface PrintOptions {
  readonly color: boolean;
}

/**
 * One complaint for people: title, who, why it counts, and every trace with source lines. The frame that the
 * source was quoted for has it below.
 */
export function printSplat(splat: SplatBody, options: PrintOptions): string {
  const paint = pc.createColors(options.color);
  const lines: string[] = [];
  const say = (text: string, tint = (one: string) => one) => lines.push(tint(printable(text)));
  say(splat.title, (title) => paint.bold(paint.red(title)));
  say(`  type ${splat.type}${splat.culprit === null ? '' : `, culprit ${splat.culprit}`}`);
  const who = describeTask(splat);
  if (who !== '') say(`  ${who}`);
  if (splat.corrupted) say(`  corrupted: ${splat.corruptedReason ?? 'torn'}`, paint.yellow);
  if (splat.panicked) say('  the kernel panicked');
  if (splat.follows !== null) say(`  follows from complaint ${splat.follows + 1} of this log`);
  const quoted = findQuoted(splat);
  const printFrame = (frame: Frame, indent: string, before = '') => {
    const tint = frame.reliable ? undefined : paint.dim;
    for (const line of foldFrame(frame, `${indent}${before}`)) say(line, tint);
    if (splat.source && frame === quoted)
      lines.push(...formatExcerpt(splat.source, `${indent}  `, options.color));
  };
  if (splat.pc) printFrame(splat.pc, '  ', 'at ');
  for (const trace of splat.traces) {
    say(`  ${trace.label}:`);
    for (const frame of trace.frames) printFrame(frame, '    ');
  }
  return lines.join('\n');
}

/** The frame below which the source is printed: the first that it was quoted for, rather a sure one than a guess. */
function findQuoted({ source, pc: pointer, traces }: SplatBody): Frame | null {
  if (!source) return null;
  const at = [...(pointer ? [pointer] : []), ...traces.flatMap((trace) => trace.frames)].filter(
    (frame) => frame.function === source.function && frame.file === source.file && frame.line === source.line,
  );
  return at.find((frame) => frame.reliable) ?? at[0] ?? null;
}

/** A frame on one line; its source on a second one, where both together are wider than the report. */
function foldFrame(frame: Frame, indent: string): string[] {
  const whole = `${indent}${formatFrame(frame)}`;
  if (whole.length <= REPORT_COLUMNS || frame.file === null) return [whole];
  const line = frame.line === null ? '' : `:${frame.line}`;
  return [
    `${indent}${formatFrame({ ...frame, file: null, inline: false })}`,
    `${' '.repeat(indent.length)}  ${frame.file}${line}${frame.inline ? ' [inlined]' : ''}`,
  ];
}

function describeTask(splat: SplatBody): string {
  const words: string[] = [];
  if (splat.comm !== null) words.push(`comm ${splat.comm}`);
  if (splat.pid !== null) words.push(`pid ${splat.pid}`);
  if (splat.cpu !== null) words.push(`cpu ${splat.cpu}`);
  if (splat.taint !== null) words.push(`tainted ${splat.taint}`);
  return words.join(', ');
}

/** A frame as people read it: `func+0x1/0x2 [module] file:line`, `? ` before a guess, `[inlined]` behind what was. */
export function formatFrame(frame: Frame): string {
  const size = frame.size === null ? '' : `/0x${frame.size.toString(16)}`;
  const place = frame.offset === null ? '' : `+0x${frame.offset.toString(16)}${size}`;
  const module = frame.module === null ? '' : ` [${frame.module}]`;
  const source = frame.file === null ? '' : ` ${frame.file}${frame.line === null ? '' : `:${frame.line}`}`;
  return `${frame.reliable ? '' : '? '}${frame.function}${place}${module}${source}${frame.inline ? ' [inlined]' : ''}`;
}

/** Where the kernel was: the instruction pointer, then the first trace. */
export function callPath(splat: SplatBody): readonly Frame[] {
  const first = splat.frames.length > 0 ? splat.frames : (splat.traces[0]?.frames ?? []);
  return splat.pc ? [splat.pc, ...first] : first;
}

/**
 * The splat that a signature stands for, from the last trial that has it: the patched kernel's where it was seen there.
 * Among splats of one trial the one with a trace is preferred, and a root to what follows from it.
 */
export function findSplat(one: SignatureVerdict, trials: readonly TrialResult[]): SplatBody | null {
  for (const id of [...one.trials].reverse()) {
    const trial = trials.find((candidate) => candidate.id === id);
    const finding = trial?.findings.find((candidate) => candidate.signature === one.signature);
    const own = trial?.splats.filter((candidate) => candidate.signature === one.signature) ?? [];
    const named = finding?.splat == null ? undefined : trial?.splats[finding.splat];
    const roots = [...(named ? [named] : []), ...own.filter((splat) => splat.follows === null), ...own];
    const best = roots.find((splat) => callPath(splat).length > 0) ?? roots[0];
    if (best) return best;
  }
  return null;
}

/** What `ktrial scan --json` prints for one file. */
export function scanJson(file: string, splats: readonly SplatBody[]): object {
  return {
    file,
    splats: splats.map((splat) => ({
      title: splat.title,
      type: splat.type,
      culprit: splat.culprit,
      corrupted: splat.corrupted,
      panicked: splat.panicked,
      comm: splat.comm,
      frames: splat.frames.map(jsonFrame),
      signature: splat.signature,
      pid: splat.pid,
      cpu: splat.cpu,
      taint: splat.taint,
      pc: splat.pc && jsonFrame(splat.pc),
      corruptedReason: splat.corruptedReason,
      follows: splat.follows,
      start: splat.start,
      end: splat.end,
      source: splat.source ?? null,
      traces: splat.traces.map(({ label, frames }) => ({ label, frames: frames.map(jsonFrame) })),
    })),
  };
}

function jsonFrame(frame: Frame): Frame {
  const { function: name, offset, size, module, reliable, inline, file, line } = frame;
  return { function: name, offset, size, module, reliable, inline, file, line };
}
