// SPDX-License-Identifier: MIT
// Makes: machines: their command line as data; booted, frozen, thawed and stopped; driven over QMP and SSH.
// Needs: host, model.
// Never: looks for splats, judges, or builds anything.
export { probeAccelerator } from './accelerator.ts';
export { bootMachine } from './boot.ts';
export { probeConfinement } from './confinement.ts';
export { freezeTemplate } from './freeze.ts';
export type { KeptMachine } from './keep.ts';
export type { Machine } from './machine.ts';
export { measureMemoryMib } from './memory.ts';
export { needsNetwork } from './network.ts';
export type { Accelerator, MachineEnd, MachineSpec } from './spec.ts';
export type { GuestAddress, SshProbe } from './ssh.ts';
export { connectGuest } from './ssh.ts';
export type { MachineStarter, TemplateSource } from './starter.ts';
export { keepableStarter, qemuStarter } from './starter.ts';
export { TemplateStore } from './store.ts';
export type { Template } from './template.ts';
export { OVERLAY_FILE } from './template.ts';
export type { Clone, ClonePlace } from './thaw.ts';
export { thawClone } from './thaw.ts';
