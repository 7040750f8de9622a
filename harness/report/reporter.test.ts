// SPDX-License-Identifier: MIT
import t from 'tap';
import type { RunEvent } from '../model/index.ts';
import { anEventStream, aTrial, aVerdict } from '../testing/index.ts';
import { fanOut } from './index.ts';
import type { Reporter } from './reporter.ts';

const stream = anEventStream([aTrial('vm.base.1'), aTrial('vm.patched.1')], aVerdict([]));

function recorder(): Reporter & { readonly seen: RunEvent[] } {
  const seen: RunEvent[] = [];
  return { name: 'recorder', seen, event: (event) => void seen.push(event), end() {} };
}

t.test('every reporter hears every event in order', async (t) => {
  const one = recorder();
  const two = recorder();
  const listen = fanOut([one, two], () => t.fail('nobody failed'));
  for (const event of stream) listen(event);
  t.strictSame(one.seen, stream);
  t.strictSame(two.seen, stream);
});

t.test('a reporter that throws is noted once and left out, and the others hear everything', async (t) => {
  const faults: [string, unknown][] = [];
  const error = new Error('disk full');
  let calls = 0;
  const broken: Reporter = {
    name: 'broken',
    event() {
      calls += 1;
      if (calls === 3) throw error;
    },
    end() {},
  };
  const whole = recorder();
  const listen = fanOut([broken, whole], (name, thrown) => faults.push([name, thrown]));
  for (const event of stream) listen(event);
  t.strictSame(faults, [['broken', error]]);
  t.equal(calls, 3);
  t.strictSame(whole.seen, stream);
});
