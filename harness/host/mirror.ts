// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { Fault } from '../model/index.ts';
import { runCommand } from './command.ts';

/** The Debian mirror that this machine's apt uses, from `apt-get indextargets`. Fault `HOST_NO_MIRROR` when it has none. */
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
    code: 'HOST_NO_MIRROR',
    message: 'apt on this machine uses no Debian mirror, and a Debian package is needed',
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
 * Where Debian keeps a suite: security updates (`bookworm-security`) stand in an archive of their own beside the other,
 * `…/debian-security` beside `…/debian`, on mirrors as in archives of old states. An address that already names a
 * security archive, or that has no `/debian` in it, stays as it is.
 */
export function archiveOf(suite: string, mirror: string): string {
  if (!suite.endsWith('-security')) return mirror;
  return mirror.replace(/\/debian(?=\/|$)/, '/debian-security');
}
