// SPDX-License-Identifier: MIT
import type { KernelDefinition } from '../kernel/index.ts';

/** The text of the file that a definition is, which ktrial made for a kernel tree of the user's. */
export function writeDefinition({ name, description, source, config, toolchain }: KernelDefinition): string {
  const fragments = [...new Set(config.fragments.map(({ path, name: shipped }) => shipped ?? path))];
  const options = Object.entries({ ...config.detected, ...config.options });
  return [
    `name: ${name}`,
    `description: ${quote(description)}`,
    ...('git' in source
      ? ['source:', '  git:', `    repository: ${quote(source.git.repository)}`, `    ref: ${source.git.ref}`]
      : []),
    ...(toolchain === 'gcc' ? [] : [`toolchain: ${toolchain}`]),
    'config:',
    config.file === null ? `  base: ${config.base}` : `  file: ${quote(config.file)}`,
    `  fragments: [${fragments.map((one) => (/^[\w./-]+$/.test(one) ? one : quote(one))).join(', ')}]`,
    ...(options.length === 0 ? [] : ['  options:']),
    ...options.map(
      ([option, value]) => `    ${option}: ${/^(?:[ymn]|\d+)$/.test(value) ? value : quote(value)}`,
    ),
    '',
  ].join('\n');
}

/** A text as YAML reads it, whatever is in it. */
function quote(text: string): string {
  return JSON.stringify(text);
}
