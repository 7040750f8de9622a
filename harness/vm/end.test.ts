// SPDX-License-Identifier: MIT
import t from 'tap';
import { explainEnd, type LastSigns } from './end.ts';

const NOTHING: LastSigns = {
  panicked: false,
  internalError: false,
  consoleFullMib: null,
  stopping: false,
  shutdownReason: null,
  lastLines: '',
};
const KILLED = { exitCode: null, signal: 'SIGKILL' };
const GONE = { exitCode: 0, signal: null };

t.test('a machine whose console is full was stopped for that, and says how to raise the limit', async (t) => {
  const end = { exitCode: null, signal: 'SIGKILL' };
  t.match(explainEnd(end, { ...NOTHING, consoleFullMib: 64, stopping: true }), {
    reason: 'consoleFull',
    detail: /cut after 64 MiB.*--limit console-mib=128/,
  });
  t.match(explainEnd(end, { ...NOTHING, consoleFullMib: 64, panicked: true }), { reason: 'panic' });
});

t.test('the reason of a machine’s end is its first cause', async (t) => {
  const rows: [string, typeof KILLED | typeof GONE, Partial<LastSigns>, string][] = [
    ['the guest powers off', GONE, { shutdownReason: 'guest-shutdown' }, 'poweroff'],
    ['the guest resets', GONE, { shutdownReason: 'guest-reset' }, 'reset'],
    ['QEMU reports a panic and exits', GONE, { shutdownReason: 'guest-panic' }, 'panic'],
    ['ktrial kills QEMU after a panic', KILLED, { panicked: true, stopping: true }, 'panic'],
    ['a panicked kernel resets itself', GONE, { panicked: true, shutdownReason: 'guest-reset' }, 'panic'],
    ['ktrial kills QEMU after an internal error', KILLED, { internalError: true }, 'internalError'],
    ['ktrial kills QEMU', KILLED, { stopping: true }, 'stoppedByUs'],
    [
      'it powers off while ktrial stops it',
      KILLED,
      { stopping: true, shutdownReason: 'guest-shutdown' },
      'poweroff',
    ],
    ['somebody else kills QEMU', KILLED, {}, 'qemuKilled'],
    ['somebody else terminates QEMU', GONE, { shutdownReason: 'host-signal' }, 'qemuKilled'],
    ['QEMU exits by itself', { exitCode: 1, signal: null } as never, {}, 'qemuExited'],
  ];
  for (const [what, end, signs, reason] of rows)
    t.equal(explainEnd(end, { ...NOTHING, ...signs }).reason, reason, what);
});

t.test('the last lines of QEMU’s output are in the detail when QEMU exits by itself', async (t) => {
  const end = { exitCode: 1, signal: null };
  t.match(explainEnd(end, { ...NOTHING, lastLines: 'cannot set up guest memory' }), {
    detail: 'QEMU exited with code 1: cannot set up guest memory',
    exitCode: 1,
  });
});
