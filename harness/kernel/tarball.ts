// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Limits, requireWithin } from '../model/index.ts';

/** How an archive is unpacked. */
export interface UnpackOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads names with a colon as files, never as other computers'. */
const LOCAL = ['--force-local', '--warning=no-timestamp'];

/**
 * Unpacks an archive into a new directory, without its first directory. Every member is looked at before anything is
 * written. Fault `KERNEL_BAD_ARCHIVE` (request) for a file that is no archive, a device, and what would lie or point
 * outside; `LIMIT_EXCEEDED` for one that becomes too large.
 */
export async function unpackArchive(
  archive: string,
  name: string,
  tree: string,
  options: UnpackOptions,
): Promise<void> {
  await requireHarmless(archive, name, options);
  await mkdir(tree);
  const owner = ['--no-same-owner', '--no-same-permissions'];
  await runCommand(
    'tar',
    [...LOCAL, ...owner, '--strip-components=1', `--directory=${tree}`, '--extract', `--file=${archive}`],
    options.signal ? { signal: options.signal } : {},
  );
}

async function requireHarmless(archive: string, name: string, options: UnpackOptions): Promise<void> {
  const { limits = DEFAULT_LIMITS } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const limitBytes = limits['archive-gib'] * 1024 ** 3;
  const links = new Set<string>();
  let bytes = 0;
  let harm: string | null = null;
  const onLine = (line: string) => {
    const member = parseMember(line);
    if (!member || harm !== null) return;
    bytes += member.size + SMALLEST_BYTES;
    harm = findHarm(member, links);
    if (harm !== null || bytes > limitBytes) stop.abort();
  };
  // The names as they are in the archive: tar would show what it makes of them.
  const list = [
    '--list',
    '--verbose',
    '--absolute-names',
    '--numeric-owner',
    '--quoting-style=c',
    `--file=${archive}`,
  ];
  try {
    await runCommand('tar', [...LOCAL, ...list], { signal, onLine });
  } catch (cause) {
    if (!isFault(cause) || options.signal?.aborted) throw cause;
    if (cause.code === 'HOST_COMMAND_FAILED')
      throw badArchive(name, 'tar cannot read it', cause.details.slice(1));
    if (!stop.signal.aborted) throw cause;
  }
  if (harm !== null) throw badArchive(name, harm);
  requireWithin(limits, 'archive-gib', Math.ceil(bytes / 1024 ** 3), `the archive ${name}, unpacked`, true);
  if (bytes === 0) throw badArchive(name, 'it is empty');
}

/** What a member takes on the disk at least. */
const SMALLEST_BYTES = 4096;

interface Member {
  /** The first letter of `ls -l`; `h` for another name of a file. */
  readonly kind: string;
  readonly size: number;
  readonly path: string;
  readonly target: string;
}

/** One line of `tar --list --verbose --numeric-owner --quoting-style=c`; null for what tar says besides. */
function parseMember(line: string): Member | null {
  const match =
    /^([-a-zA-Z])[-a-zA-Z]{9}\S* \d+\/\d+ +(\S+) \S+ \S+ "((?:[^"\\]|\\.)*)"(?:(?: -> | link to )"((?:[^"\\]|\\.)*)")?/.exec(
      line,
    );
  if (!match) return null;
  const [, kind = '', size = '', path = '', target = ''] = match;
  return { kind, size: /^\d+$/.test(size) ? Number(size) : 0, path, target };
}

/** Why a member may not be unpacked, or null. `links` has the symbolic links before it. */
function findHarm({ kind, path, target }: Member, links: Set<string>): string | null {
  if (path.startsWith('/')) return `${path} is an absolute path`;
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.includes('..')) return `${path} contains ".."`;
  if (parts.some((_, index) => index > 0 && links.has(parts.slice(0, index).join('/'))))
    return `${path} lies behind a symbolic link`;
  if (kind === 'h') {
    const original = target.split('/').filter((part) => part !== '');
    if (links.has(original.join('/'))) return `${path} is another name of the symbolic link ${target}`;
    return findHarm({ kind: '-', path: target, size: 0, target: '' }, links);
  }
  if (kind === 'l') {
    links.add(parts.join('/'));
    // The first directory is left out, and other links on the way make a later ".." lead elsewhere.
    const steps = target.split('/').filter((part) => part !== '' && part !== '.');
    const down = steps.findIndex((part) => part !== '..');
    const ups = down === -1 ? steps.length : down;
    const isInside = !target.startsWith('/') && ups <= parts.length - 2;
    const isPlain = !steps.slice(ups).includes('..');
    return isInside && isPlain ? null : `the symbolic link ${path} points to ${target}, outside the source`;
  }
  return '-dCS'.includes(kind) ? null : `${path} is neither a file, a directory nor a link`;
}

function badArchive(name: string, why: string, details: readonly string[] = []): Fault {
  return new Fault({
    blame: 'request',
    code: 'KERNEL_BAD_ARCHIVE',
    message: `${name} is not an archive of a kernel source: ${why}`,
    next: 'name a tar file, such as linux-6.12.tar.xz from kernel.org',
    details,
  });
}
