#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { runProgram } from './front-door.ts';
import { buildProgram } from './program.ts';

await runProgram(buildProgram, {
  once: '\nktrial: stopping, and recording what there is; once more to leave at once\n',
  again: 'ktrial: left at once; its machines and builds end with it. Continue a run with: ktrial resume\n',
});
