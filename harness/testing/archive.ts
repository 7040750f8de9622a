// SPDX-License-Identifier: MIT
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists, runCommand } from '../host/index.ts';

/** A Debian archive on this disk, signed with a key made for the test. */
export interface Archive {
  readonly mirror: string;
  readonly keyring: string;
  /** Writes a suite that contains these versions of `tree`, and nothing else. */
  publish(suite: string, versions: readonly string[], change?: (index: string) => string): Promise<void>;
}

/** Makes an archive in a directory. */
export async function anArchive(
  t: { teardown(undo: () => Promise<void>): void },
  directory: string,
): Promise<Archive> {
  // gpg-agent puts its socket into this directory, and a socket's path must be short.
  const home = mkdtempSync(join(tmpdir(), 'ktrial-gpg-'));
  t.teardown(async () => {
    await runCommand('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'], { accept: 'any' });
    rmSync(home, { recursive: true });
  });
  const gpg = (...args: string[]) => runCommand('gpg', ['--homedir', home, '--batch', '-q', ...args]);
  await gpg('--passphrase', '', '--quick-generate-key', 'archive of a test', 'ed25519', 'sign', '1d');
  const keyring = join(directory, 'keyring.gpg');
  await gpg('--output', keyring, '--export');
  const publish: Archive['publish'] = async (suite, versions, change = (index) => index) => {
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
    const stdout = change((await runCommand('dpkg-scanpackages', ['-m', 'pool'], { cwd: top })).stdout);
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
