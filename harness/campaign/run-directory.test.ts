// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findRunDirectory, listRunDirectories, makeRunDirectory } from './run-directory.ts';

function aPlace(directory: string) {
  return { runsDirectory: join(directory, 'runs'), workingDirectory: directory };
}

function aRun(path: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'journal.ndjson'), '');
}

t.test('a run directory is new, named after its title, and latest points to it', async (t) => {
  const place = aPlace(t.testdir());
  const path = await makeRunDirectory(place, undefined, '[PATCH 1/2] vfio: Änderung!');
  t.match(path, /runs\/\d{8}T\d{6}-patch-1-2-vfio-nderung-\d+$/);
  t.equal(readlinkSync(join(place.runsDirectory, 'latest')), path);
  const own = await makeRunDirectory(place, 'mine', 'x');
  t.equal(own, join(place.workingDirectory, 'mine'));
  t.equal(readlinkSync(join(place.runsDirectory, 'latest')), path, 'an own directory is not the latest');
  t.notOk(existsSync(join(place.workingDirectory, 'latest')));
  writeFileSync(join(own, 'file'), '');
  await t.rejects(makeRunDirectory(place, 'mine', 'x'), {
    code: 'RUN_DIRECTORY_USED',
    blame: 'request',
    message: `the run directory ${own} is not empty`,
    next: `name a new one, or continue the run that is in it: ktrial resume ${own}`,
  });
  const long = await makeRunDirectory(place, undefined, `${'ab '.repeat(30)}`);
  t.match(long, /\d{8}T\d{6}-(?:ab-){13}a-\d+$/, 'a long title is cut off');
  t.equal(readlinkSync(join(place.runsDirectory, 'latest')), long, 'the newest is the latest');
});

t.test('a run is found by id, by path, by its journal, and as latest', async (t) => {
  const place = aPlace(t.testdir());
  const run = join(place.runsDirectory, '20260101T000000-x-1');
  aRun(run);
  aRun(join(place.workingDirectory, 'here'));
  symlinkSync(run, join(place.runsDirectory, 'latest'));
  t.equal(await findRunDirectory(place), run);
  t.equal(await findRunDirectory(place, 'latest'), run);
  t.equal(await findRunDirectory(place, '20260101T000000-x-1'), run);
  t.equal(await findRunDirectory(place, run), run);
  t.equal(await findRunDirectory(place, join(run, 'journal.ndjson')), run);
  t.equal(await findRunDirectory(place, 'here'), join(place.workingDirectory, 'here'));
  await t.rejects(findRunDirectory(place, 'no-such'), {
    code: 'RUN_UNKNOWN',
    blame: 'request',
    message: "got run no-such, expected latest, an id or the path of a run's directory",
    next: 'ktrial list shows the runs that there are',
  });
  const twice = join(place.workingDirectory, 'twice');
  aRun(twice);
  aRun(join(place.runsDirectory, 'twice'));
  t.equal(await findRunDirectory(place, 'twice'), join(place.runsDirectory, 'twice'), 'an id comes first');
  t.equal(await findRunDirectory(place, './twice'), twice, 'and a path, where it looks like one');
  mkdirSync(join(place.workingDirectory, 'hollow/journal.ndjson'), { recursive: true });
  await t.rejects(findRunDirectory(place, './hollow'), { code: 'RUN_UNKNOWN' });
  await t.rejects(findRunDirectory(place, './hollow/journal.ndjson'), { code: 'RUN_UNKNOWN' });
  writeFileSync(join(run, 'other.txt'), '');
  await t.rejects(findRunDirectory(place, join(run, 'other.txt')), { code: 'RUN_UNKNOWN' });
  await t.rejects(findRunDirectory(place, '..'), { code: 'RUN_UNKNOWN' });
});

t.test('runs are listed newest first, without what is no run', async (t) => {
  const place = aPlace(t.testdir());
  t.strictSame(await listRunDirectories(place), []);
  const others = ['05', '03', '04', '06'].map((day) => `202601${day}T000000-c-1`);
  for (const id of ['20260102T000000-b-1', ...others, '20260101T000000-a-1'])
    aRun(join(place.runsDirectory, id));
  mkdirSync(join(place.runsDirectory, 'empty'));
  symlinkSync(join(place.runsDirectory, '20260102T000000-b-1'), join(place.runsDirectory, 'latest'));
  t.strictSame(
    (await listRunDirectories(place)).map((path) => path.split('/').at(-1)),
    [...others.sort().reverse(), '20260102T000000-b-1', '20260101T000000-a-1'],
  );
});

/** An empty directory on a file system without any space, which the operating system provides. */
const full = ['/dev/mqueue', '/proc/sys/fs/binfmt_misc', '/sys/kernel/security'].find(
  (path) => existsSync(path) && readdirSync(path).length === 0 && statfsSync(path).bavail === 0,
);

t.test('a run does not start where the disk is full', { skip: full === undefined }, async (t) => {
  await t.rejects(makeRunDirectory(aPlace(t.testdir()), full, 'x'), {
    code: 'HOST_DISK_FULL',
    blame: 'lab',
    message: `got 0 MiB free at ${full}, expected 256: a run takes up to that`,
    next: 'free some space, or choose another directory: --run-directory DIR',
  });
});
