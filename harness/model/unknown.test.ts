// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import t from 'tap';
import { exitCodeOf, Fault } from './fault.ts';
import { toFault } from './unknown.ts';

t.test(
  'whatever the operating system refuses is the lab’s fault: never a verdict, never a bug',
  async (t) => {
    const codes = Object.keys(constants.errno);
    t.ok(codes.length > 50);
    for (const code of codes)
      for (const syscall of ['open', 'read', 'write', 'mkdir', 'rename']) {
        const fault = toFault(
          Object.assign(new Error(`${code}: refused, ${syscall} '/x'`), { code, syscall, path: '/x' }),
        );
        t.strictSame([fault.blame, exitCodeOf(fault)], ['lab', 69], `${syscall} ${code}`);
        t.ok(fault.next, `${code} has a next step`);
        t.match(fault.message, /\/x/, code);
      }
  },
);

t.test('a refusal is named by its cause', async (t) => {
  const codeOf = (part: object) => toFault(Object.assign(new Error('refused'), part)).code;
  t.equal(codeOf({ code: 'ENOENT', syscall: 'uv_cwd' }), 'HOST_NO_WORKING_DIRECTORY');
  t.equal(codeOf({ code: 'ENOENT', syscall: 'spawn git', path: 'git' }), 'HOST_PROGRAM_MISSING');
  t.equal(codeOf({ code: 'ENOSPC', syscall: 'write' }), 'HOST_DISK_FULL');
  t.equal(codeOf({ code: 'EROFS', syscall: 'open' }), 'HOST_NOT_ALLOWED');
  t.equal(codeOf({ code: 'ERR_FS_FILE_TOO_LARGE' }), 'HOST_LIMIT');
  t.equal(codeOf({ code: 'constructor' }), 'KTRIAL_BUG');
});

t.test('what ktrial did not foresee is a bug, and a fault stays what it is', async (t) => {
  for (const thrown of [new TypeError('x is undefined'), 'a text', null, { code: 'ENOENT' }])
    t.equal(exitCodeOf(toFault(thrown)), 70);
  const fault = new Fault({ blame: 'request', code: 'X_Y', message: 'm' });
  t.equal(toFault(fault), fault);
});
