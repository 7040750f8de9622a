// SPDX-License-Identifier: MIT

/** What can be set in files and by the environment. */
export type SettingName =
  | 'kernel'
  | 'scenarios'
  | 'config'
  | 'repeat'
  | 'jobs'
  | 'output'
  | 'verbose'
  | 'color'
  | 'mirror'
  | 'limits';

/** One option that can be set in files and by the environment as well. */
export interface Setting {
  readonly option: `--${string}`;
  readonly variable: `KTRIAL_${string}`;
  /** What it is without being set, for people. */
  readonly usual: string;
  /** Who may set it: a `ktrial.yaml`, which comes with somebody's repository, or the user alone. */
  readonly scope: 'project' | 'user';
  /** How its values are read: as they are, as paths relative to the file, or `true` and `false`. */
  readonly values: 'plain' | 'paths' | 'flag';
  readonly isList: boolean;
}

/** All settings, in the order in which they are listed. */
export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  kernel: {
    option: '--kernel',
    variable: 'KTRIAL_KERNEL',
    usual: 'none',
    scope: 'project',
    values: 'paths',
    isList: false,
  },
  scenarios: {
    option: '--scenarios',
    variable: 'KTRIAL_SCENARIOS',
    usual: 'none',
    scope: 'project',
    values: 'paths',
    isList: true,
  },
  config: {
    option: '--config',
    variable: 'KTRIAL_CONFIG',
    usual: 'none',
    scope: 'project',
    values: 'paths',
    isList: true,
  },
  repeat: {
    option: '--repeat',
    variable: 'KTRIAL_REPEAT',
    usual: 'until the numbers decide',
    scope: 'project',
    values: 'plain',
    isList: false,
  },
  jobs: {
    option: '--jobs',
    variable: 'KTRIAL_JOBS',
    usual: 'two per core, as memory allows',
    scope: 'user',
    values: 'plain',
    isList: false,
  },
  output: {
    option: '--output',
    variable: 'KTRIAL_OUTPUT',
    usual: 'tap',
    scope: 'project',
    values: 'plain',
    isList: true,
  },
  verbose: {
    option: '--verbose',
    variable: 'KTRIAL_VERBOSE',
    usual: 'false',
    scope: 'project',
    values: 'flag',
    isList: false,
  },
  color: {
    option: '--color',
    variable: 'KTRIAL_COLOR',
    usual: 'auto',
    scope: 'user',
    values: 'plain',
    isList: false,
  },
  mirror: {
    option: '--mirror',
    variable: 'KTRIAL_MIRROR',
    usual: 'what apt uses',
    scope: 'user',
    values: 'plain',
    isList: false,
  },
  limits: {
    option: '--limit',
    variable: 'KTRIAL_LIMITS',
    usual: 'docs/limits.md',
    scope: 'user',
    values: 'plain',
    isList: true,
  },
};

/** The names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The file with a project's settings: in the working directory, or the nearest one above it in the same git tree. */
export const PROJECT_FILE = 'ktrial.yaml';

/** One setting as one place has it. */
export interface FoundSetting {
  readonly name: SettingName;
  /** As the option on the command line takes them; a flag has `true` or `false`. */
  readonly values: readonly string[];
  /** For people: `KTRIAL_JOBS`, or `/home/me/.config/ktrial/config.yaml:3`. */
  readonly origin: string;
}
