// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { Fault } from '../model/index.ts';
import { type FoundSetting, SETTINGS } from './setting.ts';

/** Verbs that print what is there already: a setting of reports to write is not meant for them. */
const READERS: readonly string[] = ['report', 'show', 'list', 'tune'];

/**
 * Gives a command and its program the settings that the command line does not have. Returns the arguments that would have said
 * the same. Fault `CLI_BAD_SETTING` (request) names the place of a value that the option refuses.
 */
export function applySettings(
  found: readonly FoundSetting[],
  command: Command,
  program: Command,
): readonly string[] {
  const added: string[] = [];
  const done = new Set<string>();
  for (const setting of found) {
    const { option: long, values } = SETTINGS[setting.name];
    if (setting.name === 'limits') {
      added.push(...applyLimits(setting, program));
      continue;
    }
    const owner = [command, program].find((one) => one.options.some((option) => option.long === long));
    const option = owner?.options.find((one) => one.long === long);
    if (!owner || !option || done.has(setting.name)) continue;
    if (setting.name === 'output' && READERS.includes(command.name())) continue;
    done.add(setting.name);
    const name = option.attributeName();
    if ([name, ...conflictsOf(option)].some((one) => owner.getOptionValueSource(one) === 'cli')) continue;
    if (values === 'flag') {
      const isOn = readFlag(setting);
      if (!isOn || command.opts().quiet === true) continue;
      owner.setOptionValueWithSource(name, true, 'config');
      if (owner === command) added.push(long);
      continue;
    }
    owner.setOptionValueWithSource(name, parse(option, setting), 'config');
    if (owner === command) added.push(...setting.values.flatMap((value) => [long, value]));
  }
  return added;
}

/** Options that cannot be given beside this one: the command line's word counts more than a file's. */
function conflictsOf(option: Option): readonly string[] {
  return (option as unknown as { readonly conflictsWith?: readonly string[] }).conflictsWith ?? [];
}

/** Bounds are many settings in one: each counts where it is named first. */
function applyLimits(setting: FoundSetting, program: Command): readonly string[] {
  const option = program.options.find((one) => one.long === SETTINGS.limits.option);
  if (!option) return [];
  const name = option.attributeName();
  const given = (program.getOptionValue(name) ?? []) as readonly string[];
  const nameOf = (text: string) => text.split('=')[0];
  const fresh = setting.values.filter((one) => !given.some((other) => nameOf(other) === nameOf(one)));
  program.setOptionValueWithSource(
    name,
    [...given, ...fresh],
    program.getOptionValueSource(name) ?? 'config',
  );
  return fresh.flatMap((one) => [SETTINGS.limits.option, one]);
}

function parse(option: Option, setting: FoundSetting): unknown {
  let value: unknown;
  for (const text of setting.values) {
    try {
      value = option.parseArg ? option.parseArg(text, value as never) : text;
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw badSetting(setting, text, error.message);
      throw error instanceof Fault ? badSetting(setting, text, error.message) : error;
    }
  }
  return value;
}

function readFlag(setting: FoundSetting): boolean {
  const [text = ''] = setting.values;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badSetting(setting, text, 'it must be true or false');
}

function badSetting({ name, origin }: FoundSetting, text: string, why: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'CLI_BAD_SETTING',
    message: `${origin}: got ${text} for ${name}: ${why.replace(/\.$/, '')}`,
    next: `correct it, or give ${SETTINGS[name].option} on the command line; ktrial config origin shows all settings`,
  });
}
