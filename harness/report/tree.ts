// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/index.ts';
import { describeEvent } from './lines.ts';
import type { ProgressOptions } from './progress.ts';
import type { Reporter } from './reporter.ts';
import { describeOutcome, formatDuration, oneLine } from './words.ts';

/** One line of the tree: a stage, or a trial. Its text may be set before and after it is on the screen. */
class Row {
  #text: string;
  #shown: { title: string | undefined } | null = null;
  #settle: (ok: boolean) => void = () => {};
  readonly #ended = new Promise<boolean>((resolve) => {
    this.#settle = resolve;
  });

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  say(text: string): void {
    this.#text = text;
    if (this.#shown) this.#shown.title = text;
  }

  end(ok: boolean): void {
    this.#settle(ok);
  }

  /** Lends the row to the task that draws it, until it ends; rejects when it ended badly. */
  async show(task: { title: string | undefined }): Promise<void> {
    this.#shown = task;
    task.title = this.#text;
    if (!(await this.#ended)) throw new Error(this.#text);
  }
}

/** A task tree on a terminal: a line for each stage, then one for each trial with the latest word of it. */
export function createTree(options: ProgressOptions): Reporter {
  const draw = createDrawing(options);
  const rows = new Map<string, Row>();
  const free: Row[] = [];
  const titles = new Map<string, string>();
  const columns = () => Math.max(20, (options.size?.().columns ?? 80) - 4);
  const fit = (text: string) => {
    const line = oneLine(text);
    return line.length > columns() ? `${line.slice(0, columns() - 1)}…` : line;
  };
  let expected = 0;
  let queue: Row | null = null;
  const open = (key: string, text: string) => {
    const row = new Row(fit(text));
    rows.set(key, row);
    void draw([row]);
  };
  /** All trials share one sheet, whose lines stay blank until their trial starts. */
  const openTrial = (key: string) => {
    if (free.length === 0 && expected > 0) {
      free.push(...Array.from({ length: expected }, () => new Row('')));
      queue = new Row('');
      void draw([queue, ...free]);
      expected = 0;
    }
    const row = free.shift();
    if (!row) return open(key, key);
    row.say(fit(key));
    rows.set(key, row);
  };
  const emitQueue = (text: string, over: boolean) => {
    queue?.say(text);
    if (!over) return;
    queue?.end(true);
    queue = null;
  };
  const close = (key: string, ok: boolean, text: string) => {
    rows.get(key)?.say(fit(text));
    rows.get(key)?.end(ok);
    rows.delete(key);
  };
  return {
    name: 'progress',
    event(event: RunEvent) {
      switch (event.type) {
        case 'planned':
          expected = event.plan.trials.length;
          return;
        case 'stageStarted':
          for (const row of free.splice(0)) row.end(true);
          titles.set(event.stage, event.title);
          return open(event.stage, event.title);
        case 'stageProgress':
          return rows.get(event.stage)?.say(fit(`${titles.get(event.stage) ?? event.stage}: ${event.text}`));
        case 'stageEnded': {
          const note = event.text === '' ? '' : ` (${event.text})`;
          const title = titles.get(event.stage) ?? event.stage;
          return close(event.stage, event.ok, `${title}${note}, ${formatDuration(event.durationMs)}`);
        }
        case 'trialStarted':
          return openTrial(event.trial);
        case 'trialEnded': {
          const { result } = event;
          const text = `${event.trial}: ${describeOutcome(result)}, ${formatDuration(result.durationMs)}: ${result.reason}`;
          return close(event.trial, result.outcome === 'passed', text);
        }
        case 'stepStarted':
          return rows.get(event.trial)?.say(fit(`${event.trial}: ${event.label}`));
        case 'queueChanged':
          return emitQueue(fit(describeEvent(event) ?? ''), event.running + event.waiting === 0);
        case 'machineBooted':
        case 'cloneFellBack':
        case 'stepEnded':
        case 'splatSeen':
          return rows.get(event.trial)?.say(fit(describeEvent(event) ?? event.trial));
        default:
          return;
      }
    },
    end() {
      for (const row of free.splice(0)) row.end(true);
      queue?.end(true);
      for (const [key, row] of rows) close(key, false, `${row.text} (not finished)`);
      return draw([]);
    },
  };
}

/**
 * Draws sheets of rows, one after another, since two that are drawn at once overwrite each other. listr2 is loaded with
 * the first. It is given a stream of its own: left alone it writes to standard output, which belongs to the verdict,
 * and takes over Ctrl-C. Whether there is colour is the caller's word, not the environment's.
 */
function createDrawing(options: ProgressOptions): (rows: readonly Row[]) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let broken = false;
  const onFault = (error: unknown) => {
    broken = true;
    options.write(`the task tree failed and is not drawn any more: ${String(error)}\n`);
  };
  return (rows) => {
    if (rows.length > 0)
      last = last.then(() => (broken ? undefined : drawSheet(rows, options).catch(onFault)));
    return last;
  };
}

async function drawSheet(rows: readonly Row[], options: ProgressOptions): Promise<void> {
  const { createWritable, DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
  /** The default renderer refuses when standard output is no terminal, even though it does not write there. */
  class TerminalRenderer extends DefaultRenderer {
    static override nonTTY = true;
  }
  const write = (text: string) => options.write(options.color ? text : withoutColor(text));
  const size = { columns: 80, rows: 24, ...options.size?.() };
  const stream = Object.assign(createWritable(write), size) as unknown as NodeJS.WriteStream;
  const logger = new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, stream) });
  const sheet = new Listr(
    rows.map((row) => ({
      title: row.text,
      task: (_: unknown, task: { title: string | undefined }) => row.show(task),
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: TerminalRenderer as unknown as typeof DefaultRenderer,
      rendererOptions: {
        logger: logger as never,
        collapseErrors: false,
        showErrorMessage: false,
        formatOutput: 'truncate',
      },
    },
  );
  await sheet.run();
}

/** Text without colours; what moves the cursor stays. */
function withoutColor(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
