// SPDX-License-Identifier: MIT
// Makes: QEMU machines: their command line as data, started, frozen and thawed, watched, spoken to over QMP and SSH, ended.
// Needs: host, model.
// Never: looks for splats, judges, or builds anything.
export type { ProbeOptions } from './accelerator.ts';
export { probeAccelerator } from './accelerator.ts';
export { buildArgv } from './argv.ts';
export { bootMachine } from './boot.ts';
export type { FreezeOptions } from './freeze.ts';
export { freezeTemplate } from './freeze.ts';
export type { Machine } from './machine.ts';
export { measureMemoryMib } from './memory.ts';
export { QemuMachine, READY_LINE } from './qemu-machine.ts';
export { QmpClient } from './qmp.ts';
export type { Accelerator, MachineEnd, MachineKeys, MachineRam, MachineSpec } from './spec.ts';
export type { SshProbe } from './ssh.ts';
export type { MachineStarter, TemplateSource } from './starter.ts';
export { qemuStarter } from './starter.ts';
export type { StoreOptions } from './store.ts';
export { TemplateStore } from './store.ts';
export type { Template } from './template.ts';
export { keyOfTemplate, OVERLAY_FILE } from './template.ts';
export type { Clone, ClonePlace } from './thaw.ts';
export { thawClone } from './thaw.ts';
