// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bakeDataDisk } from '../image/index.ts';
import type { RunEventBody, TrialResult, TrialSpec } from '../model/index.ts';
import { expandScenario, parseScenario } from '../scenario/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { createTrialRunner } from '../trial/index.ts';
import { TemplateStore, thawClone } from '../vm/index.ts';

/**
 * Many clones in a row: none is lost unnoticed, no verdict differs from that of booted machines, nothing is left over,
 * and how many trials an hour that makes. Usage: soak.js [CLONES] [KERNEL]; exit code 1 when any of it does not hold.
 */

const clones = Number(process.argv[2] ?? 100);
const COLD = 5;
const TOGETHER = 10;
const home = mkdtempSync(join(tmpdir(), 'ktrial-soak-'));
process.env.TMPDIR = home; // whatever we leave there is ours
const lab = await openTestLab(process.argv[3] ?? 'mdev-5.10');
const parsed = parseScenario(
  'name: nothing\ndescription: a trial that does nothing\nmachine: { cpus: 2, memoryMib: 1024 }\nsteps:\n  - run: "true"\n',
  'nothing.yaml',
);
if (!parsed.ok) throw new Error('the scenario is unsound');
const [settled] = expandScenario(parsed.scenario);
if (!settled) throw new Error('there is no scenario');
const templates = new TemplateStore({ cacheDirectory: home });
const run = createTrialRunner({
  directory: join(home, 'runs'),
  accelerator: lab.accelerator,
  artifacts: { kernel: async () => lab.kernel, image: async () => lab.image },
  l2Images: { bakeRoot: () => Promise.reject(new Error('no VM inside')), saveState: async () => null },
  templates,
});

async function perform(id: string, boot: 'clone' | 'cold'): Promise<TrialResult> {
  const spec: TrialSpec = {
    format: 1,
    id,
    scenario: 'nothing',
    arm: 'base',
    attempt: 1,
    control: false,
    seed: 1,
    kernel: lab.kernel,
    image: lab.image,
    settled,
    l2: {},
    boot,
  };
  const events: RunEventBody['type'][] = [];
  const result = await run(
    spec,
    (event) => events.push(event.type as RunEventBody['type']),
    new AbortController().signal,
  );
  const told = events.filter((type) => type === 'cloneFellBack').length;
  if (boot === 'clone' && result.bootMethod?.kind !== 'clone' && told !== 1) unnoticed += 1;
  rmSync(join(home, 'runs', id), { recursive: true, force: true });
  return result;
}

/** Processes that name our directory on their command line: machines, and what they were started with. */
function findProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(home);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const listening = () =>
  readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .filter((line) => / 0100007F:[0-9A-F]{4} 00000000:0000 0A /.test(line)).length;

const percentile = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const say = (text: string) => process.stdout.write(`${text}\n`);
const endOf = (one: TrialResult) =>
  JSON.stringify([one.outcome, one.blame, one.findings.map((finding) => finding.signature)]);

let unnoticed = 0;
let failed = false;
const requireEqual = (what: string, is: unknown, wanted: unknown) => {
  if (is !== wanted) failed = true;
  say(`${is === wanted ? 'ok    ' : 'NOT OK'} ${what}: ${is}`);
};

try {
  const first = await perform('first', 'clone'); // makes the template
  const portsBefore = listening();
  const cold: TrialResult[] = [];
  const thawed: TrialResult[] = [];
  let [coldMs, cloneMs] = [0, 0];
  const timed = async (boot: 'clone' | 'cold', index: number): Promise<TrialResult> => {
    const begun = performance.now();
    const result = await perform(`${boot}-${index}`, boot);
    if (boot === 'cold') coldMs += performance.now() - begun;
    else cloneMs += performance.now() - begun;
    return result;
  };
  for (let index = 0; index < clones; index += 1) {
    // Booted ones in between, so that both see the same hour.
    if (index % Math.ceil(clones / COLD) === 0) cold.push(await timed('cold', index));
    thawed.push(await timed('clone', index));
    if (index % 50 === 49) say(`       ${index + 1} clones`);
  }
  const came = thawed.filter((one) => one.bootMethod?.kind === 'clone');
  const up = came.map((one) => one.bootMs ?? Number.NaN);
  const perHour = { clone: (3_600_000 * thawed.length) / cloneMs, cold: (3_600_000 * cold.length) / coldMs };
  say(`kernel ${lab.kernel.name}, ${lab.accelerator.kind}; the template's trial took ${first.durationMs} ms`);
  say(
    `thaw to QMP, ms: median ${percentile(
      came.map((one) => one.bootMethod?.qmpMs ?? Number.NaN),
      0.5,
    )}, 95 % ${percentile(
      came.map((one) => one.bootMethod?.qmpMs ?? Number.NaN),
      0.95,
    )}`,
  );
  say(`thaw to a session, ms: median ${percentile(up, 0.5)}, 95 % ${percentile(up, 0.95)}`);
  const bootMs = percentile(
    cold.map((one) => one.bootMs ?? Number.NaN),
    0.5,
  );
  say(
    `cold boot to first command, ms: median ${bootMs}; by the thaw to a session ${(bootMs / percentile(up, 0.5)).toFixed(1)}`,
  );
  say(
    `trials per hour, one at a time: clones ${Math.round(perHour.clone)}, cold ${Math.round(perHour.cold)}; ratio ${(perHour.clone / perHour.cold).toFixed(1)}`,
  );
  requireEqual('clones that were asked for and came up', came.length, clones);
  requireEqual('clones lost unnoticed', unnoticed, 0);
  requireEqual('different ends of trials', new Set([...cold, ...thawed].map(endOf)).size, 1);
  await weighTogether();
  await templates[Symbol.asyncDispose]();
  requireEqual('processes left over', findProcesses().join(), '');
  requireEqual('listening ports left over', Math.max(0, listening() - portsBefore), 0);
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/^(runs|templates(\/[0-9a-f]{32}(\.lock|\/.*)?)?)$/.test(name),
  );
  requireEqual('files left over', files.join(), '');
} finally {
  await templates[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** Resident memory of one clone and of ten at once, each when it has run a command. */
async function weighTogether(): Promise<void> {
  const [key] = readdirSync(join(home, 'templates')).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const template = await templates.open(key ?? '', () => Promise.reject(new Error('there is one')), {
    bootLimitMs: 1,
  });
  const pss = (pid: number, field: string) =>
    Number(
      new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1],
    ) / 1024;
  const machines: { pid: number; end: () => Promise<void> }[] = [];
  let one = 0;
  const shared = mkdtempSync(join(home, 'runs', 'together-'));
  try {
    const modules = { kernel: lab.kernel, files: [] };
    const dataDisk = await bakeDataDisk(join(shared, 'data.squashfs'), modules);
    for (let index = 0; index < TOGETHER; index += 1) {
      const directory = mkdtempSync(join(home, 'runs', 'together-'));
      const { machine, revived } = await thawClone(template, {
        name: `together-${index}`,
        directory,
        dataDisk,
      });
      machines.push({
        pid: machine.pid,
        end: async () => {
          await machine[Symbol.asyncDispose]();
          rmSync(directory, { recursive: true, force: true });
        },
      });
      const guest = await machine.connect(120_000);
      await guest.run('true', { timeoutMs: 60_000 });
      await revived;
      if (index === 0) one = pss(machine.pid, 'Rss');
    }
    const all = machines.reduce((sum, machine) => sum + pss(machine.pid, 'Pss'), 0);
    say(
      `resident memory, MiB: one clone ${Math.round(one)}, ${TOGETHER} clones ${Math.round(all)}; ratio ${(all / one).toFixed(1)}`,
    );
  } finally {
    for (const machine of machines) await machine.end();
    rmSync(shared, { recursive: true, force: true });
  }
}
