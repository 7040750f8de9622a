// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';

/**
 * Whether a machine needs a network card: its scenario asks for one, or its kernel has no driver for the serial ports
 * built in, so that SSH must go over TCP. A configuration that cannot be read has no driver.
 */
export async function needsNetwork(kernelConfig: string, asked = false): Promise<boolean> {
  return asked || !(await hasSerialDriver(kernelConfig));
}

/** Whether a kernel has the driver of the serial ports built in: the guest's init loads no modules. */
export async function hasSerialDriver(kernelConfig: string): Promise<boolean> {
  const config = await readFile(kernelConfig, 'utf8').catch(() => '');
  return /^CONFIG_VIRTIO_CONSOLE=y$/m.test(config);
}
