// SPDX-License-Identifier: MIT
import type { Keeper } from '../trial/index.ts';
import type { KeptMachine } from '../vm/index.ts';
import type { Output } from './output.ts';

/** Keeps one machine: the first of a trial that fails. */
export class FirstMachine implements Keeper {
  #kept: { readonly trial: string; readonly machine: KeptMachine } | null = null;

  wants(): boolean {
    return this.#kept === null;
  }

  take(trial: string, machine: KeptMachine): void {
    this.#kept ??= { trial, machine };
  }

  /** Prints how to reach the machine that was kept, or that there is none. */
  print(err: Output, vmlinux: (trial: string) => string | null): void {
    if (this.#kept === null)
      err.write('ktrial: no machine was left running: none of a failed trial was alive\n');
    else printKept(err, `the machine of ${this.#kept.trial}`, this.#kept.machine, vmlinux(this.#kept.trial));
  }
}

/** Prints how to reach a machine that was left running, and how to end it. */
export function printKept(err: Output, what: string, kept: KeptMachine, vmlinux: string | null): void {
  const lines = [
    ...(kept.ssh === null ? [] : [`shell    ${kept.ssh}`]),
    `monitor  ${kept.monitor}`,
    `gdb      gdb ${vmlinux === null ? '' : `${vmlinux} `}${kept.gdb}`,
    `end      ${kept.end}`,
  ];
  err.write(`ktrial: ${what} was left running:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
