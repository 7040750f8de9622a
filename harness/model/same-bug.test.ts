// SPDX-License-Identifier: MIT
import t from 'tap';
import { type Finding, groupFindings } from './index.ts';

function aFinding(signature: string, title: string, alternatives?: readonly string[]): Finding {
  const finding: Finding = { kind: 'splat', signature, title, step: null, details: [], splat: null };
  return alternatives === undefined ? finding : { ...finding, alternatives };
}

const groupOf = (signature: string, ...findings: readonly Finding[]) =>
  groupFindings(findings).get(signature);

t.test('findings that share an alternative are one bug, that of the first', async (t) => {
  const kasan = aFinding('1', 'KASAN: use-after-free Read in f', ['bad-access in f']);
  const fault = aFinding('2', 'general protection fault in f', ['bad-access in f']);
  t.equal(groupOf('2', kasan, fault), '1');
  t.equal(groupOf('1', fault, kasan), '2');
});

t.test('a title that is an alternative of another finding makes both one bug, in either order', async (t) => {
  const outer = aFinding('1', 'BUG: soft lockup in f', ['BUG: soft lockup in g']);
  const inner = aFinding('2', 'BUG: soft lockup in g');
  t.equal(groupOf('2', outer, inner), '1');
  t.equal(groupOf('1', inner, outer), '2');
});

t.test('equal titles with different signatures are two bugs', async (t) => {
  const one = aFinding('1', 'BUG kmalloc-64: Poison overwritten');
  const other = aFinding('2', 'BUG kmalloc-64: Poison overwritten');
  t.equal(groupOf('2', one, other), '2');
});

t.test('findings that share nothing, or cannot, stand for themselves', async (t) => {
  const one = aFinding('1', 'WARNING in f', ['WARNING in sys_f']);
  const other = aFinding('2', 'WARNING in g');
  const death: Finding = { ...aFinding('death:panic', 'the machine panicked'), kind: 'death' };
  t.strictSame(
    [...groupFindings([one, other, death, one])],
    [
      ['1', '1'],
      ['2', '2'],
      ['death:panic', 'death:panic'],
    ],
  );
});
