// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** The Debian mirror that this computer's apt uses. Fault `DEBIAN_NO_MIRROR` when it uses none. */
export async function findDebianMirror(): Promise<string> {
  const { stdout } = await runCommand(
    'apt-get',
    ['indextargets', '--format', '$(ORIGIN)\t$(REPO_URI)\t$(CREATED_BY)\t$(SITE)', 'Created-By: Packages'],
    { accept: 'any' },
  );
  const rows = stdout.split('\n').map((row) => row.split('\t'));
  const ofDebian = rows.filter(
    ([origin, uri]) =>
      uri?.startsWith('http') && (origin === 'Debian' || /\/debian\/?$/.test(uri)) && !/security/.test(uri),
  );
  const uri = ofDebian[0]?.[1] ?? (await readSourceLists());
  if (uri) return uri.replace(/\/$/, '');
  throw new Fault({
    blame: 'lab',
    code: 'DEBIAN_NO_MIRROR',
    message: 'a Debian package is needed, but apt on this computer uses no Debian mirror',
    next: 'name one: --mirror http://HOST/debian',
  });
}

async function readSourceLists(): Promise<string | undefined> {
  const files = ['/etc/apt/sources.list'];
  for (const name of await readdir('/etc/apt/sources.list.d').catch(() => []))
    files.push(`/etc/apt/sources.list.d/${name}`);
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const match = /^[^#\n]*?(https?:\/\/[^\s]*\/debian)\/?(?=\s|$)/m.exec(text);
    if (match?.[1]) return match[1];
  }
  return undefined;
}

/**
 * The archive that has a suite: security updates (`bookworm-security`, `buster/updates`) are in `…/debian-security` beside `…/debian`, on
 * mirrors and in archives of old states. An address that already names a security archive, or contains no `/debian`,
 * is returned as it is.
 */
export function archiveOf(suite: string, mirror: string): string {
  if (!/(?:-security|\/updates)$/.test(suite)) return mirror;
  return mirror.replace(/\/debian(?=\/|$)/, '/debian-security');
}
