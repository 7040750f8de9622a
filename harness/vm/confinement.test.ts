// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import t from 'tap';
import { confineMachine } from './confinement.ts';
import type { MachineSpec } from './spec.ts';

/** What QEMU may reach of a machine. */
async function confine(directory: string, more: Partial<MachineSpec>) {
  const spec: MachineSpec = {
    name: 'one.base.1',
    arch: 'x86_64',
    directory,
    bootImage: '/boot',
    rootPath: '/root.squashfs',
    overlayPath: '/overlay.squashfs',
    cpus: 2,
    memoryMib: 1024,
    kernelArgs: [],
    network: false,
    accelerator: { kind: 'tcg', reason: '' },
    keys: { clientPrivateKey: '', hostPublicKey: '' },
    ...more,
  };
  return confineMachine(spec, join(directory, 'sockets'), 64, false);
}

t.test(
  'a machine with a device of this computer reaches that device, its group, and may lock memory',
  async (t) => {
    const plain = await confine(t.testdir(), {});
    t.strictSame(plain.devices, ['/dev/urandom']);
    t.notOk('lockedMib' in plain);
    const pci = { address: '0000:03:00.0', group: '12', lockedMib: 2048 };
    const { devices, readable, lockedMib } = await confine(t.testdir(), { pci });
    t.strictSame(devices, ['/dev/urandom', '/dev/vfio/vfio', '/dev/vfio/12']);
    t.strictSame(readable, [...plain.readable, '/sys/bus/pci/devices/0000:03:00.0']);
    t.equal(lockedMib, 2048);
  },
);
