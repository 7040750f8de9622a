// SPDX-License-Identifier: MIT

/** Modules that are loaded; a series that changes more is better served by a scenario of its own. */
const LOADED = 8;

/**
 * The text of the scenario that is run where none is named: it loads and unloads the modules that a series changes, or only
 * boots. A module that a kernel does not have, or whose device is missing, is passed over: the base may lack it.
 */
export function writeFirstScenario(modules: readonly string[]): string {
  const loaded = modules.slice(0, LOADED);
  if (loaded.length === 0)
    return `name: boot
description: the kernel boots, and its log is clean
steps:
  - label: the end of the log
    run: dmesg | tail -n 20
`;
  const steps = [
    ...loaded.flatMap((module) => loadStep(module)),
    ...loaded.toReversed().flatMap((module) => unloadStep(module)),
  ];
  return `name: load-and-unload
description: ${loaded.join(', ')} can be loaded and unloaded, and the log is clean
steps:
  - loop:
      count: 3
      steps:
${steps.map((line) => `        ${line}`).join('\n')}
`;
}

/** The text of a first scenario for people to go on from, with a module that the series changes, or none. */
export function writeStarter(module: string | undefined): string {
  if (module === undefined) return writeFirstScenario([]);
  return `name: ${module.toLowerCase().replaceAll('_', '-')}-comes-and-goes
description: ${module} can be loaded and unloaded, and the log is clean
modules: [${module}]
steps:
  - loop:
      count: 10
      steps:
        - rmmod: ${module}
        - insmod: ${module}
`;
}

function loadStep(module: string): string[] {
  return [
    `- label: load ${module}`,
    '  run: |',
    '    cd /overlay/modules',
    `    [ -e ${module}.ko ] || exit 0`,
    `    for file in $(sed -n 's/^${module}[.]ko://p' modules.dep | tr ' ' '\\n' | sed '1!G;h;$!d') ${module}.ko; do`,
    '      name=$(basename $file .ko | tr - _)',
    '      [ -e /sys/module/$name/initstate ] && continue',
    '      insmod $(basename $file) 2>/tmp/insmod || grep -E "No such device|not supported" /tmp/insmod || {',
    '        cat /tmp/insmod >&2',
    '        exit 1',
    '      }',
    '    done',
  ];
}

function unloadStep(module: string): string[] {
  const name = module.replaceAll('-', '_');
  return [`- label: unload ${module}`, `  run: '[ ! -e /sys/module/${name}/initstate ] || rmmod ${name}'`];
}
