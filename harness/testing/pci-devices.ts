// SPDX-License-Identifier: MIT
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { DevicePlaces } from '../host/index.ts';

/** A PCI device of a computer that is not there. */
export interface FakePciDevice {
  /** `15b3:1019`. */
  readonly id: string;
  /** As sysfs has it; absent: a network card. */
  readonly class?: string;
  readonly driver?: string;
  readonly group?: number;
}

/** Makes directories as Linux has them for PCI devices, by their addresses, and for the groups of vfio that may be opened. */
export function makePciDevices(
  directory: string,
  devices: Readonly<Record<string, FakePciDevice>>,
  { groups = [], lockableMib = Number.POSITIVE_INFINITY }: { groups?: number[]; lockableMib?: number } = {},
): DevicePlaces {
  const [sys, dev] = [join(directory, 'sys'), join(directory, 'dev')];
  const link = (target: string, path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(target, { recursive: true });
    symlinkSync(relative(dirname(path), target), path);
  };
  for (const [address, { id, class: kind = '0x020000', driver, group }] of Object.entries(devices)) {
    const real = join(sys, 'devices/pci0000:00', address);
    link(real, join(sys, 'bus/pci/devices', address));
    const [vendor, device] = id.split(':');
    for (const [name, text] of Object.entries({ vendor: `0x${vendor}`, device: `0x${device}`, class: kind }))
      writeFileSync(join(real, name), `${text}\n`);
    if (driver !== undefined) link(join(sys, 'bus/pci/drivers', driver), join(real, 'driver'));
    if (group === undefined) continue;
    const place = join(sys, 'kernel/iommu_groups', String(group));
    link(place, join(real, 'iommu_group'));
    link(real, join(place, 'devices', basename(real)));
  }
  mkdirSync(join(dev, 'vfio'), { recursive: true });
  for (const name of groups.length > 0 ? ['vfio', ...groups] : [])
    writeFileSync(join(dev, 'vfio', String(name)), '');
  return { sys, dev, lockableMib: async () => lockableMib };
}
