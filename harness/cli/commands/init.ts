// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { writeDefinition, writeStarter } from '../../campaign/index.ts';
import { Fault, quoteArgs } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { type KernelOptions, readArmsRequest } from '../kernel-options.ts';

/** Writes the definition of the kernel tree that the user is in, and a first scenario; says what to run next. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: KernelOptions,
): Promise<number> {
  const { workingDirectory, out } = context;
  const directory = resolve(workingDirectory, args[0] ?? '.');
  const { series, kernel, modules } = await readArmsRequest(undefined, options, context);
  const files = [
    ['my-kernel.yaml', writeDefinition(kernel)],
    ['my-scenario.yaml', writeStarter(modules[0])],
  ] as const;
  await mkdir(directory, { recursive: true });
  for (const [name, text] of files) {
    const path = join(directory, name);
    await writeFile(path, text, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? isThere(path) : cause;
    });
    out.write(`wrote ${name === 'my-kernel.yaml' ? 'the kernel' : 'a first scenario'} ${path}\n`);
  }
  const [kernelPath, scenarioPath] = files.map(([name]) => nameFrom(workingDirectory, join(directory, name)));
  const { source } = kernel;
  const [repository, ref] =
    'git' in source ? [source.git.repository, source.git.ref.slice(0, 12)] : ['.', 'HEAD'];
  const next = [
    ...['ktrial', 'run', `${ref}..HEAD`, '--repository', nameFrom(workingDirectory, repository)],
    ...['--kernel', kernelPath as string, '--scenarios', scenarioPath as string],
  ];
  out.write(`next  ${quoteArgs(next)}\n`);
  const last = series?.patches.at(-1)?.subject;
  if (last === 'changes that are not committed')
    out.write('      (commit the changes of tracked files first)\n');
  return 0;
}

/** A path as a user would type it. */
function nameFrom(directory: string, path: string): string {
  const short = relative(directory, path);
  if (short === '') return '.';
  return short.startsWith('../..') ? path : short.includes('/') ? short : `./${short}`;
}

function isThere(path: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'CLI_FILE_EXISTS',
    message: `${path} is there already, and nothing is overwritten`,
    next: 'move it away, or name another directory: ktrial init DIRECTORY',
  });
}
