// SPDX-License-Identifier: MIT
import type { Machine, MachineStarter } from '../vm/index.ts';
import type { Output } from './output.ts';

/** A starter whose machines' consoles are written to standard error as they come, each line behind the machine's name. */
export function watchConsoles(starter: MachineStarter, err: Output): MachineStarter {
  return {
    async boot(spec, options) {
      const machine = await starter.boot(spec, options);
      showConsole(machine, spec.name, err);
      return machine;
    },
    async thaw(template, place) {
      const clone = await starter.thaw(template, place);
      showConsole(clone.machine, place.name, err);
      return clone;
    },
  };
}

/** Writes a machine's console to standard error, line by line; the last one when the machine has ended. */
export function showConsole(machine: Machine, name: string, err: Output): void {
  let rest = '';
  const decoder = new TextDecoder();
  const show = (line: string) => err.write(`${name}: ${line.replace(/\r+$/, '')}\n`);
  machine.onConsole((chunk) => {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) show(line);
  });
  void machine.ended.then(() => {
    if (rest !== '') show(rest);
    rest = '';
  });
}
