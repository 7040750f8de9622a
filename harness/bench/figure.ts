// SPDX-License-Identifier: MIT
import { loadavg } from 'node:os';
import type { Lab } from './lab.ts';

export type Unit = '%' | 's' | 'ms' | 'MB/s' | 'MiB' | '1/h';

/** One thing that can be measured. */
export interface Gauge {
  /** Such as `boot.cold`; `--only boot` measures all whose name starts with that part. */
  readonly name: string;
  readonly unit: Unit;
  /** What exactly is measured, for people. */
  readonly title: string;
}

/** Measurements that belong together, such as those of one experiment. */
export interface Bench {
  readonly gauges: readonly Gauge[];
  /** Measures what is wanted, calling `take` for each iteration. Rejects when it cannot measure. */
  measure(lab: Lab, take: Take, wants: (name: string) => boolean): Promise<void>;
}

/** One measured value of a gauge, in its unit; `of` says of what, such as a kernel, where that is not always the same. */
export type Take = (name: string, value: number, of?: string) => void;

/** The result of a gauge. */
export type Figure =
  | {
      readonly unit: Unit;
      readonly median: number;
      readonly min: number;
      readonly max: number;
      readonly n: number;
      /** Load average of the last minute when it had been measured: other work makes figures worse. */
      readonly load: number;
      readonly of?: string;
    }
  | { readonly unit: Unit; readonly error: string };

/** Median, spread and number of some values; an error where there are none. */
export function summarise(
  gauge: Gauge,
  values: readonly number[],
  {
    of,
    error,
    load,
  }: { readonly of?: string | undefined; readonly error: string | null; readonly load: number },
): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (error !== null || low === undefined || high === undefined || min === undefined || max === undefined)
    return { unit: gauge.unit, error: error ?? 'nothing was measured' };
  const digits = (value: number) => Number(value.toPrecision(4));
  return {
    unit: gauge.unit,
    median: digits((low + high) / 2),
    min: digits(min),
    max: digits(max),
    n: sorted.length,
    load: Number(load.toFixed(1)),
    ...(of === undefined ? {} : { of }),
  };
}

/** Measures the gauges that are wanted, bench by bench. An error of one bench stands in its figures and stops no other. */
export async function runBenches(
  benches: readonly Bench[],
  lab: Lab,
  wants: (name: string) => boolean,
): Promise<ReadonlyMap<Gauge, Figure>> {
  const figures = new Map<Gauge, Figure>();
  for (const bench of benches) {
    const gauges = bench.gauges.filter((gauge) => wants(gauge.name));
    if (gauges.length === 0) continue;
    const values = new Map<string, number[]>();
    const objects = new Map<string, string>();
    const take: Take = (name, value, of) => {
      const gauge = gauges.find((one) => one.name === name);
      if (!gauge) return;
      values.set(name, [...(values.get(name) ?? []), value]);
      if (of !== undefined) objects.set(name, of);
      lab.say(`${name} ${value.toPrecision(4)} ${gauge.unit}`);
    };
    let error: string | null = null;
    try {
      lab.signal.throwIfAborted();
      await bench.measure(lab, take, wants);
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    for (const gauge of gauges) {
      const figure = summarise(gauge, values.get(gauge.name) ?? [], {
        of: objects.get(gauge.name),
        error,
        load: loadavg()[0] ?? 0,
      });
      if ('error' in figure) lab.say(`${gauge.name} was not measured: ${figure.error}`);
      figures.set(gauge, figure);
    }
  }
  return figures;
}

/** Whether a gauge is named, as `memory.clones1` or by its group as `memory`; without names all are wanted. */
export function isWanted(name: string, names: readonly string[]): boolean {
  return names.length === 0 || names.some((one) => name === one || name.startsWith(`${one}.`));
}
