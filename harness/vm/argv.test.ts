// SPDX-License-Identifier: MIT
import t from 'tap';
import { buildArgv, buildProbeArgv, buildReproductionCommand } from './argv.ts';
import type { MachineSpec } from './spec.ts';

const SPEC: MachineSpec = {
  name: 'positive.base.1',
  arch: 'x86_64',
  directory: '/runs/7/positive.base.1',
  bootImage: '/cache/kernels/k/boot',
  rootPath: '/cache/images/i/root.squashfs',
  overlayPath: '/runs/7/positive.base.1/overlay.squashfs',
  cpus: 2,
  memoryMib: 1024,
  kernelArgs: ['kasan_multi_shot'],
  network: false,
  accelerator: { kind: 'tcg', reason: 'there is no /dev/kvm' },
  keys: { clientPrivateKey: '', hostPublicKey: '' },
};

const APPEND =
  'console=ttyS0,115200 earlycon=uart8250,io,0x3f8,115200 no_timer_check tsc=reliable printk.time=1 root=/dev/vda ro ' +
  'rootfstype=squashfs init=/sbin/init panic=0 ignore_loglevel printk.devkmsg=on net.ifnames=0';

const Q35 = 'q35,sata=off,smbus=off,vmport=off';
const SANDBOX = '-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

const DISK = 'format=raw,readonly=on,file.locking=off';

/** Every argument, an option and its value a line. */
function linesOf(argv: readonly string[]): string[] {
  const lines: string[] = [];
  for (const arg of argv)
    if (arg.startsWith('-') || lines.length === 0) lines.push(arg);
    else lines.push(`${lines.pop()} ${arg}`);
  return lines;
}

/** The lines that a change of the spec takes away, and those that it adds. */
function compare(before: readonly string[], after: readonly string[]) {
  const [old, now] = [linesOf(before), linesOf(after)];
  return {
    gone: old.filter((line) => !now.includes(line)),
    added: now.filter((line) => !old.includes(line)),
  };
}

t.test('a machine is a q35 with exactly these devices, disks and ports', async (t) => {
  t.strictSame(linesOf(buildArgv(SPEC, '/tmp/x')), [
    'qemu-system-x86_64',
    '-name guest=positive.base.1',
    '-nodefaults',
    '-no-user-config',
    '-display none',
    `-machine ${Q35}`,
    SANDBOX,
    '-accel tcg,thread=multi',
    '-cpu max,la57=off',
    '-smp 2',
    '-m 1024M',
    '-kernel /cache/kernels/k/boot',
    `-append ${APPEND} kasan_multi_shot`,
    '-chardev file,id=console,path=/runs/7/positive.base.1/console.log,append=on',
    '-serial chardev:console',
    '-qmp unix:/tmp/x/qmp,server=on,wait=off',
    `-drive if=none,id=root,file=/cache/images/i/root.squashfs,${DISK}`,
    '-device virtio-blk-pci,drive=root',
    `-drive if=none,id=overlay,file=/runs/7/positive.base.1/overlay.squashfs,${DISK}`,
    '-device virtio-blk-pci,drive=overlay',
    '-device virtio-serial-pci',
    '-chardev socket,id=ssh,path=/tmp/x/ssh,server=on,wait=off',
    '-device virtserialport,chardev=ssh,id=ssh,nr=1',
    '-chardev socket,id=agent,path=/tmp/x/agent,server=on,wait=off',
    '-device virtserialport,chardev=agent,id=agent,nr=2',
    '-object rng-random,id=rng,filename=/dev/urandom',
    '-device virtio-rng-pci,rng=rng',
    '-no-reboot',
    '-device pvpanic',
    '-action panic=none',
  ]);
});

t.test('each part of a spec changes its own arguments and no other', async (t) => {
  const rows: [string, Partial<MachineSpec>, { gone: string[]; added: string[] }][] = [
    [
      'KVM',
      { accelerator: { kind: 'kvm', reason: '' } },
      { gone: ['-accel tcg,thread=multi', '-cpu max,la57=off'], added: ['-accel kvm', '-cpu host'] },
    ],
    ['CPUs', { cpus: 4 }, { gone: ['-smp 2'], added: ['-smp 4'] }],
    ['memory', { memoryMib: 512 }, { gone: ['-m 1024M'], added: ['-m 512M'] }],
    [
      'kernel arguments, behind ours, where they win',
      { kernelArgs: ['printk.time=0', 'panic=1'] },
      {
        gone: [`-append ${APPEND} kasan_multi_shot`],
        added: [`-append ${APPEND} printk.time=0 panic=1`],
      },
    ],
    [
      'a network card, in a network with nobody else, for SSH over TCP',
      { network: true },
      {
        gone: [],
        added: [
          '-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
          '-device virtio-net-pci,netdev=net,romfile=',
        ],
      },
    ],
    [
      'a PCI device of this computer, at one place in every guest',
      { pci: { address: '0000:03:00.0', group: '12', lockedMib: 2048 } },
      { gone: [], added: ['-device vfio-pci,host=0000:03:00.0,addr=0x10,rombar=0'] },
    ],
    [
      'a data disk',
      { dataDiskPath: '/d' },
      { gone: [], added: [`-drive if=none,id=data,file=/d,${DISK}`, '-device virtio-blk-pci,drive=data'] },
    ],
    [
      'RAM in a file that is to be frozen',
      { ram: { path: '/t,1/ram', use: 'shared' } },
      {
        gone: [`-machine ${Q35}`],
        added: [
          `-machine ${Q35},memory-backend=ram`,
          '-object memory-backend-file,id=ram,mem-path=/t,,1/ram,size=1024M,share=on',
        ],
      },
    ],
    [
      'a clone, which waits for a state instead of booting',
      { ram: { path: '/t/ram', use: 'private' } },
      {
        gone: [`-machine ${Q35}`, '-kernel /cache/kernels/k/boot', `-append ${APPEND} kasan_multi_shot`],
        added: [
          `-machine ${Q35},memory-backend=ram`,
          '-object memory-backend-file,id=ram,mem-path=/t/ram,size=1024M,share=off',
          '-incoming defer',
        ],
      },
    ],
    [
      'commas in paths, which are written twice',
      { name: 'a,b', directory: '/r,s', rootPath: '/i,j', overlayPath: '/o,p' },
      {
        gone: [
          '-name guest=positive.base.1',
          '-chardev file,id=console,path=/runs/7/positive.base.1/console.log,append=on',
          `-drive if=none,id=root,file=/cache/images/i/root.squashfs,${DISK}`,
          `-drive if=none,id=overlay,file=/runs/7/positive.base.1/overlay.squashfs,${DISK}`,
        ],
        added: [
          '-name guest=a,,b',
          '-chardev file,id=console,path=/r,,s/console.log,append=on',
          `-drive if=none,id=root,file=/i,,j,${DISK}`,
          `-drive if=none,id=overlay,file=/o,,p,${DISK}`,
        ],
      },
    ],
  ];
  for (const [what, change, expected] of rows)
    t.strictSame(compare(buildArgv(SPEC, '/s'), buildArgv({ ...SPEC, ...change }, '/s')), expected, what);
  t.match(compare(buildArgv(SPEC, '/s'), buildArgv(SPEC, '/q,r')).added, [
    '-qmp unix:/q,,r/qmp,server=on,wait=off',
    '-chardev socket,id=ssh,path=/q,,r/ssh,server=on,wait=off',
    '-chardev socket,id=agent,path=/q,,r/agent,server=on,wait=off',
  ]);
});

t.test('a machine of arm64 is a virt with the same devices, disks and ports', async (t) => {
  const arm = { ...SPEC, arch: 'arm64' } as const;
  const common =
    'printk.time=1 root=/dev/vda ro rootfstype=squashfs init=/sbin/init panic=0 ignore_loglevel ' +
    'printk.devkmsg=on net.ifnames=0 kasan_multi_shot';
  t.strictSame(compare(buildArgv(SPEC, '/s'), buildArgv(arm, '/s')), {
    gone: [
      'qemu-system-x86_64',
      `-machine ${Q35}`,
      '-cpu max,la57=off',
      `-append ${APPEND} kasan_multi_shot`,
      '-device pvpanic',
    ],
    added: [
      'qemu-system-aarch64',
      '-machine virt,gic-version=3',
      '-cpu max,lpa2=off,pauth-impdef=on',
      `-append console=ttyAMA0,115200 earlycon=pl011,0x9000000 ${common}`,
      '-device pvpanic-pci',
    ],
  });
  const kvm = { ...arm, accelerator: { kind: 'kvm', reason: '' } } as const;
  t.strictSame(compare(buildArgv(arm, '/s'), buildArgv(kvm, '/s')).added, [
    '-machine virt,gic-version=host',
    '-accel kvm',
    '-cpu host',
  ]);
});

t.test('the same spec gives the same arguments', async (t) => {
  t.strictSame(buildArgv(SPEC, '/s'), buildArgv(structuredClone(SPEC), '/s'));
});

t.test('the reproduction command is the same machine with its console on the terminal', async (t) => {
  const command = buildReproductionCommand(SPEC);
  t.match(command, `-append '${APPEND} kasan_multi_shot' `);
  const argv = command.replaceAll("'", '').split(' ');
  t.strictSame(
    compare(buildArgv(SPEC, '/s').join(' ').split(' '), argv),
    {
      gone: [
        '-chardev file,id=console,path=/runs/7/positive.base.1/console.log,append=on',
        '-serial chardev:console',
        '-qmp unix:/s/qmp,server=on,wait=off',
        '-chardev socket,id=ssh,path=/s/ssh,server=on,wait=off',
        '-chardev socket,id=agent,path=/s/agent,server=on,wait=off',
      ],
      added: ['-serial mon:stdio', '-chardev null,id=ssh', '-chardev null,id=agent'],
    },
    'and with nothing that only ktrial has',
  );
});

t.test('the reproduction command has a network card where the machine has one, and no way in', async (t) => {
  const [without, within] = [SPEC, { ...SPEC, network: true }].map(buildReproductionCommand);
  t.notMatch(without, /netdev/);
  t.match(within, /-netdev user,id=net,restrict=on -device '?virtio-net-pci,netdev=net,romfile='? /);
});

t.test('a clone is reproduced by booting it, with its own disks', async (t) => {
  const disks = { overlayPath: '/r/overlay.squashfs', dataDiskPath: '/r/it’s data' };
  const clone = { ...SPEC, ...disks, ram: { path: '/t/ram', use: 'private' } } as const;
  t.equal(buildReproductionCommand(clone), buildReproductionCommand({ ...SPEC, ...disks }));
  t.match(buildReproductionCommand(clone), "-drive 'if=none,id=data,file=/r/it’s data,format=raw");
});

t.test(
  'an accelerator is tried on the machine of trials, without its disks, network and ports',
  async (t) => {
    t.strictSame(linesOf(buildProbeArgv('x86_64', 'kvm', '/k', '/c,d')), [
      'qemu-system-x86_64',
      '-name guest=ktrial-probe',
      '-nodefaults',
      '-no-user-config',
      '-display none',
      `-machine ${Q35}`,
      SANDBOX,
      '-accel kvm',
      '-cpu host',
      '-smp 2',
      '-m 512M',
      '-kernel /k',
      `-append ${APPEND}`,
      '-chardev file,id=console,path=/c,,d,append=on',
      '-serial chardev:console',
      '-no-reboot',
      '-device pvpanic',
      '-action panic=none',
    ]);
  },
);
