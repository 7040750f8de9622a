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
 * Progress on a terminal: what has ended is a line that stays, and below them stands a line for each stage and trial that
 * runs, with the latest news of it, and the queue.
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
      // The next event finds the same fault, and whoever sends it hears of it.
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

/** Which line an event is about: a stage's or a trial's; empty for those that are lines of their own. */
function keyOf(event: RunEvent): string {
  if ('trial' in event) return `trial ${event.trial}`;
  return 'stage' in event ? `stage ${event.stage}` : '';
}
