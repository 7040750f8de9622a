// SPDX-License-Identifier: MIT
// Makes: one trial, from power-on to its judged result, and the events that report it.
// Needs: vm, image, scenario, splat, verdict, host, model.
// Never: builds a kernel, compares arms, or prints.
export type { Keeper } from './finish.ts';
export type { ArtifactResolver } from './resolve.ts';
export type { TrialLab } from './run.ts';
export { createTrialRunner } from './run.ts';
export type { L2Images } from './specify.ts';
