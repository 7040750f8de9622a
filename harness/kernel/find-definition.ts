// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { exists, listInput, lookAtInput } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/**
 * The file of a kernel definition: a name of `kernels/`, or a path, which contains a slash or has the ending of a YAML file.
 * Faults: `KERNEL_UNKNOWN`, those of `lookAtInput`, all of the request.
 */
export async function findDefinition(
  nameOrPath: string,
  kernelsDirectory: string,
  relativeTo = '.',
): Promise<string> {
  if (!/\p{Cc}/u.test(nameOrPath)) {
    const shipped = join(kernelsDirectory, `${nameOrPath}.yaml`);
    const isName = /^[a-z0-9][a-z0-9.-]*$/i.test(nameOrPath);
    if (isName && nameOrPath.length < 200 && (await exists(shipped))) return shipped;
    if (/\/|\.ya?ml$/.test(nameOrPath) || (isName && (await exists(resolve(relativeTo, nameOrPath))))) {
      await lookAtInput(resolve(relativeTo, nameOrPath), 'kernel definition');
      return resolve(relativeTo, nameOrPath);
    }
  }
  const names = (await listInput(kernelsDirectory, 'directory of kernel definitions'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5));
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_UNKNOWN',
    message: `there is no kernel definition ${nameOrPath.length > 100 ? `${nameOrPath.slice(0, 100)}…` : nameOrPath || '"" (the name is empty)'}`,
    next: `use one of: ${names.join(', ')}, or the path of a file like kernels/${names[0] ?? 'x'}.yaml`,
  });
}
