// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignPlan, PlannedScenario } from '../model/index.ts';
import { aCampaignPlan, runFast } from '../testing/fast-campaign.ts';
import { aPerformer, type FakeWorld, makePciDevices } from '../testing/index.ts';
import { exitCodeOfState } from './conclude.ts';
import { findUnmetNeeds, plannedGuestModules } from './needs.ts';
import { policyOf } from './policy/choose.ts';

const MISSING = 'the kernel has no module vfio_mdev';

function aPlan(scenarios: readonly string[], repeat = 1): CampaignPlan {
  return aCampaignPlan({ scenarios, patches: 1, arms: 'pair', repeat });
}

/** A scenario of a plan that needs modules. */
function needing(modules: readonly string[], guestModules?: readonly string[]): PlannedScenario {
  const [one] = aPlan(['needy']).scenarios;
  if (!one) throw new Error('no scenario');
  return { ...one, needs: { modules, pci: null }, ...(guestModules ? { guestModules } : {}) };
}

async function run(unmet: NonNullable<FakeWorld['unmet']>, plan = aPlan(['needy', 'plain'])) {
  const performer = aPerformer({ unmet });
  const state = await runFast(plan, performer, { policy: policyOf(plan) });
  const outcomes = state.trials.map(({ id, result }) => `${id} ${result?.outcome}`);
  return { state, outcomes, asked: performer.asked };
}

t.test('what a kernel lacks is found by the files of its modules, whatever dashes they have', async (t) => {
  const modules = t.testdir({ drivers: { vfio: { 'vfio-mdev.ko': '', 'vfio_mdev.c': '' } }, 'mdev.ko': '' });
  const find = (...names: string[]) => findUnmetNeeds([needing(names)], { modules });
  t.strictSame(await find('vfio_mdev', 'mdev'), {});
  t.strictSame(await find('vfio-mdev'), {});
  t.strictSame(await find('mtty', 'mdev', 'pond'), { needy: 'the kernel has no module mtty, pond' });
  t.strictSame(await findUnmetNeeds([needing(['mtty'])], { modules: `${modules}/none` }), {
    needy: 'the kernel has no module mtty',
  });
  t.strictSame(await findUnmetNeeds(aPlan(['plain']).scenarios, { modules }), {});
});

t.test('a PCI device that is not there is a reason, and one that a machine can have is none', async (t) => {
  const find = async (pci: string, lockable: number) => {
    const one = { ...needing(['mlx5_core']), needs: { modules: ['mlx5_core'], pci } };
    const modules = t.testdir({ 'mlx5_core.ko': '' });
    const needed = one.machine.memoryMib + 1024;
    const card = { id: '15b3:1019', driver: 'vfio-pci', group: 12 };
    const options = { groups: [12], lockableMib: needed + lockable };
    const places = makePciDevices(`${modules}/computer`, { '0000:03:00.0': card }, options);
    return findUnmetNeeds([one], { modules }, places);
  };
  t.strictSame(await find('15b3:*', 0), {});
  t.strictSame(await find('15b3:1019', 0), {});
  t.strictSame(await find('15b3:1017', 0), { needy: 'this computer has no PCI device 15b3:1017' });
  t.match(await find('15b3:*', -1), { needy: /0000:03:00\.0.* locks \d+ MiB of memory, and you may lock/ });
});

t.test('a module of ktrial is not built for a kernel on which its scenarios are skipped', async (t) => {
  const plan = { ...aPlan([]), scenarios: [needing(['vfio_mdev'], ['mdev_probe'])] };
  t.strictSame(plannedGuestModules({ plan }), ['mdev_probe']);
  t.strictSame(plannedGuestModules({ plan }, { other: MISSING }), ['mdev_probe']);
  t.strictSame(plannedGuestModules({ plan }, { needy: MISSING }), []);
});

t.test(
  'a scenario whose need is not met on any kernel is skipped, with the reason, and starts no machine',
  async (t) => {
    const { state, outcomes, asked } = await run({ base: { needy: MISSING }, patched: { needy: MISSING } });
    t.strictSame(
      outcomes.filter((one) => one.startsWith('needy')),
      ['needy.base.1 skipped', 'needy.patched.1 skipped', 'needy.base.1.control skipped'],
    );
    t.notOk(asked.some((one) => one.startsWith('trial needy')));
    t.match(state.verdict, {
      comparison: 'clean',
      reason: '1 clean on both, 1 skipped',
      scenarios: [{ scenario: 'needy', comparison: 'skipped', reason: MISSING }, { comparison: 'clean' }],
    });
    t.equal(exitCodeOfState(state), 0);
  },
);

t.test('a campaign of which every scenario is skipped is inconclusive, and makes no image', async (t) => {
  const unmet = { needy: MISSING };
  const { state, asked } = await run({ base: unmet, patched: unmet }, aPlan(['needy']));
  t.strictSame(asked, ['apply', 'build base', 'build patched']);
  t.match(state.verdict, { comparison: 'inconclusive', reason: `1 skipped; nothing ran: ${MISSING}` });
  t.equal(exitCodeOfState(state), 69);
});

t.test('a need that the series takes away is no pass', async (t) => {
  const { state, outcomes } = await run({ patched: { needy: MISSING } });
  t.ok(outcomes.includes('needy.base.1 passed'));
  t.ok(outcomes.includes('needy.patched.1 skipped'));
  t.match(state.verdict, {
    comparison: 'inconclusive',
    scenarios: [{ comparison: 'inconclusive', reason: `needy.patched.1: skipped: ${MISSING}` }, {}],
  });
});

t.test('what a kernel lacks is not asked for again and again', async (t) => {
  const plan: CampaignPlan = {
    ...aPlan(['needy'], 12),
    policy: { kind: 'sequential', detect: 0.1, budgetMs: null },
  };
  const unmet = { needy: MISSING };
  const { outcomes } = await run({ base: unmet, patched: unmet }, plan);
  t.strictSame(outcomes.slice(0, 2), ['needy.base.1 skipped', 'needy.patched.1 skipped']);
  t.ok(outcomes.length <= 3, `${outcomes.length}`);
});
