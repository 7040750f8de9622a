// SPDX-License-Identifier: MIT
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FoundSetting, PROJECT_FILE, SETTING_NAMES, SETTINGS } from './setting.ts';

/** Where settings are looked for. */
export interface SettingPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null where the directory is gone: then there is no project. */
  readonly workingDirectory: string | null;
  readonly userFile: string;
  /** Called with a sentence about a file that is not read. */
  readonly onNote: (text: string) => void;
}

/**
 * Every setting that the environment, a project's `ktrial.yaml` and the user's file have, in that order: the first one of a
 * name counts. Faults: `DOCUMENT_INVALID` and those of `readInput` (request).
 */
export async function findSettings(places: SettingPlaces): Promise<readonly FoundSetting[]> {
  const found = [...readEnvironment(places.env)];
  const project = findProjectFile(places);
  const user = existsSync(places.userFile) ? places.userFile : null;
  if (project === null && user === null) return found;
  // What reads documents is loaded only where there is one.
  const { readSettingsFile } = await import('./settings-file.ts');
  if (project !== null) found.push(...(await readSettingsFile(project, 'project')));
  if (user !== null) found.push(...(await readSettingsFile(user, 'user')));
  return found;
}

/** Variables that look like settings and are none. */
export function listUnknownVariables(env: SettingPlaces['env']): readonly string[] {
  const known = new Set<string>(SETTING_NAMES.map((name) => SETTINGS[name].variable));
  return Object.keys(env)
    .filter((name) => name.startsWith('KTRIAL_') && !known.has(name))
    .sort();
}

function readEnvironment(env: SettingPlaces['env']): readonly FoundSetting[] {
  return SETTING_NAMES.flatMap((name) => {
    const { variable, isList } = SETTINGS[name];
    const text = env[variable];
    if (text === undefined || text === '') return [];
    return [{ name, values: isList ? text.split(',') : [text], origin: variable }];
  });
}

/** The nearest `ktrial.yaml`: above the working directory only within a git tree. One of another user is not read. */
function findProjectFile({ workingDirectory, onNote }: SettingPlaces): string | null {
  if (workingDirectory === null) return null;
  const directories: string[] = [];
  for (let at = workingDirectory; ; at = dirname(at)) {
    directories.push(at);
    if (existsSync(join(at, '.git'))) break;
    if (dirname(at) === at) {
      directories.length = 1;
      break;
    }
  }
  const file = directories.map((one) => join(one, PROJECT_FILE)).find((one) => existsSync(one));
  if (file === undefined) return null;
  const owners = [file, dirname(file)].map((one) => statSync(one).uid);
  const own = process.getuid?.();
  if (owners.every((uid) => uid === own)) return file;
  onNote(`${file} belongs to another user and is not read`);
  return null;
}
