// SPDX-License-Identifier: MIT

/** What one room may import: other rooms (their `index.ts`), and modules of Node or npm. */
export interface Room {
  readonly rooms: readonly string[];
  /** Module names, such as `node:path` or `execa`. */
  readonly modules: readonly string[];
}

/** The floor plan. `rooms.test.ts` compares it with every import in `harness/`, in both directions. */
export const ROOMS: Readonly<Record<string, Room>> = {
  model: { rooms: [], modules: [] },
  host: {
    rooms: ['model'],
    modules: [
      'execa',
      'node:child_process',
      'node:crypto',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:module',
      'node:net',
      'node:os',
      'node:path',
      'node:readline',
      'node:stream',
      'node:stream/promises',
      'node:timers/promises',
    ],
  },
  debian: { rooms: ['host', 'model'], modules: ['node:fs/promises', 'node:path'] },
  store: { rooms: ['host', 'model'], modules: ['node:fs', 'node:fs/promises', 'node:path'] },
  document: { rooms: ['model'], modules: ['fastest-levenshtein', 'yaml', 'zod'] },
  series: {
    rooms: ['host', 'model'],
    modules: ['node:fs/promises', 'node:path', 'node:stream', 'node:zlib', 'postal-mime'],
  },
  kbuild: { rooms: [], modules: ['node:path'] },
  kernel: {
    rooms: ['host', 'debian', 'store', 'document', 'model'],
    modules: [
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:stream',
      'node:stream/promises',
      'zod',
    ],
  },
  image: {
    rooms: ['host', 'debian', 'store', 'document', 'model'],
    modules: ['node:crypto', 'node:fs/promises', 'node:os', 'node:path', 'zod'],
  },
  vm: {
    rooms: ['host', 'model'],
    modules: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:os',
      'node:path',
      'node:stream',
      'node:stream/promises',
      'node:timers/promises',
      'ssh2',
    ],
  },
  scenario: { rooms: ['document', 'ktap', 'model'], modules: ['re2js', 'zod'] },
  splat: { rooms: ['model'], modules: [] },
  ktap: { rooms: ['model'], modules: [] },
  symbol: { rooms: ['host', 'model'], modules: ['node:fs/promises', 'node:path'] },
  trial: {
    rooms: ['vm', 'image', 'scenario', 'splat', 'verdict', 'model', 'host'],
    modules: ['node:fs', 'node:fs/promises', 'node:path', 'node:timers/promises'],
  },
  verdict: { rooms: ['model'], modules: [] },
  calibrate: { rooms: ['document', 'verdict', 'model'], modules: ['zod'] },
  campaign: {
    rooms: [
      'series',
      'kbuild',
      'kernel',
      'image',
      'document',
      'scenario',
      'symbol',
      'verdict',
      'model',
      'host',
    ],
    modules: ['node:crypto', 'node:fs', 'node:fs/promises', 'node:os', 'node:path'],
  },
  scan: {
    rooms: ['host', 'kernel', 'ktap', 'model', 'splat', 'symbol'],
    modules: ['node:fs/promises', 'node:path', 'node:stream', 'node:stream/promises', 'node:zlib'],
  },
  report: { rooms: ['model'], modules: ['picocolors', 'string-width'] },
  cli: {
    rooms: [
      'calibrate',
      'campaign',
      'document',
      'host',
      'image',
      'kernel',
      'ktap',
      'model',
      'report',
      'scan',
      'scenario',
      'trial',
      'vm',
    ],
    modules: [
      '@bomb.sh/tab',
      'commander',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:url',
      'zod',
    ],
  },
  bench: {
    rooms: ['host', 'image', 'kernel', 'model', 'series', 'splat', 'vm'],
    modules: ['node:events', 'node:fs', 'node:fs/promises', 'node:os', 'node:path', 'node:url', 'node:util'],
  },
  make: {
    rooms: ['campaign', 'image', 'kernel', 'ktap', 'model', 'scenario', 'testing', 'trial', 'verdict', 'vm'],
    modules: [
      '@stryker-mutator/core',
      'node:child_process',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:timers/promises',
      'node:util',
    ],
  },
};

/** npm modules that one file or room alone may import. */
export const SINGLE_DOORS: Readonly<Record<string, string>> = {
  ssh2: 'vm/ssh.ts',
  '@bomb.sh/tab': 'cli/commands/complete.ts',
  execa: 'host/',
  yaml: 'document/',
  // Elsewhere patterns are ours, and the language's own engine will do.
  re2js: 'scenario/pattern.ts',
};

/** Where the process, its words and its streams are touched: what people start. */
export const FRONT_DOORS: readonly string[] = [
  'cli/',
  'bench/main.ts',
  'make/',
  // What commands may see of the environment is decided here, and kept nowhere.
  'host/environment.ts',
];

/** Properties of globals that only front doors may touch. */
export const GUARDED: readonly string[] = [
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
