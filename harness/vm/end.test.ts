// SPDX-License-Identifier: MIT
import t from 'tap';
import { explainEnd, type LastSigns } from './end.ts';

const NOTHING: LastSigns = {
  panicked: false,
  internalError: false,
  stopping: false,
  shutdownReason: null,
  words: '',
};
const KILLED = { exitCode: null, signal: 'SIGKILL' };
const GONE = { exitCode: 0, signal: null };

t.test('a machine’s end is laid to its first cause', async (t) => {
  const rows: [string, typeof KILLED | typeof GONE, Partial<LastSigns>, string][] = [
    ['the guest powers off', GONE, { shutdownReason: 'guest-shutdown' }, 'poweroff'],
    ['the guest resets', GONE, { shutdownReason: 'guest-reset' }, 'reset'],
    ['QEMU tells of a panic and ends', GONE, { shutdownReason: 'guest-panic' }, 'panic'],
    ['we end QEMU after a panic', KILLED, { panicked: true, stopping: true }, 'panic'],
    ['a panicked kernel resets itself', GONE, { panicked: true, shutdownReason: 'guest-reset' }, 'panic'],
    ['we end QEMU after an internal error', KILLED, { internalError: true }, 'internalError'],
    ['we end QEMU', KILLED, { stopping: true }, 'stoppedByUs'],
    [
      'it powers off while we end it',
      KILLED,
      { stopping: true, shutdownReason: 'guest-shutdown' },
      'poweroff',
    ],
    ['somebody else kills QEMU', KILLED, {}, 'qemuKilled'],
    ['somebody else asks QEMU to end', GONE, { shutdownReason: 'host-signal' }, 'qemuKilled'],
    ['QEMU ends by itself', { exitCode: 1, signal: null } as never, {}, 'qemuExited'],
  ];
  for (const [what, end, signs, reason] of rows)
    t.equal(explainEnd(end, { ...NOTHING, ...signs }).reason, reason, what);
});

t.test('QEMU’s own last words stand beside a death that is its own', async (t) => {
  const end = { exitCode: 1, signal: null };
  t.match(explainEnd(end, { ...NOTHING, words: 'cannot set up guest memory' }), {
    detail: 'QEMU ended with exit code 1: cannot set up guest memory',
    exitCode: 1,
  });
});
