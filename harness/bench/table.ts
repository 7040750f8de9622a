// SPDX-License-Identifier: MIT
import type { Figure, Gauge } from './figure.ts';

/** Prints one figure per line, grouped by what was measured (such as the kernel). */
export function formatFigures(figures: ReadonlyMap<Gauge, Figure>): string {
  const head = ['figure', 'median', 'min', 'max', 'n', 'load', 'what'];
  const rows = [...figures].map(([gauge, figure]) =>
    'error' in figure
      ? [gauge.name, '-', '-', '-', '0', '-', `not measured: ${figure.error}`]
      : [
          gauge.name,
          `${figure.median} ${gauge.unit}`,
          String(figure.min),
          String(figure.max),
          String(figure.n),
          String(figure.load),
          gauge.title,
        ],
  );
  const widths = head.map((word, column) =>
    Math.max(word.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const lines = [line(head), line(widths.map((width) => '-'.repeat(width)))];
  let above: string | undefined;
  [...figures.values()].forEach((figure, index) => {
    const of = 'of' in figure ? figure.of : undefined;
    if (of !== above && of !== undefined) lines.push(`${of}:`);
    else if (of !== above) lines.push('');
    above = of;
    lines.push(line(rows[index] ?? []));
  });
  return lines.join('\n');
}

/** Figures for programs: by name. */
export function figuresJson(figures: ReadonlyMap<Gauge, Figure>): Record<string, Figure> {
  return Object.fromEntries([...figures].map(([gauge, figure]) => [gauge.name, figure]));
}
