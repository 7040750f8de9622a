// SPDX-License-Identifier: MIT
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { homedir, totalmem } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Limits } from '../model/index.ts';

/** How this computer contains programs: proven by a probe. */
export interface Sandbox {
  /** The user that programs run as where ktrial is root; null: the caller's own. Writable directories belong to it. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** File with the seccomp filter; null where there is none for this architecture. */
  readonly filter: string | null;
  /** File in which bubblewrap says which process is the sandbox's first. */
  readonly state: string;
}

/** What one command in a sandbox may see and take. */
export interface SandboxJob {
  readonly sandbox: Sandbox;
  /** Directories that are there under their own paths, and cannot be written to. */
  readonly readOnly: readonly string[];
  /** Directories that can be written to, and the paths that the command knows them by. */
  readonly writable: readonly { readonly path: string; readonly at: string }[];
  /** The whole environment, beside PATH, HOME, TMPDIR and the locale. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits: Limits;
}

/** Parts of the system that are there where the computer has them. Links stay links. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** What programs read of /etc. Names, keys and passwords are not there. */
const SETTINGS = ['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ssl/openssl.cnf'];
/** A directory of the PATH outside of the system is there if it has one of these. */
const TOOLS = ['gcc', 'ld', 'as', 'ccache', 'make', 'clang', 'ld.lld', 'flex', 'bison', 'bc', 'pahole'];

/** Room for temporary files, which is memory: a quarter of the computer's, and not more than this. */
const TEMPORARY_MIB = 4096;
/** How far the count of processes may go beyond the bound before the kernel refuses more: the watch ends the sandbox first. */
const PROCESSES_BEYOND = 64;

/** Opens the filter and the state file for bubblewrap, and becomes it. */
const LAUNCH = `exec 7<"$1" 8>"$2" || exit 125; shift 2; exec "$@"`;
/**
 * As root: binds the directories below a mount of our own, so that a user who may not enter root's home finds them, then
 * becomes that user. /sys is covered for that in this mount namespace alone: nothing that anybody names is below it.
 */
const LAUNCH_AS_ROOT = `exec 7<"$1" 8>"$2" || exit 125
count=$3; shift 3
mount -t tmpfs -o mode=755,size=1m,nosuid,nodev none /sys || exit 125
index=0
while [ "$index" -lt "$count" ]; do
mkdir "/sys/$index" && mount --bind -- "$1" "/sys/$index" || exit 125
shift; index=$((index + 1))
done
exec "$@"`;

/** The command line that runs a command in a sandbox. The caller's lock, at descriptor 4, is held by its first process. */
export function wrapInSandbox(
  job: SandboxJob,
  argv: readonly string[],
  options: { readonly path: string; readonly cwd: string; readonly holdsLock: boolean },
): string[] {
  const { owner, filter, state } = job.sandbox;
  const tools = findToolDirectories(options.path);
  const mounts = [
    ...[...job.readOnly, ...tools.extra].map((path) => ({ path, at: path, option: '--ro-bind' })),
    ...job.writable.map((one) => ({ ...one, option: '--bind' })),
  ];
  const env = {
    LC_ALL: 'C.UTF-8',
    PATH: tools.path,
    HOME: '/tmp/home',
    TMPDIR: '/tmp',
    USER: 'ktrial',
    LOGNAME: 'ktrial',
    ...job.env,
  };
  const temporary = Math.min(TEMPORARY_MIB * 1024 * 1024, Math.floor(totalmem() / 4));
  const bubblewrap = [
    ...['env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    'bwrap',
    ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'],
    '--unshare-cgroup-try',
    ...['--disable-userns', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--uid', '1000', '--gid', '1000', '--hostname', 'ktrial'],
    ...systemView(),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', String(temporary), '--tmpfs', '/tmp', '--dir', '/tmp/home'],
    ...mounts.flatMap(({ path, at, option }, index) => [option, owner ? `/sys/${index}` : path, at]),
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', options.cwd],
    ...(filter === null ? [] : ['--seccomp', '7']),
    ...(options.holdsLock ? ['--sync-fd', '4'] : []),
    ...['--info-fd', '8', '--'],
    ...withinLimits(job.limits),
    ...argv,
  ];
  const files = [filter ?? '/dev/null', state];
  if (owner === null) return ['sh', '-c', LAUNCH, 'sh', ...files, ...bubblewrap];
  const user = ['setpriv', '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'];
  return [
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c', LAUNCH_AS_ROOT, 'sh', ...files],
    ...[String(mounts.length), ...mounts.map(({ path }) => path)],
    ...[...user, '--bounding-set=-all', '--no-new-privs', ...bubblewrap],
  ];
}

/** What the kernel itself enforces: the number of processes, the size of a file, no core dumps, first choice when memory ends. */
function withinLimits(limits: Limits): string[] {
  const processes = atMost('Max processes', limits['build-processes'] + PROCESSES_BEYOND);
  const bytes = atMost('Max file size', limits['build-output-gib'] * 1024 ** 3);
  return [
    ...['choom', '-n', '500', '--'],
    ...['prlimit', `--nproc=${processes}`, `--fsize=${bytes}`, '--core=0', '--'],
  ];
}

/** The wanted limit, or our own hard one (getrlimit(2)), which nobody but root may raise. */
function atMost(name: string, wanted: number): number {
  const row = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(name));
  const hard = Number(row?.slice(name.length).trim().split(/\s+/)[1]);
  return Number.isFinite(hard) ? Math.min(hard, wanted) : wanted;
}

function systemView(): string[] {
  const options: string[] = [];
  for (const path of SYSTEM) {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSymbolicLink()) options.push('--symlink', readlinkSync(path), path);
    else if (there) options.push('--ro-bind', path, path);
  }
  for (const name of SETTINGS) options.push('--ro-bind-try', `/etc/${name}`, `/etc/${name}`);
  return options;
}

/** The directories of a PATH that a sandbox has, and those of them that are not part of the system. */
function findToolDirectories(path: string): { readonly path: string; readonly extra: readonly string[] } {
  const extra: string[] = [];
  const kept = [...new Set(path.split(':'))].filter((directory) => {
    if (SYSTEM.some((one) => directory === one || directory.startsWith(`${one}/`))) return true;
    if (!isAbsolute(directory) || isAncestorOf(directory, homedir())) return false;
    if (!TOOLS.some((tool) => existsSync(join(directory, tool)))) return false;
    // A compiler in /opt/NAME/bin has its parts in /opt/NAME.
    const root = /^\/opt\/[^/]+/.exec(directory)?.[0] ?? directory;
    if (!extra.includes(root)) extra.push(root);
    return true;
  });
  return { path: kept.join(':') || '/usr/bin', extra };
}

function isAncestorOf(directory: string, path: string): boolean {
  return `${path}/`.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
