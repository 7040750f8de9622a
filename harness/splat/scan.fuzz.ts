// SPDX-License-Identifier: MIT
import { fuzzTarget } from '../testing/index.ts';
import { SCAN_PROPERTIES } from './properties.fuzz.ts';

export const FUZZ_TARGETS = SCAN_PROPERTIES.map(({ name, inputs, check }) =>
  fuzzTarget(
    `scan: ${name}`,
    2,
    inputs,
    ([log, places]) => check(log, places),
    ([log]) => log.length,
  ),
);
