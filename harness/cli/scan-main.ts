#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { runProgram } from './front-door.ts';
import { buildScanProgram } from './scan-verb.ts';

await runProgram(buildScanProgram, {
  once: '\nktrial-scan: stopping; once more to leave at once\n',
  again: 'ktrial-scan: left at once\n',
});
