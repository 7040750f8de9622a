// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { RunEvent } from '../model/index.ts';
import { createNarrator } from './narrate.ts';
import type { Reporter } from './reporter.ts';
import { createScreen, type ScreenLine, type ScreenOptions } from './screen.ts';
import { oneLine } from './text.ts';

export interface TreeOptions extends ScreenOptions {
  readonly color: boolean;
}

const TURNING = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TURN_EVERY_MS = 200;

/**
 * Shows progress on a terminal: a permanent line for whatever has ended, and below a line for each running stage and trial
 * with its latest event, and the queue.
 */
export function createTree(options: TreeOptions): Reporter {
  const paint = pc.createColors(options.color);
  const screen = createScreen(options);
  const narrate = createNarrator();
  const running = new Map<string, string>();
  let queue = '';
  let turn = 0;
  let timer: NodeJS.Timeout | null = null;
  const stop = () => {
    if (timer) clearInterval(timer);
    timer = null;
  };
  const draw = (lines: readonly ScreenLine[] = []) => {
    const mark = paint.yellow(TURNING[turn % TURNING.length] ?? '');
    const frame = [...running.values(), ...(queue === '' ? [] : [queue])];
    screen.draw(
      lines,
      frame.map((text) => ({ mark, text: oneLine(text) })),
    );
    if (running.size === 0) stop();
    else timer ??= setInterval(animate, TURN_EVERY_MS).unref();
  };
  const animate = () => {
    turn += 1;
    try {
      draw();
    } catch {
      // The next event meets the same fault, and its sender gets the error.
      stop();
    }
  };
  const keep = (mark: string, text: string) => draw([{ mark, text: oneLine(text) }]);
  const end = (key: string, ok: boolean, text: string) => {
    running.delete(key);
    keep(ok ? paint.green('✔') : paint.red('✖'), text);
  };
  return {
    name: 'progress',
    event(event) {
      const text = narrate(event);
      const key = keyOf(event);
      if (event.type === 'stageEnded') return end(key, event.ok, text ?? event.stage);
      if (event.type === 'trialEnded')
        return end(key, event.result.outcome === 'passed', text ?? event.trial);
      if (event.type === 'queueChanged') {
        queue = event.running + event.waiting === 0 ? '' : (text ?? '');
        return draw();
      }
      if (event.type === 'stepStarted') running.set(key, `${event.trial}: ${event.label}`);
      else if (text === null) return;
      else if (key === '' || event.type === 'splatSeen' || event.type === 'cloneFellBack')
        return keep(paint.yellow('·'), text);
      else running.set(key, text);
      draw();
    },
    end() {
      stop();
      queue = '';
      for (const [key, text] of running) end(key, false, `${text} (not finished)`);
      draw();
    },
  };
}

/** Names the running stage or trial that an event belongs to; empty if it belongs to none. */
function keyOf(event: RunEvent): string {
  if ('trial' in event) return `trial ${event.trial}`;
  return 'stage' in event ? `stage ${event.stage}` : '';
}
