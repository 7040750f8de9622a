// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import { placeInSandbox, readInside, runCommand } from '../host/index.ts';
import { isFault } from '../model/index.ts';
import { type Containment, contain } from './containment.ts';
import { EXPLAIN_PROGRAM } from './explain-program.ts';

const conditionSchema = z
  .object({
    text: z.string(),
    /** The parts that are less than what is wanted; `alone` when it is the name of one option. */
    missing: z.array(z.object({ text: z.string(), alone: z.boolean() })),
  })
  .nullable();

const explanationSchema = z.union([
  z.object({ name: z.string(), known: z.literal(false) }),
  z.object({
    name: z.string(),
    known: z.literal(true),
    /** Such as `bool`, `tristate`, `integer`. */
    type: z.string(),
    value: z.string(),
    prompt: z.boolean(),
    depends: conditionSchema,
    /** What its prompt waits for, where it is not shown. */
    promptIf: conditionSchema,
    selectedBy: z.array(z.object({ text: z.string(), value: z.enum(['y', 'm', 'n']) })),
    ranges: z.array(z.string()),
    /** The option that is chosen where this one is another of the same choice. */
    chosen: z.string().nullable(),
  }),
]);
const namesSchema = z.object({ names: z.array(z.string()) });

/** What the Kconfig of a source says of one option; the name is without `CONFIG_`. */
export type OptionExplanation = z.infer<typeof explanationSchema>;

/** What the Kconfig of a source says of lost options, and of those that they wait for. */
export interface ConfigExplanation {
  readonly options: ReadonlyMap<string, OptionExplanation>;
  /** All names of the source; empty where each option is known. */
  readonly names: readonly string[];
}

export interface ExplainRequest {
  readonly tree: string;
  /** Where the configuration was made, with its `.config` and the programs of `scripts/kconfig`. */
  readonly directory: string;
  readonly makeArguments: readonly string[];
  readonly containment: Containment;
  readonly keepOpen: number;
  readonly signal?: AbortSignal | undefined;
}

/** More than it has to say of 2000 options. */
const EXPLANATION_BYTES = 32 * 1024 * 1024;
/** Compiles the program with all objects of the tree's `conf` but that of its `main`. */
const COMPILE = `cd "$1" && set -- "$2" scripts/kconfig/*.o && tree=$1 && shift &&
for object; do shift; case $object in */conf.o | */[mngq]conf.o | */nconf.gui.o) ;; *) set -- "$@" "$object" ;; esac; done &&
"$(command -v gcc || command -v clang)" -w -o ktrial-explain -I"$tree/scripts/kconfig" -I"$tree/scripts/include" ktrial-explain.c "$@"`;
/** A Kconfig file that runs the program while it is read: so it has the environment in which make starts `conf`. */
const KCONFIG = '$(shell,./ktrial-explain Kconfig <ktrial-wanted >ktrial-explained)\n';

/**
 * Asks the source's own Kconfig why options have their values. All of it is done in the sandbox. Returns the reason where the
 * source's Kconfig has another form than the program expects.
 */
export async function explainConfig(
  request: ExplainRequest,
  wanted: readonly { readonly name: string; readonly value: string }[],
): Promise<ConfigExplanation | string> {
  const { tree, directory, containment, keepOpen, signal } = request;
  const place = (name: string, text: string) =>
    placeInSandbox(containment.sandbox, join(directory, name), text);
  await place('ktrial-explain.c', EXPLAIN_PROGRAM);
  await place('ktrial-explain.Kconfig', KCONFIG);
  await place('ktrial-explained', '');
  const lines = wanted.map(({ name, value }) => `${bare(name)} ${/^[ymn]$/.test(value) ? value : 'text'}\n`);
  await place('ktrial-wanted', lines.join(''));
  const options = {
    timeoutMs: 60_000,
    keepOpen,
    ...(signal ? { signal } : {}),
    ...(await contain(containment, {
      tree,
      output: directory,
      mountedAt: directory,
      ccache: null,
      env: {},
    })),
  };
  try {
    await runCommand('sh', ['-c', COMPILE, 'sh', directory, tree], { ...options, cwd: tree });
    await runCommand(
      'make',
      [
        ...['-s', '-C', tree, `O=${directory}`, ...request.makeArguments],
        ...['KBUILD_KCONFIG=ktrial-explain.Kconfig', 'listnewconfig'],
      ],
      { ...options, cwd: tree },
    );
  } catch (error) {
    if (!isFault(error, 'HOST_COMMAND_FAILED')) throw error;
    return [error.message, ...error.details].join(': ').slice(0, 300);
  }
  return parseExplanation((await readInside(directory, 'ktrial-explained', EXPLANATION_BYTES)) ?? '');
}

/** Reads what the program printed: the code of the source could print anything. Returns the reason where it is of no use. */
export function parseExplanation(text: string): ConfigExplanation | string {
  const options = new Map<string, OptionExplanation>();
  let names: readonly string[] = [];
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const value = parseJson(line);
    const option = explanationSchema.safeParse(value);
    const list = namesSchema.safeParse(value);
    if (option.success) options.set(option.data.name, option.data);
    else if (list.success) names = list.data.names;
    else return `got ${line.slice(0, 100)}, expected an explanation in JSON`;
  }
  return options.size === 0 ? 'the Kconfig of the source gave no explanation' : { options, names };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** The name of an option as Kconfig files have it. */
export function bare(name: string): string {
  return name.replace(/^CONFIG_/, '');
}
