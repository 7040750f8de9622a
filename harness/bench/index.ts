// SPDX-License-Identifier: MIT
// Makes: figures of what booting, building, scanning, reading mails and the command line cost on this computer (`make bench`).
// Needs: image, kernel, series, splat, vm, host, model; runs `ktrial` as a user does.
// Never: makes a figure up: what cannot be measured is an error that says why. No room imports it.
export {};
