// SPDX-License-Identifier: MIT
import type { Frame, SplatBody } from '../model/index.ts';
import type { LogScan } from './read-log.ts';

/** Grows when a key changes its meaning or is removed; `docs/scan.schema.json` describes both forms. */
const FORMAT = 1;

/** What was read of a log; texts are not needed. */
type ScannedLog = Omit<LogScan, 'splats'> & { readonly splats: readonly SplatBody[] };

/** Builds what `ktrial scan --json` prints for one file. */
export function scanJson(file: string, { splats, lines, dropped }: ScannedLog): object {
  return {
    format: FORMAT,
    file,
    splats: splats.map((splat) => ({ ...splatJson(splat), follows: splat.follows })),
    lines,
    dropped,
  };
}

/**
 * Builds what `ktrial scan --follow --json` prints for one complaint. From which other one it follows shows only when the log
 * has ended.
 */
export function complaintJson(file: string, splat: SplatBody, corrects: boolean): object {
  return { format: FORMAT, file, corrects, splat: splatJson(splat) };
}

function splatJson(splat: SplatBody) {
  return {
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
    start: splat.start,
    end: splat.end,
    source: splat.source ?? null,
    traces: splat.traces.map(({ label, frames }) => ({ label, frames: frames.map(frameJson) })),
  };
}

function frameJson(frame: Frame): Frame {
  const { function: name, offset, size, module, reliable, inline, file, line } = frame;
  return { function: name, offset, size, module, reliable, inline, file, line };
}
