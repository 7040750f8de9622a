// SPDX-License-Identifier: MIT
import t from 'tap';
import { type FakePciDevice, makePciDevices } from '../testing/index.ts';
import { findPciDevice } from './index.ts';

const CARD: FakePciDevice = { id: '15b3:1019', driver: 'vfio-pci', group: 12 };
const [FIRST, SECOND] = ['0000:03:00.0', '0000:03:00.1'];
const READY = { groups: [12] };

type Options = Parameters<typeof makePciDevices>[2];

/** What is found of a card of 15b3 among these devices. */
async function find(
  t: { testdir(): string },
  devices: Readonly<Record<string, FakePciDevice>>,
  options: Options = READY,
  wanted = '15b3:*',
) {
  return findPciDevice(wanted, 1024, makePciDevices(t.testdir(), devices, options));
}

t.test('a device that is bound to vfio-pci, alone in its group, is ready', async (t) => {
  const device = { address: FIRST, group: '12', lockedMib: 2048 };
  const bridge: FakePciDevice = { id: '8086:1901', class: '0x060400', driver: 'pcieport', group: 12 };
  const other: FakePciDevice = { id: '8086:1237', driver: 'nvme', group: 1 };
  const all = { '0000:00:01.0': bridge, '0000:00:02.0': other, [FIRST]: CARD };
  t.strictSame(await find(t, all), { device, problem: null });
  t.strictSame(await find(t, all, READY, '15b3:1019'), { device, problem: null });
  t.strictSame(await find(t, { ...all, [SECOND]: { id: '15b3:1019', group: 12 } }), {
    device,
    problem: null,
  });
});

t.test('of several devices the first one is taken that can be used', async (t) => {
  const busy = { ...CARD, driver: 'mlx5_core', group: 7 };
  t.match(await find(t, { [SECOND]: CARD, [FIRST]: busy }), { device: { address: SECOND } });
  t.match(await find(t, { [SECOND]: CARD, [FIRST]: { ...CARD, group: 12 } }), { device: { address: FIRST } });
});

t.test('what keeps a device from being used is named, and what to do', async (t) => {
  const rows: [string, Readonly<Record<string, FakePciDevice>>, Options, RegExp][] = [
    [
      'there is none',
      { [FIRST]: { ...CARD, id: '8086:1019' } },
      READY,
      /^this computer has no PCI device 15b3:\*$/,
    ],
    [
      'its own driver has it',
      { [FIRST]: { ...CARD, driver: 'mlx5_core' } },
      READY,
      /^the PCI device 15b3:1019 \(0000:03:00\.0\) of this computer is bound to mlx5_core, expected vfio-pci: run sudo driverctl set-override 0000:03:00\.0 vfio-pci$/,
    ],
    [
      'no driver has it',
      { [FIRST]: { id: '15b3:1019', group: 12 } },
      READY,
      /is bound to no driver, expected/,
    ],
    [
      'there is no IOMMU',
      { [FIRST]: { id: '15b3:1019', driver: 'mlx5_core' } },
      READY,
      /has no IOMMU group: switch the IOMMU on/,
    ],
    [
      'another device of its group is used by this computer',
      { [FIRST]: CARD, [SECOND]: { ...CARD, driver: 'mlx5_core' } },
      READY,
      /shares its IOMMU group 12 with 0000:03:00\.1, which is bound to mlx5_core: run sudo driverctl set-override 0000:03:00\.1/,
    ],
    ['vfio is not there', { [FIRST]: CARD }, {}, /you may not open \/dev\/vfio\/vfio/],
    ['its group may not be opened', { [FIRST]: CARD }, { groups: [3] }, /you may not open \/dev\/vfio\/12/],
    [
      'too little memory may be locked',
      { [FIRST]: CARD },
      { ...READY, lockableMib: 8 },
      /locks 2048 MiB of memory, and you may lock 8 MiB: raise memlock/,
    ],
  ];
  for (const [name, devices, options, problem] of rows) {
    const found = await find(t, devices, options);
    t.equal(found.device, null, name);
    t.match(found.problem, problem, name);
  }
});

t.test('a computer without PCI has no device', async (t) => {
  t.match(await findPciDevice('15b3:*', 1024, { ...makePciDevices(t.testdir(), {}), sys: '/nowhere' }), {
    device: null,
    problem: /has no PCI device/,
  });
  t.match(
    await findPciDevice('ffff:*', 1024),
    { device: null },
    'and this one has none of a vendor that is nobody',
  );
});
