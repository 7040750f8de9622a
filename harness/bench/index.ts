// SPDX-License-Identifier: MIT
// Makes: figures: what booting, building, scanning and the command line cost on this computer, by `make bench`.
// Needs: campaign, image, kernel, scenario, series, splat, symbol, trial, vm, host, model.
// Never: makes a figure up: what cannot be measured is an error that says why. Nothing imports it.
export type { Bench, Figure, Gauge, Unit } from './figure.ts';
export { summarise } from './figure.ts';
