// SPDX-License-Identifier: MIT
import { type Ktap, listSubtests, parseKtap } from '../ktap/index.ts';
import { type GuestResult, quoteArg, type Subtest } from '../model/index.ts';
import { quoteOutput } from './check.ts';
import { MODULE_DIRECTORY, orderModules, readModuleState } from './modules.ts';
import type { StepContext } from './step.ts';

/** Where KUnit shows suites that are loaded or built in. */
const SUITES = '/sys/kernel/debug/kunit';
const LOOK_MS = 20_000;

/** Where the kernel under test has a suite. */
type Place =
  | { readonly kind: 'loaded'; readonly canRun: boolean }
  | { readonly kind: 'module'; readonly module: string }
  | { readonly kind: 'nowhere' };

/**
 * Runs one KUnit suite and returns its tests. A suite in a module runs when that is loaded, and the module is removed
 * again; one that is built in runs once more where the kernel can do that (6.8), else its results are those of the boot.
 */
export async function runSuite(
  suite: string,
  timeoutMs: number,
  context: StepContext,
): Promise<readonly Subtest[]> {
  const place = await findSuite(suite, context);
  if (place.kind === 'nowhere') {
    const reason = 'the kernel under test was built without this suite';
    return [{ name: suite, outcome: 'skip', reason, details: [] }];
  }
  const { guest } = context;
  const mark = `ktrial: KUnit suite ${suite} begins`;
  await guest.run(`echo ${quoteArg(mark)} >/dev/kmsg`, { timeoutMs: context.scale(LOOK_MS) });
  const started =
    place.kind === 'module'
      ? await loadSuite(place.module, timeoutMs, context)
      : place.canRun
        ? await guest.run(`echo 1 >${quoteArg(`${SUITES}/${suite}/run`)}`, { timeoutMs })
        : null;
  const failed = started !== null && (started.timedOut || started.exitCode !== 0) ? started : null;
  const log = await readResults(suite, mark, failed !== null, context);
  if (place.kind === 'module' && failed === null)
    await guest.run(`rmmod ${quoteArg(place.module)}`, { timeoutMs: context.scale(LOOK_MS) });
  return selectTests(suite, log, failed);
}

async function findSuite(suite: string, context: StepContext): Promise<Place> {
  const name = quoteArg(suite);
  // A module that registers suites says so, and has their names as texts. busybox knows no class of printable characters.
  const command = `mount -t debugfs none /sys/kernel/debug 2>/dev/null
if [ -d ${SUITES}/${name} ]; then [ -e ${SUITES}/${name}/run ] && echo run || echo loaded; exit; fi
for file in ${MODULE_DIRECTORY}/*.ko; do
  grep -q kunit_test_suites "$file" || continue
  tr -c ' -~' '\\n' <"$file" | grep -qxF ${name} && basename "$file" .ko && exit
done`;
  const { stdout } = await context.guest.run(command, { timeoutMs: context.scale(3 * LOOK_MS) });
  const answer = stdout.trim();
  if (answer === 'run' || answer === 'loaded') return { kind: 'loaded', canRun: answer === 'run' };
  return answer === '' ? { kind: 'nowhere' } : { kind: 'module', module: answer };
}

/** Loads a module and what it depends on; the first of them that does not load ends it. */
async function loadSuite(module: string, timeoutMs: number, context: StepContext): Promise<GuestResult> {
  const { guest } = context;
  const state = await readModuleState(guest, context.scale(LOOK_MS));
  const loads = orderModules([{ module, args: '', timeoutMs }], state);
  const files = loads.map((one) => quoteArg(`${MODULE_DIRECTORY}/${one.module}.ko`));
  return guest.run(files.map((file) => `insmod ${file}`).join(' && '), { timeoutMs });
}

/** What the suite printed: all of it where it ended, else what the kernel's log has of it. */
async function readResults(
  suite: string,
  mark: string,
  isCut: boolean,
  context: StepContext,
): Promise<string> {
  const { guest } = context;
  const timeoutMs = context.scale(LOOK_MS);
  if (!isCut) {
    const results = await guest.run(`cat ${quoteArg(`${SUITES}/${suite}/results`)}`, { timeoutMs });
    if (results.exitCode === 0 && results.stdout.trim() !== '') return results.stdout;
  }
  const log = await guest.run('dmesg', { timeoutMs });
  return log.stdout.slice(Math.max(0, log.stdout.lastIndexOf(mark)));
}

function selectTests(suite: string, log: string, failed: GuestResult | null): readonly Subtest[] {
  // Before 6.3 only the first suite since the boot has a line that begins KTAP.
  const ktap = parseKtap(/^.{0,60}\bK?TAP version /m.test(log) ? log : `TAP version 14\n${log}`);
  const tests = ktap.tests.filter((one) => one.name === suite);
  const own: Ktap = { ...ktap, tests, missing: 0, bailOut: null };
  const subtests = listSubtests(own);
  if (failed === null)
    return subtests.length > 0
      ? subtests
      : [{ name: suite, outcome: 'crashed', reason: 'the kernel has no results of it', details: [] }];
  const details = quoteOutput(failed);
  const ended: Subtest = failed.timedOut
    ? { name: suite, outcome: 'timeout', reason: 'it did not end in time', details }
    : { name: suite, outcome: 'notOk', reason: 'its module could not be loaded', details };
  return [...subtests.filter((one) => one.name !== suite), ended];
}
