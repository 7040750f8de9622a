// SPDX-License-Identifier: MIT
import { Fault, type Guest } from '../../model/index.ts';

/** What looking at the guest's state needs; a step's context has it. */
export interface Probe {
  readonly guest: Pick<Guest, 'run'>;
  scale(ms: number): number;
  sleep(ms: number): Promise<void>;
}

/** The fault of a check that the kernel was not built for. */
export function notBuilt(message: string, next: string): Fault {
  return new Fault({ blame: 'scenario', code: 'SCENARIO_CHECK_NEEDS_OPTION', message, next });
}

/** A function's name without what the compiler appends to a part or a variant of it. */
export function nameOfFunction(symbol: string): string {
  return symbol.replace(/\.(?:cold|part|isra|constprop|llvm)\b.*/, '');
}
