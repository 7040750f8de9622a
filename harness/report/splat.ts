// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { Frame, Splat } from '../model/index.ts';

export interface PrintOptions {
  readonly color: boolean;
}

/** One complaint for people: title, who, why it counts, and every trace with source lines. */
export function printSplat(splat: Splat, options: PrintOptions): string {
  const paint = pc.createColors(options.color);
  const who = [
    splat.comm === null ? null : `${splat.comm}${splat.pid === null ? '' : `/${splat.pid}`}`,
    splat.cpu === null ? null : `CPU ${splat.cpu}`,
    splat.taint === null ? null : `tainted ${splat.taint}`,
  ];
  const lines = [
    paint.bold(paint.red(splat.title)),
    `  type ${splat.type}${splat.culprit === null ? '' : `, culprit ${splat.culprit}`}`,
  ];
  const known = who.filter((word) => word !== null);
  if (known.length > 0) lines.push(`  ${known.join(', ')}`);
  if (splat.corrupted) lines.push(`  ${paint.yellow(`corrupted: ${splat.corruptedReason ?? 'torn'}`)}`);
  if (splat.panicked) lines.push('  the kernel panicked');
  if (splat.follows !== null) lines.push(`  follows from complaint ${splat.follows + 1} of this log`);
  if (splat.pc) lines.push(`  at ${formatFrame(splat.pc)}`);
  for (const trace of splat.traces)
    lines.push(`  ${trace.label}:`, ...trace.frames.map((frame) => `    ${formatFrame(frame)}`));
  return lines.join('\n');
}

/** A frame as people read it: `func+0x1/0x2 [module] file:line`. */
export function formatFrame(frame: Frame): string {
  const guess = frame.reliable ? '' : '? ';
  const place =
    frame.offset === null ? '' : `+0x${frame.offset.toString(16)}/0x${(frame.size ?? 0).toString(16)}`;
  const module = frame.module === null ? '' : ` [${frame.module}]`;
  const source = frame.file === null ? '' : ` ${frame.file}${frame.line === null ? '' : `:${frame.line}`}`;
  return `${guess}${frame.function}${place}${module}${source}${frame.inline ? ' [inlined]' : ''}`;
}

/** What `ktrial scan --json` prints for one file. */
export function scanJson(file: string, splats: readonly Splat[]): unknown {
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
    })),
  };
}

function jsonFrame(frame: Frame): Frame {
  const { function: name, offset, size, module, reliable, inline, file, line } = frame;
  return { function: name, offset, size, module, reliable, inline, file, line };
}
