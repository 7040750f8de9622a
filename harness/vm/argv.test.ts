// SPDX-License-Identifier: MIT
import t from 'tap';
import { buildArgv } from './argv.ts';
import type { MachineSpec } from './spec.ts';

const SPEC: MachineSpec = {
  name: 'positive.base.1',
  directory: '/runs/7/positive.base.1',
  bootImage: '/cache/kernels/k/boot',
  rootPath: '/cache/images/i/root.squashfs',
  overlayPath: '/runs/7/positive.base.1/overlay.squashfs',
  cpus: 2,
  memoryMib: 1024,
  kernelArgs: ['kasan_multi_shot'],
  accelerator: { kind: 'tcg', reason: 'there is no /dev/kvm' },
  keys: { clientPrivateKey: '', hostPublicKey: '' },
};

/** The words after an option, wherever it stands; each of them when it stands more than once. */
function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ''] : []));
}

t.test('a machine is a q35 with nothing in it that was not asked for', async (t) => {
  const argv = buildArgv(SPEC, '/tmp/x');
  t.equal(argv[0], 'qemu-system-x86_64');
  for (const flag of ['-nodefaults', '-no-user-config', '-no-reboot']) t.ok(argv.includes(flag), flag);
  t.strictSame(valuesOf(argv, '-machine'), ['q35']);
  t.strictSame(valuesOf(argv, '-display'), ['none']);
  t.strictSame(valuesOf(argv, '-smp'), ['2']);
  t.strictSame(valuesOf(argv, '-m'), ['1024M']);
  t.strictSame(valuesOf(argv, '-device'), [
    'virtio-blk-pci,drive=root',
    'virtio-blk-pci,drive=overlay',
    'virtio-net-pci,netdev=net,romfile=',
    'virtio-serial-pci',
    'virtserialport,chardev=ssh,id=ssh,nr=1',
    'virtserialport,chardev=agent,id=agent,nr=2',
    'virtio-rng-pci,rng=rng',
    'pvpanic',
  ]);
});

t.test(
  'the guest reaches nobody, and we reach it on the loopback address at a port of QEMU’s choice',
  async (t) => {
    t.strictSame(valuesOf(buildArgv(SPEC, '/tmp/x'), '-netdev'), [
      'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
    ]);
  },
);

t.test('the console is written to disk by QEMU itself', async (t) => {
  const argv = buildArgv(SPEC, '/tmp/x');
  t.strictSame(valuesOf(argv, '-chardev'), [
    'file,id=console,path=/runs/7/positive.base.1/console.log,append=on',
    'socket,id=ssh,path=/tmp/x/ssh,server=on,wait=off',
    'socket,id=agent,path=/tmp/x/agent,server=on,wait=off',
  ]);
  t.strictSame(valuesOf(argv, '-serial'), ['chardev:console']);
  t.strictSame(valuesOf(argv, '-qmp'), ['unix:/tmp/x/qmp,server=on,wait=off']);
});

t.test('both disks are read-only and unlocked, so that many machines share one image', async (t) => {
  t.strictSame(valuesOf(buildArgv(SPEC, '/s'), '-drive'), [
    'if=none,id=root,file=/cache/images/i/root.squashfs,format=raw,readonly=on,file.locking=off',
    'if=none,id=overlay,file=/runs/7/positive.base.1/overlay.squashfs,format=raw,readonly=on,file.locking=off',
  ]);
});

t.test('the accelerator decides on the processor', async (t) => {
  const tcg = buildArgv(SPEC, '/s');
  t.strictSame([valuesOf(tcg, '-accel'), valuesOf(tcg, '-cpu')], [['tcg,thread=multi'], ['max,la57=off']]);
  const kvm = buildArgv({ ...SPEC, accelerator: { kind: 'kvm', reason: '' } }, '/s');
  t.strictSame([valuesOf(kvm, '-accel'), valuesOf(kvm, '-cpu')], [['kvm'], ['host']]);
});

t.test('the kernel gets our words first and the scenario’s last, where they win', async (t) => {
  const [append = ''] = valuesOf(buildArgv(SPEC, '/s'), '-append');
  t.match(append, /(^| )console=ttyS0,115200 /);
  t.match(append, / root=\/dev\/vda ro rootfstype=squashfs init=\/sbin\/init /);
  t.match(append, / panic=0 /, 'a panicked kernel stands still');
  t.match(append, / kasan_multi_shot$/);
});

t.test('a comma in a path does not end it', async (t) => {
  const argv = buildArgv({ ...SPEC, directory: '/runs/a,b', rootPath: '/i,j' }, '/q,r');
  t.match(valuesOf(argv, '-chardev')[0], 'path=/runs/a,,b/console.log,');
  t.match(valuesOf(argv, '-drive')[0], 'file=/i,,j,');
  t.match(valuesOf(argv, '-qmp')[0], 'unix:/q,,r/qmp,');
});

t.test('the same spec gives the same words', async (t) => {
  t.strictSame(buildArgv(SPEC, '/s'), buildArgv(structuredClone(SPEC), '/s'));
});

t.test(
  'RAM is a file where it is to be frozen, and a clone of it waits for a state instead of booting',
  async (t) => {
    const shared = buildArgv({ ...SPEC, ram: { path: '/cache/t,1/ram', use: 'shared' } }, '/s');
    t.strictSame(valuesOf(shared, '-machine'), ['q35,memory-backend=ram']);
    t.match(
      valuesOf(shared, '-object')[0],
      'memory-backend-file,id=ram,mem-path=/cache/t,,1/ram,size=1024M,share=on',
    );
    t.notOk(shared.includes('-incoming'));
    const clone = buildArgv({ ...SPEC, ram: { path: '/cache/t/ram', use: 'private' } }, '/s');
    t.match(valuesOf(clone, '-object')[0], 'mem-path=/cache/t/ram,size=1024M,share=off');
    t.strictSame(valuesOf(clone, '-incoming'), ['defer']);
  },
);
