// SPDX-License-Identifier: MIT
import type { ArmsChoice } from '../../campaign/index.ts';
import type { Diagnostic } from '../../model/index.ts';
import { describeDiagnostic, printable } from '../../report/index.ts';
import type { Context } from '../context.ts';
import type { KernelOptions } from '../inputs.ts';
import { openProgress } from '../progress.ts';
import { buildRequestedArms } from '../workbench.ts';

/** Builds and prints where the kernels are; exit code 1 when the series does not compile. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: KernelOptions & { readonly json?: boolean; readonly arms?: ArmsChoice },
): Promise<number> {
  const progress = await openProgress(context);
  const arms = await buildRequestedArms(args[0], options, context, progress.emit);
  await progress.end();
  if (options.json) {
    context.out.write(
      `${JSON.stringify({ format: 1, kernels: arms.kernels, builds: arms.builds, newDiagnostics: arms.newDiagnostics, notes: arms.notes })}\n`,
    );
    return 0;
  }
  for (const { arm, newDiagnostics } of arms.builds) {
    const kernel = arms.kernels[arm];
    if (!kernel) {
      context.out.write(`${arm}: does not compile\n`);
      for (const one of newDiagnostics) context.out.write(`  ${formatDiagnostic(one)}\n`);
      continue;
    }
    context.out.write(
      `${arm}: Linux ${kernel.release}\n  boot image ${kernel.bootImage}\n  vmlinux    ${kernel.vmlinux}\n  modules    ${kernel.modules}\n`,
    );
  }
  for (const note of arms.notes) context.out.write(`note: ${note}\n`);
  for (const one of arms.newDiagnostics) context.out.write(`${formatDiagnostic(one)}\n`);
  return 0;
}

/** A warning or an error with the patch that it belongs to. */
function formatDiagnostic(one: Diagnostic): string {
  return printable(
    `new ${one.severity}: ${describeDiagnostic(one)}${one.patch === null ? '' : ` (patch ${one.patch})`}`,
  );
}
