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
  const log = await readLog(started === null ? null : mark, context);
  // What KUnit keeps of a suite that did not end is of an earlier run.
  const texts = failed === null ? [await readKept(suite, context), log] : [log];
  if (place.kind === 'module' && failed === null)
    await guest.run(`rmmod ${quoteArg(place.module)}`, { timeoutMs: context.scale(LOOK_MS) });
  return selectTests(suite, texts, failed);
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
  const commands = loads.map((one) => {
    const file = quoteArg(`${MODULE_DIRECTORY}/${one.module}.ko`);
    // A small configuration leaves KUnit off; before 6.0 there is no such parameter, and none is needed.
    return `insmod ${file}${one.module === 'kunit' ? ' enable=1' : ''}`;
  });
  return guest.run(commands.join(' && '), { timeoutMs });
}

/** What KUnit keeps of a suite: before 6.6 at most 512 bytes of each test. Empty where it keeps nothing. */
async function readKept(suite: string, { guest, scale }: StepContext): Promise<string> {
  const command = `cat ${quoteArg(`${SUITES}/${suite}/results`)}`;
  return (await guest.run(command, { timeoutMs: scale(LOOK_MS) })).stdout;
}

/** What the kernel's log has from a line on, or from its beginning: it is a ring, and may lack its oldest lines. */
async function readLog(mark: string | null, { guest, scale }: StepContext): Promise<string> {
  const { stdout } = await guest.run('dmesg', { timeoutMs: scale(LOOK_MS) });
  return mark === null ? stdout : stdout.slice(Math.max(0, stdout.lastIndexOf(mark)));
}

/** The tests of a suite in a text, and whether it has the results of all of them. */
function readTests(
  suite: string,
  text: string,
): { readonly tests: readonly Subtest[]; readonly isWhole: boolean } {
  // Before 6.3 only the first suite since the boot has a line that begins KTAP.
  const ktap = parseKtap(/^.{0,60}\bK?TAP version /m.test(text) ? text : `TAP version 14\n${text}`);
  const own: Ktap = {
    ...ktap,
    tests: ktap.tests.filter((one) => one.name === suite),
    missing: 0,
    bailOut: null,
  };
  const tests = listSubtests(own);
  return { tests, isWhole: tests.length > 0 && tests.every((one) => one.outcome !== 'crashed') };
}

function selectTests(
  suite: string,
  texts: readonly string[],
  failed: GuestResult | null,
): readonly Subtest[] {
  const read = texts.map((text) => readTests(suite, text));
  const whole = read.find((one) => one.isWhole);
  const longest = [...read].sort((a, b) => b.tests.length - a.tests.length)[0];
  const subtests = (whole ?? longest)?.tests ?? [];
  if (subtests.length === 0 && texts.some((text) => /\bkunit: disabled$/m.test(text))) {
    const reason = 'KUnit is disabled: set CONFIG_KUNIT_DEFAULT_ENABLED=y, or kernelArgs: [kunit.enable=1]';
    return [{ name: suite, outcome: 'skip', reason, details: [] }];
  }
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
