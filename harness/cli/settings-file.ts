// SPDX-License-Identifier: MIT
import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { type Diagnostic, faultOf, readYaml, type Source } from '../document/index.ts';
import { readInput } from '../host/index.ts';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { type FoundSetting, PROJECT_FILE, SETTING_NAMES, SETTINGS, type SettingName } from './setting.ts';

const text = z.string().min(1);
const count = z.int().min(1);

/** What a settings file may hold. */
const settingsSchema = z
  .strictObject({
    kernel: text,
    scenarios: z.array(text),
    config: z.array(text),
    repeat: count,
    jobs: count,
    output: z.array(text),
    verbose: z.boolean(),
    color: z.enum(['auto', 'always', 'never']),
    mirror: text,
    limits: z.record(text, count),
  })
  .partial() satisfies z.ZodType<Partial<Record<SettingName, unknown>>>;

/**
 * Reads a file of settings: a project's, which may not say everything, or the user's own. Paths in it are relative to it. Faults:
 * `DOCUMENT_INVALID` and those of `readInput` (request).
 */
export async function readSettingsFile(
  file: string,
  scope: 'project' | 'user',
): Promise<readonly FoundSetting[]> {
  const bytes = await readInput(file, {
    what: 'settings file',
    limitBytes: DEFAULT_LIMITS['document-kib'] * 1024,
    raise: 'a shorter file',
  });
  const read = readYaml(bytes, file, settingsSchema);
  if (!read.ok) throw faultOf(read.diagnostics, file, 'request');
  const { value, source } = read;
  const problems: Diagnostic[] = [];
  const found = SETTING_NAMES.flatMap((name) => {
    const written = value[name];
    if (written === undefined) return [];
    const texts = listTexts(written);
    if (scope === 'project') problems.push(...judgeProject(name, texts, file, source));
    const values = SETTINGS[name].values === 'paths' ? texts.map((one) => place(one, file)) : texts;
    return [{ name, values, origin: `${file}:${source.span([name], 'key').line}` }];
  });
  if (problems.length > 0) throw faultOf(problems, file, 'request');
  return found;
}

function listTexts(written: unknown): readonly string[] {
  if (Array.isArray(written)) return written.map(String);
  if (typeof written === 'object')
    return Object.entries(written ?? {}).map(([key, value]) => `${key}=${value}`);
  return [String(written)];
}

/**
 * What a repository may not decide for whoever works in it: where the computer connects to, what it may spend, which files
 * are written, and which files outside of the repository are read.
 */
function judgeProject(
  name: SettingName,
  texts: readonly string[],
  file: string,
  source: Source,
): readonly Diagnostic[] {
  const { scope, values, isList } = SETTINGS[name];
  const refuse = (message: string, path: readonly (string | number)[], part: 'key' | 'value') =>
    source.diagnose('error', 'WRONG_VALUE', message, path, part);
  if (scope === 'user')
    return [
      refuse(
        `${name} is for your own settings file (docs/configuration.md), not for ${PROJECT_FILE}`,
        [name],
        'key',
      ),
    ];
  const at = (index: number) => (isList ? [name, index] : [name]);
  return texts.flatMap((one, index) => {
    if (name === 'output' && one.includes(':'))
      return [
        refuse(
          `got ${one}, expected a format alone: ${PROJECT_FILE} names no file to write`,
          at(index),
          'value',
        ),
      ];
    if (values === 'paths' && !isInside(one, dirname(file)))
      return [refuse(`got ${one}, expected a path inside of ${dirname(file)}`, at(index), 'value')];
    return [];
  });
}

function isInside(path: string, directory: string): boolean {
  const below = (one: string, above: string) => {
    const way = relative(above, one);
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  const whole = resolve(directory, path);
  if (!below(whole, directory)) return false;
  return !existsSync(whole) || below(realpathSync(whole), realpathSync(directory));
}

/** A path relative to the file; what is not there stays as it is: the name of something that ktrial brings. */
function place(path: string, file: string): string {
  const whole = resolve(dirname(file), path);
  return existsSync(whole) || path.startsWith('.') ? whole : path;
}
