// SPDX-License-Identifier: MIT
import t from 'tap';
import { type Bench, type Gauge, isWanted, runBenches, summarise } from './figure.ts';
import type { Lab } from './lab.ts';
import { figuresJson, formatFigures } from './table.ts';

const GAUGE: Gauge = { name: 'boot.cold', unit: 's', title: 'power-on to the first command' };

/** A lab with what these benches use of it. */
function aLab(said: string[], signal = new AbortController().signal): Lab {
  return { say: (text: string) => void said.push(text), signal } as Lab;
}

const plain = { error: null, load: 0.5 };

t.test('a figure is median, spread and number; without values it is an error', async (t) => {
  t.strictSame(summarise(GAUGE, [3, 1, 2], plain), {
    unit: 's',
    median: 2,
    min: 1,
    max: 3,
    n: 3,
    load: 0.5,
  });
  t.strictSame(summarise(GAUGE, [4, 1, 2, 3], { ...plain, of: 'lean' }), {
    unit: 's',
    median: 2.5,
    min: 1,
    max: 4,
    n: 4,
    load: 0.5,
    of: 'lean',
  });
  t.match(summarise(GAUGE, [1 / 3], plain), { median: 0.3333 });
  t.strictSame(summarise(GAUGE, [], plain), { unit: 's', error: 'nothing was measured' });
  t.strictSame(
    summarise(GAUGE, [1], { ...plain, error: 'the machine died' }),
    { unit: 's', error: 'the machine died' },
    'a part of the iterations is no figure',
  );
});

t.test('figures are asked for by name or group', async (t) => {
  t.ok(isWanted('thaw.qmp', []));
  t.ok(isWanted('thaw.qmp', ['scan', 'thaw']));
  t.ok(isWanted('thaw.qmp', ['thaw.qmp']));
  t.notOk(isWanted('thaw.qmp', ['thaw.q']));
  t.notOk(isWanted('thawing', ['thaw']));
});

t.test('a bench that fails is an error in its own figures, and the others are measured', async (t) => {
  const said: string[] = [];
  const good: Bench = {
    gauges: [GAUGE, { ...GAUGE, name: 'boot.warm' }],
    async measure(_lab, take) {
      take('boot.cold', 2, 'lean');
      take('boot.cold', 4);
      take('boot.warm', 1);
    },
  };
  const bad: Bench = {
    gauges: [{ name: 'freeze', unit: 's', title: 'a machine is frozen' }],
    async measure(_lab, take) {
      take('freeze', 1);
      throw new Error('no template');
    },
  };
  const unwanted: Bench = {
    gauges: [{ name: 'scan.quiet', unit: 'MB/s', title: '' }],
    async measure() {
      t.fail('it was not asked for');
    },
  };
  const figures = await runBenches([bad, good, unwanted], aLab(said), (name) =>
    isWanted(name, ['freeze', 'boot.cold']),
  );
  const [, cold] = [...figures.values()];
  const load = cold && 'load' in cold ? cold.load : -1;
  t.ok(load >= 0, 'the load is there');
  t.strictSame(figuresJson(figures), {
    freeze: { unit: 's', error: 'no template' },
    'boot.cold': { unit: 's', median: 3, min: 2, max: 4, n: 2, load, of: 'lean' },
  });
  const column = String(load).padStart(4);
  t.strictSame(formatFigures(figures).split('\n'), [
    'figure     median  min  max  n  load  what',
    '---------  ------  ---  ---  -  ----  -----------------------------',
    'freeze          -    -    -  0     -  not measured: no template',
    'lean:',
    `boot.cold     3 s    2    4  2  ${column}  power-on to the first command`,
  ]);
  t.match(said, ['freeze 1.000 s', 'freeze was not measured: no template', 'boot.cold 2.000 s']);
});

t.test('after an interrupt nothing more is measured', async (t) => {
  const abort = new AbortController();
  abort.abort();
  const bench: Bench = {
    gauges: [GAUGE],
    async measure() {
      t.fail('it was interrupted');
    },
  };
  const figures = await runBenches([bench], aLab([], abort.signal), () => true);
  t.match(figuresJson(figures), { 'boot.cold': { error: /abort/ } });
});
