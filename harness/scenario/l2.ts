// SPDX-License-Identifier: MIT
import { type L2Shape, l2Argv, l2StateNames, quoteArgs } from '../model/index.ts';

/** Where VMs inside the guest have their consoles and monitors, a pair of files each: `<job>.console`, `<job>.monitor`. */
const L2_DIRECTORY = '/run/l2';

/** Where the overlay has `<name>/kernel`, `<name>/initramfs.cpio` and saved states of each L2 that the scenario names. */
const L2_FILES = '/overlay/l2';

/** The file in the guest to which a VM inside it writes its serial console. */
export function consolePathOf(job: string): string {
  return `${L2_DIRECTORY}/${job}.console`;
}

/** The unix socket in the guest at which a VM inside it listens for QMP. */
export function monitorPathOf(job: string): string {
  return `${L2_DIRECTORY}/${job}.monitor`;
}

export interface L2Options extends L2Shape {
  readonly l2: string;
  readonly job: string;
  readonly devices: readonly string[];
  readonly append: string;
  readonly paused: boolean;
}

/**
 * The shell command that starts QEMU inside the guest. The VM resumes from its saved state if the guest has one, and boots
 * otherwise.
 */
export function l2Command(options: L2Options): string {
  const directory = `${L2_FILES}/${options.l2}`;
  const files = {
    kernel: `${directory}/kernel`,
    initramfs: `${directory}/initramfs.cpio`,
    console: consolePathOf(options.job),
  };
  const argv = [
    'qemu-system-x86_64',
    ...l2Argv(options, files, options.append),
    ...['-chardev', `socket,id=monitor,path=${monitorPathOf(options.job)},server=on,wait=off`],
    ...['-mon', 'chardev=monitor,mode=control'],
    ...options.devices.flatMap((path, index) => ['-device', `vfio-pci,id=device${index},sysfsdev=${path}`]),
    ...(options.paused ? ['-S'] : []),
  ];
  const prepare = `mkdir -p ${L2_DIRECTORY} && rm -f ${files.console} ${monitorPathOf(options.job)}`;
  const command = `exec ${quoteArgs(argv)}`;
  if (!canResume(options)) return `${prepare} && ${command}`;
  const saved = l2StateNames(options);
  const resume = `cp ${directory}/${saved.console} ${files.console} && set -- -incoming file:${directory}/${saved.state}`;
  return `${prepare} && if [ -e ${directory}/${saved.state} ]; then ${resume}; else set --; fi && ${command} "$@"`;
}

/** Whether a VM may resume from a saved state: not with extra kernel arguments, which the saved kernel has not seen, nor paused. */
export function canResume({ append, paused }: Pick<L2Options, 'append' | 'paused'>): boolean {
  return append === '' && !paused;
}
