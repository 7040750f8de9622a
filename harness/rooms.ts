// SPDX-License-Identifier: MIT

/** What one room may import: other rooms (their `index.ts`), and modules of Node or npm. */
export interface Room {
  readonly rooms: readonly string[];
  /** Module names, such as `node:path` or `execa`. */
  readonly modules: readonly string[];
}

const HANDS = [
  'node:zlib',
  'node:crypto',
  'node:fs',
  'node:fs/promises',
  'node:os',
  'node:path',
  'node:url',
  'node:stream',
  'node:stream/promises',
];

/** The floor plan. `rooms.test.ts` reads every import in `harness/` and fails on one that does not stand here. */
export const ROOMS: Readonly<Record<string, Room>> = {
  model: { rooms: [], modules: [] },
  host: { rooms: ['model'], modules: [...HANDS, 'node:child_process', 'node:readline', 'execa'] },
  document: { rooms: ['model'], modules: ['yaml', 'zod'] },
  series: { rooms: ['host', 'model'], modules: [...HANDS, 'postal-mime'] },
  kernel: { rooms: ['host', 'model', 'document'], modules: [...HANDS, 'zod'] },
  image: { rooms: ['host', 'model', 'document'], modules: [...HANDS, 'zod', 'ssh2'] },
  vm: { rooms: ['host', 'model'], modules: [...HANDS, 'node:net', 'node:child_process', 'ssh2'] },
  scenario: { rooms: ['document', 'model'], modules: ['zod'] },
  splat: { rooms: ['model'], modules: [] },
  symbol: { rooms: ['host', 'model'], modules: HANDS },
  trial: { rooms: ['vm', 'image', 'scenario', 'splat', 'verdict', 'model', 'host'], modules: HANDS },
  verdict: { rooms: ['model'], modules: [] },
  campaign: {
    rooms: ['series', 'kernel', 'image', 'scenario', 'symbol', 'verdict', 'model', 'host'],
    modules: HANDS,
  },
  report: { rooms: ['model'], modules: ['picocolors', 'string-width'] },
  bench: {
    rooms: ['host', 'image', 'kernel', 'model', 'splat', 'vm'],
    modules: [...HANDS, 'node:events', 'node:util'],
  },
  cli: {
    rooms: [
      'campaign',
      'document',
      'host',
      'image',
      'kernel',
      'model',
      'report',
      'scenario',
      'series',
      'splat',
      'symbol',
      'trial',
      'verdict',
      'vm',
    ],
    modules: [...HANDS, 'commander', 'picocolors', 'node:events', 'node:process', 'node:readline'],
  },
};

/** npm modules that one file alone may import. */
export const SINGLE_DOORS: Readonly<Record<string, string>> = {
  ssh2: 'vm/ssh.ts',
};

/** Where the process, its words and its streams are touched: what people start. */
export const FRONT_DOORS: readonly string[] = ['cli/', 'bench/main.ts'];

/** Globals that only front doors may touch. */
export const CLI_ONLY: readonly string[] = [
  'process.exit',
  'process.argv',
  'process.env',
  'process.stdout',
  'process.stderr',
  'process.stdin',
  'console.log',
  'console.error',
  'console.warn',
  'console.info',
];

/** Lines of code that a file may have: a plain file, and a table of rules. Blank and comment lines do not count. */
export const MAXIMUM_LINES = { code: 250, table: 400 };
