// SPDX-License-Identifier: MIT
import type { Fault } from '../model/index.ts';
import type {
  Clone,
  ClonePlace,
  Machine,
  MachineSpec,
  MachineStarter,
  Template,
  TemplateSource,
} from '../vm/index.ts';
import { FakeMachine, type MachineScript } from './machine.ts';

/** A starter of fake machines, and every machine that it has started, in order. */
export interface FakeStarter extends MachineStarter {
  readonly machines: FakeMachine[];
}

/**
 * Starts fake machines by the script that belongs to a machine's spec. What `choose` throws is thrown by the start, as a
 * `MACHINE_NOT_STARTED` or `CLONE_NOT_THAWED` would be. Aborting the start's signal stops the machine.
 */
export function aMachineStarter(
  choose: (spec: MachineSpec, how: 'boot' | 'thaw') => MachineScript = () => ({}),
): FakeStarter {
  const machines: FakeMachine[] = [];
  const start = (spec: MachineSpec, how: 'boot' | 'thaw', signal?: AbortSignal): FakeMachine => {
    const machine = new FakeMachine(spec.directory, choose(spec, how));
    machines.push(machine);
    signal?.addEventListener('abort', () => void machine.stop(), { once: true });
    if (signal?.aborted) void machine.stop();
    return machine;
  };
  return {
    machines,
    async boot(spec, options) {
      return start(spec, 'boot', options.signal);
    },
    async thaw(template: Template, place: ClonePlace): Promise<Clone<Machine>> {
      const spec = { ...template.spec, name: place.name, directory: place.directory };
      const machine = start(spec, 'thaw', place.signal);
      return { machine, qmpMs: 1, runningMs: 2, revived: Promise.resolve() };
    },
  };
}

/** Templates without files, one for each key; `keys` has every key that was opened. What `open` is given to throw, it throws. */
export function aTemplateSource(fault?: Fault): TemplateSource & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    async keyOf(spec, contents) {
      return `${spec.cpus}-${spec.memoryMib}-${spec.kernelArgs.join('-')}-${contents.join('-')}`;
    },
    async open(key) {
      keys.push(key);
      if (fault) throw fault;
      return aTemplate();
    },
    async shareDataDisk(name) {
      return { path: `/nowhere/${name}`, digest: name };
    },
  };
}

function aTemplate(): Template {
  const spec = {
    name: 'template',
    directory: '/nowhere',
    arch: 'x86_64' as const,
    bootImage: '/nowhere/boot',
    rootPath: '/nowhere/root',
    overlayPath: '/nowhere/overlay',
    dataDiskPath: '/nowhere/data',
    cpus: 1,
    memoryMib: 256,
    kernelArgs: [],
    network: false,
    accelerator: { kind: 'tcg', reason: 'a fake' } as const,
    keys: { clientPrivateKey: '', hostPublicKey: '' },
  };
  return { directory: '/nowhere', spec, dataDisk: null, serial: true, greeting: '', bootMs: 4_000 };
}
