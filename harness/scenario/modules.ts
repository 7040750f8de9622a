// SPDX-License-Identifier: MIT
import type { Guest } from '../model/index.ts';

/** What a guest says about the modules of its kernel. All names as the kernel has them: with underscores for dashes. */
export interface ModuleState {
  /** For each module everything that it depends on, in the order in which to load it. Empty where that is not known. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  readonly loaded: ReadonlySet<string>;
}

/** A module that a scenario names. */
export interface NamedModule {
  /** Its file without `.ko`. */
  readonly module: string;
  readonly args: string;
  readonly timeoutMs: number;
}

/** One module to load. */
export interface ModuleLoad extends NamedModule {
  /** The module that depends on it, where the scenario does not name it itself. */
  readonly neededBy: string | null;
}

/** Where the overlay has the modules of the kernel under test, and `modules.dep` as depmod(8) writes it. */
export const MODULE_DIRECTORY = '/overlay/modules';

/** The module of ktrial's own that delays tasks. It is in `kernels/modules`. */
export const DELAY_MODULE = 'ktrial_delay';

/** The module of ktrial's own that counts entries of functions. It is in `kernels/modules`. */
export const COVERAGE_MODULE = 'ktrial_coverage';

/** Modules of ktrial's own that a scenario loads like any other, by name. They are in `kernels/modules`. */
export const LOADABLE_MODULES: readonly string[] = ['mdev_probe', 'mdev_probe_driver', 'mdev_bochs'];

/** The kernel's name of a module: its file may have dashes for underscores. */
export function kernelNameOf(module: string): string {
  return module.replaceAll('-', '_');
}

/** Asks the guest which modules are loaded, and what each depends on. */
export async function readModuleState(guest: Pick<Guest, 'run'>, timeoutMs: number): Promise<ModuleState> {
  const command = `cat ${MODULE_DIRECTORY}/modules.dep /proc/modules 2>/dev/null`;
  const { stdout } = await guest.run(command, { timeoutMs });
  return parseModuleState(stdout);
}

/** Parses lines of `modules.dep` (`a.ko: b.ko c.ko`, to be loaded from right to left) and of /proc/modules. */
function parseModuleState(text: string): ModuleState {
  const dependencies = new Map<string, readonly string[]>();
  const loaded = new Set<string>();
  for (const line of text.split('\n')) {
    const [, file, needed = ''] = /^(\S+)\.ko:(.*)$/.exec(line) ?? [];
    const [, name] = /^(\S+) \d+ /.exec(line) ?? [];
    if (file !== undefined)
      dependencies.set(kernelNameOf(file), needed.split(' ').filter(Boolean).map(nameOfFile).reverse());
    else if (name !== undefined) loaded.add(name);
  }
  return { dependencies, loaded };
}

function nameOfFile(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '');
}

/**
 * Puts what the named modules depend on before them, each module once. What is loaded already is not loaded again, unless
 * the scenario names it. A dependency that the scenario names as well is loaded with the arguments that are given there.
 */
export function orderModules(named: readonly NamedModule[], state: ModuleState): readonly ModuleLoad[] {
  const byName = new Map(named.map((body) => [kernelNameOf(body.module), body]));
  const loads = new Map<string, ModuleLoad>();
  for (const body of named) {
    for (const file of state.dependencies.get(kernelNameOf(body.module)) ?? []) {
      const name = kernelNameOf(file);
      if (loads.has(name) || (state.loaded.has(name) && !byName.has(name))) continue;
      const known = byName.get(name);
      loads.set(
        name,
        known
          ? { ...known, neededBy: null }
          : { module: file, args: '', timeoutMs: body.timeoutMs, neededBy: body.module },
      );
    }
    const name = kernelNameOf(body.module);
    if (!loads.has(name)) loads.set(name, { ...body, neededBy: null });
  }
  return [...loads.values()];
}
