// SPDX-License-Identifier: MIT
import { exitCodeOfState, findArmKernel } from '../../campaign/index.ts';
import { formatJson } from '../../model/index.ts';
import { describeDiagnostic } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';
import { buildRequestedArms, type KernelOptions, rejectionFault } from '../kernel-options.ts';

/** Builds and prints where the kernels are; exit code 1 when an arm does not compile. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: KernelOptions & { readonly json?: boolean },
): Promise<number> {
  const state = await buildRequestedArms(args[0], options, context);
  const failed = state.arms.some((arm) => arm.status === 'failed');
  const exitCode = failed ? 1 : state.rejection ? exitCodeOfState(state) : 0;
  if (options.json) {
    const kernels: Record<string, unknown> = {};
    for (const arm of state.arms) kernels[arm.name] = await findArmKernel(state, arm.name, context);
    const { notes, arms, rejection } = state;
    context.out.write(
      `${formatJson({ format: 2, kernels, builds: arms.map((arm) => arm.build), rejection, notes })}\n`,
    );
    return exitCode;
  }
  for (const arm of state.arms) {
    const kernel = await findArmKernel(state, arm.name, context);
    if (kernel)
      context.out.write(
        `${arm.name}: Linux ${kernel.release}\n  boot image ${kernel.bootImage}\n  vmlinux    ${kernel.vmlinux}\n  modules    ${kernel.modules}\n`,
      );
    else if (arm.build) context.out.write(`${arm.name}: does not compile\n`);
    for (const one of arm.build?.newDiagnostics ?? [])
      context.out.write(
        `  new ${one.severity}: ${describeDiagnostic(one)}${one.patch === null ? '' : ` (patch ${one.patch})`}\n`,
      );
    for (const file of arm.build?.code?.notCompiled ?? []) context.out.write(`  not compiled: ${file}\n`);
  }
  for (const note of state.notes) context.out.write(`note: ${note}\n`);
  if (state.rejection) context.err.write(describeFault(rejectionFault(state.rejection), false));
  return exitCode;
}
