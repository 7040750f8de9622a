// SPDX-License-Identifier: MIT
import { KtapParser, listSubtests } from '../../ktap/index.ts';
import { Fault, formatJson, isFailure, type Subtest, toFault } from '../../model/index.ts';
import { countSubtests, describeSubtest } from '../../report/index.ts';
import { type LogSource, openLogSource, readTests } from '../../scan/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';

export interface KtapOptions {
  readonly json?: boolean;
  readonly failed?: boolean;
}

/**
 * Lists the tests in logs. Exit code 1 when one failed; 2 when a log has no KTAP in it or cannot be read, after the others
 * were read.
 */
export async function execute(
  context: Context,
  args: readonly string[],
  options: KtapOptions,
): Promise<number> {
  const names = args.length > 0 ? args : ['-'];
  const { limits, signal, streamStandardInput, workingDirectory } = context;
  const place = { limits, signal, streamStandardInput, workingDirectory };
  let failed = 0;
  let wrong = 0;
  for (const name of names) {
    try {
      failed += await printTests(context, await openLogSource(name, place), names.length > 1, options);
    } catch (error) {
      const fault = toFault(error);
      if (names.length === 1 || fault.blame !== 'request' || fault.code === 'HOST_INTERRUPTED') throw error;
      context.err.write(describeFault(fault, false));
      wrong += 1;
    }
  }
  if (wrong > 0) context.err.write(`ktrial: ${wrong} of ${names.length} logs could not be read\n`);
  return wrong > 0 ? 2 : failed > 0 ? 1 : 0;
}

/** Prints the tests of one log; returns how many failed. Fault `KTAP_NONE` (request) where there is no KTAP in it. */
async function printTests(
  context: Context,
  source: LogSource,
  isOneOfMany: boolean,
  { json, failed: failedOnly }: KtapOptions,
): Promise<number> {
  const { ktap, lines } = await readTests(
    source,
    new KtapParser({ maximum: context.limits.subtests }),
    context,
  );
  const subtests = listSubtests(ktap);
  const failed = subtests.filter((one) => isFailure(one.outcome));
  const shown = failedOnly ? failed : subtests;
  if (!ktap.found) throw noKtap(source.name, lines);
  if (json) {
    const { bailOut, problems } = ktap;
    const counts = { tests: subtests.length, failed: failed.length };
    context.out.write(
      `${formatJson({ format: 1, log: source.name, counts, bailOut, problems, tests: shown.map(testJson) })}\n`,
    );
    return failed.length;
  }
  if (isOneOfMany) context.out.write(`${source.name.replaceAll('\n', '?')}:\n`);
  for (const subtest of shown) context.out.write(`${describeSubtest(subtest)}\n`);
  for (const problem of ktap.problems) context.out.write(`note: ${problem}\n`);
  context.out.write(`${countSubtests(subtests)}\n`);
  return failed.length;
}

function testJson({ name, outcome, reason, details }: Subtest): Subtest {
  return { name, outcome, reason, details };
}

function noKtap(name: string, lines: number): Fault {
  const log = name === '-' ? 'standard input' : name;
  return new Fault({
    blame: 'request',
    code: 'KTAP_NONE',
    message: `${log}: got ${lines === 1 ? '1 line' : `${lines} lines`} without KTAP, expected a line "KTAP version 1" or "TAP version 13"`,
    next: 'if the tests ran, look whether the log begins before them; what a kernel complains of is found by ktrial scan',
  });
}
