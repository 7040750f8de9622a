// SPDX-License-Identifier: MIT
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Fault, isFault } from '../model/index.ts';
import { runCommand } from './command.ts';
import { fetchDebianClosure, fetchDebianPackage } from './debian.ts';
import { inheritEnvironment } from './environment.ts';
import { exists } from './files.ts';
import { archiveOf } from './mirror.ts';

inheritEnvironment(process.env);

/** An archive of Debian's shape on this disk, with a signature of its own. */
interface Archive {
  readonly mirror: string;
  readonly keyring: string;
  /** Writes a suite that has these versions of `tree`, and nothing else. */
  publish(suite: string, versions: readonly string[]): Promise<void>;
}

async function makeArchive(
  t: { teardown(undo: () => Promise<void>): void },
  directory: string,
): Promise<Archive> {
  // The agent's socket stands in this directory, and a socket's path must be short.
  const home = mkdtempSync(join(tmpdir(), 'ktrial-gpg-'));
  t.teardown(async () => {
    await runCommand('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'], { accept: 'any' });
    rmSync(home, { recursive: true });
  });
  const gpg = (...words: string[]) => runCommand('gpg', ['--homedir', home, '--batch', '-q', ...words]);
  await gpg('--passphrase', '', '--quick-generate-key', 'archive of a test', 'ed25519', 'sign', '1d');
  const keyring = join(directory, 'keyring.gpg');
  await gpg('--output', keyring, '--export');
  const publish = async (suite: string, versions: readonly string[]) => {
    const top = join(directory, suite.endsWith('-security') ? 'debian-security' : 'debian');
    rmSync(join(top, 'pool'), { recursive: true, force: true });
    const lists = join(top, 'dists', suite, 'main/binary-amd64');
    mkdirSync(lists, { recursive: true });
    mkdirSync(join(top, 'pool'));
    for (const version of versions) {
      const tree = join(directory, `tree-${version}`);
      mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
      const control = `Package: tree\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: a tree\n`;
      writeFileSync(join(tree, 'DEBIAN/control'), control);
      const deb = join(directory, `tree_${version}_all.deb`);
      if (!(await exists(deb))) await runCommand('dpkg-deb', ['--root-owner-group', '-b', tree, deb]);
      copyFileSync(deb, join(top, 'pool', `tree_${version}_all.deb`));
    }
    const { stdout } = await runCommand('dpkg-scanpackages', ['-m', 'pool'], { cwd: top });
    writeFileSync(join(lists, 'Packages'), stdout);
    const { stdout: sum } = await runCommand('sha256sum', [join(lists, 'Packages')]);
    const release = join(top, 'dists', suite, 'Release');
    writeFileSync(
      release,
      `Origin: Debian\nSuite: ${suite}\nCodename: ${suite}\nDate: ${new Date().toUTCString()}\nArchitectures: amd64\nComponents: main\nSHA256:\n ${sum.slice(0, 64)} ${Buffer.byteLength(stdout)} main/binary-amd64/Packages\n`,
    );
    rmSync(join(top, 'dists', suite, 'InRelease'), { force: true });
    await gpg('--clearsign', '--output', join(top, 'dists', suite, 'InRelease'), release);
    rmSync(release);
  };
  return { mirror: `file:${join(directory, 'debian')}`, keyring, publish };
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const fault = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (isFault(fault)) return fault;
  throw fault ?? new Error('nothing went wrong');
}

t.test('security suites stand in an archive of their own beside the other', (t) => {
  t.equal(archiveOf('bookworm', 'http://host/debian'), 'http://host/debian');
  t.equal(archiveOf('bookworm-security', 'http://host/debian'), 'http://host/debian-security');
  t.equal(archiveOf('bookworm-security', 'http://host/debian-security'), 'http://host/debian-security');
  t.equal(
    archiveOf('bookworm-security', 'http://host/archive/debian/20250520T000000Z'),
    'http://host/archive/debian-security/20250520T000000Z',
  );
  t.end();
});

t.test('a package is fetched from a security suite', async (t) => {
  const archive = await makeArchive(t, t.testdir());
  await archive.publish('bookworm-security', ['1.0', '1.1']);
  const source = { ...archive, suite: 'bookworm-security', cacheDirectory: t.testdirName };
  t.equal((await fetchDebianPackage('tree', undefined, source)).version, '1.1');
  t.equal((await fetchDebianPackage('tree', '1.0', source)).version, '1.0');
  t.match(await fetchDebianClosure(['tree'], source), [{ name: 'tree', version: '1.1' }]);
});

t.test('a list that is signed by another is refused', async (t) => {
  const archive = await makeArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const { keyring: _, ...source } = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  t.equal((await faultOf(fetchDebianPackage('tree', '1.0', source))).code, 'HOST_MIRROR_FAILED');
});

t.test('the list is read anew when the mirror has gone on since', async (t) => {
  const archive = await makeArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  await fetchDebianPackage('tree', undefined, source);
  await archive.publish('bookworm', ['1.2', '1.3']);
  t.equal((await fetchDebianPackage('tree', '1.2', source)).version, '1.2', 'a version newer than the list');
  await archive.publish('bookworm', ['1.4']);
  t.equal(
    (await fetchDebianPackage('tree', undefined, source)).version,
    '1.4',
    'what the list names is gone',
  );
});

t.test('a version that the mirror no longer has is named together with those that it has', async (t) => {
  const archive = await makeArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  await archive.publish('bookworm', ['1.1', '1.2']);
  const fault = await faultOf(fetchDebianPackage('tree', '1.0', source));
  t.equal(fault.code, 'HOST_NO_PACKAGE');
  t.equal(fault.message, 'Debian bookworm has no tree 1.0; it has 1.2, 1.1');
  t.match(fault.next, /--mirror/);
  t.equal(
    (await faultOf(fetchDebianPackage('bush', '1.0', source))).message,
    'Debian bookworm has no package bush',
  );
});
