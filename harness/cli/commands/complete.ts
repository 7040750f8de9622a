// SPDX-License-Identifier: MIT
import { type Dirent, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Complete, RootCommand, ShellCompDirective, script, type Command as Words } from '@bomb.sh/tab';
import type { Command } from 'commander';
import { Fault, LIMITS } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { listCommands } from '../verb.ts';

const SHELLS: readonly string[] = ['bash', 'zsh', 'fish'];

/** Prints the completion script of a shell, or, for such a script, how a line can go on. */
export async function execute(context: Context, args: readonly string[]): Promise<number> {
  const at = context.args.indexOf('--');
  const text = at === -1 ? printScript(args) : await completeLine(context, context.args.slice(at + 1));
  context.out.write(text);
  return 0;
}

/** The script, by `@bomb.sh/tab`. Its bash script may be read twice in one shell. Fault `CLI_UNKNOWN_SHELL` (request). */
function printScript([shell = '', ...more]: readonly string[]): string {
  if (!SHELLS.includes(shell) || more.length > 0)
    throw new Fault({
      blame: 'request',
      code: 'CLI_UNKNOWN_SHELL',
      message: `got ${[shell, ...more].join(' ') || 'no shell'}, expected one of ${SHELLS.join(', ')}`,
      next: 'such as ktrial complete bash',
    });
  return capture(() => script(shell, 'ktrial', 'ktrial')).replaceAll(/^readonly (?=ShellComp)/gm, '');
}

/** How the last of the words can go on: lines of `value TAB description`, and a last one for the script. */
async function completeLine(context: Context, words: readonly string[]): Promise<string> {
  const offers = await gatherOffers(context, words);
  const root = new RootCommand();
  const { program } = context;
  const globals = describe(root, program, offers);
  for (const command of listCommands(program).slice(1)) {
    const own = root.command(pathOf(command), command.description());
    describe(own, command, offers);
    globals(own);
  }
  const text = capture(() => root.parse([...words]));
  const lines = text.trimEnd().split('\n');
  const [only, ...others] = lines.slice(0, -1);
  // Behind a directory or `NAME=` the word goes on.
  if (only === undefined || others.length > 0 || !/^[^\t]*[/=:](?:\t|$)/.test(only)) return text;
  const { ShellCompDirectiveNoFileComp: noFile, ShellCompDirectiveNoSpace: noSpace } = ShellCompDirective;
  return `${only}\n:${noFile | noSpace}\n`;
}

/** Gives a command of the completion the options and operands of ours. Returns what gives the options to another one. */
function describe(words: Words, command: Command, offers: Offers): (other: Words) => void {
  const giveOptions = (to: Words) => {
    for (const option of command.createHelp().visibleOptions(command)) {
      const long = option.long?.replace(/^--/, '');
      if (long === undefined) continue;
      const short = option.short?.replace(/^-/, '');
      const values = option.argChoices ?? offers.options[long] ?? [];
      if (option.required) to.option(long, option.description, (complete) => offer(complete, values), short);
      else to.option(long, option.description, short);
    }
  };
  giveOptions(words);
  for (const argument of command.registeredArguments)
    words.argument(
      argument.name(),
      (complete) => offer(complete, argument.argChoices ?? offers.operands[argument.name()] ?? []),
      argument.variadic,
    );
  return giveOptions;
}

function offer(complete: Complete, values: readonly string[]): void {
  for (const value of values) complete(value, '');
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

/** Values of options and operands, by name. */
interface Offers {
  readonly options: Readonly<Record<string, readonly string[]>>;
  readonly operands: Readonly<Record<string, readonly string[]>>;
}

/** What this line could ask for; runs are only looked up where a verb takes one. */
async function gatherOffers(context: Context, words: readonly string[]): Promise<Offers> {
  const [last = ''] = words.slice(-1);
  const value = last.startsWith('-') && last.includes('=') ? last.slice(last.indexOf('=') + 1) : last;
  const files = listPaths(context.workingDirectory, value);
  const kernels = list(join(context.root, 'kernels'))
    .filter((entry) => entry.name.endsWith('.yaml'))
    .map((entry) => entry.name.slice(0, -5));
  const shells = words.length > 1 && words[0] === 'complete' ? SHELLS : [];
  const wantsRun = ['resume', 'rerun', 'report', 'show'].includes(words[0] ?? '');
  const { runs, trials } = wantsRun ? await listRuns(context, words) : { runs: [], trials: [] };
  return {
    options: {
      kernel: [...kernels, ...files],
      scenarios: [...listShipped(context), ...files],
      config: [...listFragments(context), ...files],
      repository: files,
      'run-directory': files,
      vmlinux: files,
      source: files,
      series: files,
      output: ['tap', 'junit', 'table', 'markdown', 'json'],
      limit: Object.keys(LIMITS).map((name) => `${name}=`),
    },
    operands: {
      series: files,
      path: files,
      log: files,
      run: ['latest', ...runs],
      trial: trials,
      shell: shells,
    },
  };
}

/** Fragments that ktrial brings, by name. */
function listFragments({ root }: Context): readonly string[] {
  return list(join(root, 'kernels/config'))
    .filter((entry) => entry.name.endsWith('.config'))
    .map((entry) => `ktrial/${entry.name.slice(0, -'.config'.length)}`);
}

/** Scenarios that ktrial brings, and their directories, as `--scenarios` takes them. */
function listShipped({ root }: Pick<Context, 'root'>, directory = 'scenarios'): readonly string[] {
  return list(join(root, directory)).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return [path, ...listShipped({ root }, path)];
    return entry.name.endsWith('.yaml') ? [path] : [];
  });
}

async function listRuns(context: Context, words: readonly string[]) {
  const { findRunDirectory, listRunDirectories, readRun } = await import('../../campaign/index.ts');
  const directories = await listRunDirectories(context).catch(() => []);
  const runs = directories.map((path) => path.slice(path.lastIndexOf('/') + 1));
  if (words[0] !== 'show' || words.length < 3) return { runs, trials: [] };
  const named = await findRunDirectory(context, words[1]).catch(() => null);
  try {
    return { runs, trials: named === null ? [] : readRun(named).trials.map((trial) => trial.id) };
  } catch {
    return { runs, trials: [] };
  }
}

/** Files and directories that a path can go on with; directories end in a slash. */
function listPaths(directory: string, begun: string): readonly string[] {
  const above = begun.includes('/') ? begun.slice(0, begun.lastIndexOf('/') + 1) : '';
  const place = begun.includes('/') ? resolve(directory, dirname(`${above}x`)) : directory;
  return list(place)
    .filter((entry) => !entry.name.startsWith('.') || begun.slice(above.length).startsWith('.'))
    .map((entry) => `${above}${entry.name}${entry.isDirectory() ? '/' : ''}`);
}

function list(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What the library prints: it writes to the console and nowhere else. */
function capture(print: () => void): string {
  const { log } = console;
  const lines: string[] = [];
  console.log = (text: string) => void lines.push(text);
  try {
    print();
  } finally {
    console.log = log;
  }
  return `${lines.join('\n')}\n`;
}
