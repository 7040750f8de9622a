// SPDX-License-Identifier: MIT
import type { Frame, SplatBody } from '../model/index.ts';

/** What was read of a log: complaints, lines, and complaints beyond the limit, which were not kept. */
export interface ScannedLog {
  readonly splats: readonly SplatBody[];
  readonly lines: number;
  readonly dropped: number;
}

/** Builds what `ktrial scan --json` prints for one file. `format` grows when a key changes its meaning or is removed. */
export function scanJson(file: string, { splats, lines, dropped }: ScannedLog): object {
  return {
    format: 1,
    file,
    splats: splats.map((splat) => ({
      title: splat.title,
      type: splat.type,
      culprit: splat.culprit,
      corrupted: splat.corrupted,
      panicked: splat.panicked,
      comm: splat.comm,
      frames: splat.frames.map(frameJson),
      signature: splat.signature,
      alternatives: splat.alternatives,
      pid: splat.pid,
      cpu: splat.cpu,
      taint: splat.taint,
      pc: splat.pc && frameJson(splat.pc),
      corruptedReason: splat.corruptedReason,
      follows: splat.follows,
      start: splat.start,
      end: splat.end,
      source: splat.source ?? null,
      traces: splat.traces.map(({ label, frames }) => ({ label, frames: frames.map(frameJson) })),
    })),
    lines,
    dropped,
  };
}

function frameJson(frame: Frame): Frame {
  const { function: name, offset, size, module, reliable, inline, file, line } = frame;
  return { function: name, offset, size, module, reliable, inline, file, line };
}
