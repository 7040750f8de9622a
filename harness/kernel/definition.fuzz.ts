// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { fuzzTarget, mutate } from '../testing/index.ts';
import { describeLost } from './describe-lost.ts';
import { parseDiagnostics } from './diagnostic.ts';
import { parseExplanation } from './explain-config.ts';
import { parseConfig, parseFragment } from './fragment.ts';

const FRAGMENTS = ['CONFIG_A=y # why\n# CONFIG_B is not set\nCONFIG_C="x y"\nCONFIG_D=0x10\n\n# a comment\n'];
const LOGS = [
  "  CC      a.o\na.c: In function 'f':\na.c:12:3: warning: unused variable 'x' [-Wunused-variable]\n   12 |   int x;\n      |       ^\n",
  'In file included from b.h:1,\n                 from a.c:2:\nb.h:7:1: error: expected ; before } token\nmake[2]: *** [scripts/Makefile.build:280: a.o] Error 1\n',
  'ld: a.o: in function `f\':\na.c:(.text+0x1): undefined reference to `g\'\nERROR: modpost: "h" [m.ko] undefined!\n',
];

const EXPLANATION =
  '{"name":"A","known":true,"type":"bool","value":"n","prompt":true,"depends":{"text":"B [=n]","missing":[{"text":"B [=n]","alone":true}]},"promptIf":null,"selectedBy":[],"ranges":[],"chosen":null}\n{"name":"B","known":false}\n{"names":["A"]}\n';

export const FUZZ_TARGETS = [
  fuzzTarget(
    'whatever a source prints about its options is an explanation or none',
    60,
    mutate(fc.constantFrom(EXPLANATION), ['"name":', 'null', '{', '}\n', '"B [=n]"']),
    (bytes) => {
      const explanation = parseExplanation(Buffer.from(bytes, 'latin1').toString('utf8'));
      if (typeof explanation === 'string') return null;
      const lost = { name: 'CONFIG_A', value: 'y', got: 'n', file: 'x.config', line: 1 };
      describeLost(lost, explanation, [lost]);
      return null;
    },
  ),
  fuzzTarget(
    'a config fragment is read, or refused by line',
    60,
    mutate(fc.constantFrom(...FRAGMENTS), ['CONFIG_', '=y', '=m', ' is not set', '"']),
    (bytes) => {
      const text = Buffer.from(bytes, 'latin1').toString('utf8');
      parseConfig(text);
      parseFragment(text, 'x.config');
      return null;
    },
  ),
  fuzzTarget(
    'any output of a compiler gives diagnostics that name a line or none',
    60,
    mutate(fc.constantFrom(...LOGS), ['error: ', 'warning: ', ':1:', '../', 'make: ***']),
    (bytes) => {
      const found = parseDiagnostics(bytes, { tree: '/tree', output: '/output' });
      const bad = found.find((one) => one.line !== null && !(one.line >= 1));
      return bad ? `line ${bad.line}` : null;
    },
  ),
];
