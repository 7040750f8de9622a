// SPDX-License-Identifier: MIT
import { chmodSync, chownSync, statSync } from 'node:fs';
import { buildView, findProgram } from './view.ts';

/** What a confined program may reach and use. Paths are absolute, and the same inside as outside. */
export interface Confinement {
  /** Files and directories that it may read. */
  readonly readable: readonly string[];
  /** Files made for this program that nobody else shall read. */
  readonly secret: readonly string[];
  /** Files and directories that it may write. They exist already. */
  readonly writable: readonly string[];
  /** Devices that it may open. One that is not there is left out. */
  readonly devices: readonly string[];
  /** Whether it sees this computer's network. Without, it has not even a loopback interface. */
  readonly network: boolean;
  /** Limit of its address space, in MiB. */
  readonly addressSpaceMib: number;
  /** Memory that it may lock, in MiB, where it needs more than programs have. Absent: it does not. */
  readonly lockedMib?: number;
  /** Limit of each file that it writes, in MiB. */
  readonly fileMib: number;
  /** Whether it may be released, and then outlives ktrial (`Daemon.release`). */
  readonly canOutlive?: boolean;
}

/** A command line that confines a program, and what that comes to. */
export interface ConfinedCommand {
  readonly argv: readonly string[];
  /** For people: what holds the program. */
  readonly description: string;
  /** Whether it has namespaces of its own. */
  readonly isolated: boolean;
}

/**
 * The user and group of confined programs when root starts them. Nobody has this number: Debian reserves 65000 to 65533, and
 * systemd gives out none above 65519. Root in a container often has no numbers above 65535.
 */
const CONFINED_ID = 65_521;

/**
 * Mounts what the program may see, sets limits that it cannot raise, says so on descriptor 3, and becomes the program. It
 * stays one process, so that its parent sees how the program ends.
 */
const SCRIPT = `[ -z "$1" ] || mount -a -T "$1" || exit
ulimit -c 0 && ulimit -f "$2" && ulimit -v "$3" || exit
[ -z "$4" ] || ulimit -l "$4" || exit
shift 4
echo confined >&3
exec 3>&-
exec "$@"`;

interface User {
  /** Null: the caller's. */
  readonly id: number | null;
  readonly groups: readonly number[];
  readonly description: string;
}

/**
 * Prepares the confinement of a program in an empty directory of the caller's, and returns the command that starts it there.
 * `isolated`: in namespaces of its own, with a file system that has nothing but the system's programs, read-only, and what
 * `confinement` names. Root gives up its user for `CONFINED_ID` then, where that user can read what it needs.
 */
export function confine(
  argv: readonly string[],
  confinement: Confinement,
  directory: string,
  isolated: boolean,
): ConfinedCommand {
  const isRoot = process.getuid?.() === 0;
  const user = grant(confinement, isRoot && isolated ? chooseUser(confinement) : callersUser(isRoot));
  const { canOutlive = false } = confinement;
  const script = ['sh', '-c', SCRIPT, 'sh'];
  const { fileMib, addressSpaceMib, lockedMib } = confinement;
  const locked = lockedMib === undefined ? '' : String(lockedMib * 1024);
  const limits = [String(fileMib * 2048), String(addressSpaceMib * 1024), locked];
  if (!isolated)
    return {
      argv: [...script, '', ...limits, ...giveUp(user, isRoot, canOutlive), ...argv],
      description: `${user.description}; no namespaces`,
      isolated,
    };
  const program = findProgram(argv[0] ?? '');
  const view = buildView(directory, program, confinement);
  const namespaces = ['mount', 'ipc', 'uts', ...(confinement.network ? [] : ['net'])];
  return {
    argv: [
      'unshare',
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...namespaces.map((one) => `--${one}`),
      ...['--', ...script, view.table, ...limits, 'chroot', view.root],
      ...[...giveUp(user, true, canOutlive), program.path, ...argv.slice(1)],
    ],
    description: `${user.description}; own ${[...(isRoot ? [] : ['user']), ...namespaces].join(', ')} namespaces`,
    isolated,
  };
}

function callersUser(isRoot: boolean): User {
  return {
    id: null,
    groups: [],
    description: isRoot ? 'root without capabilities' : "the caller's user, without privileges",
  };
}

/** The confined user, or root without capabilities where some file is closed to everybody else. */
function chooseUser({ readable, devices }: Confinement): User {
  const groups: number[] = [];
  for (const path of [...readable, ...devices]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    const needed = found.isCharacterDevice() ? 6 : found.isDirectory() ? 5 : 4;
    if ((found.mode & needed) === needed) continue;
    // A device of a group, such as /dev/kvm.
    if (found.isCharacterDevice() && ((found.mode >> 3) & needed) === needed && found.gid !== 0)
      groups.push(found.gid);
    else
      return {
        ...callersUser(true),
        description: `root without capabilities, since only root may use ${path}`,
      };
  }
  return { id: CONFINED_ID, groups, description: `user ${CONFINED_ID} without capabilities` };
}

/** Gives the program's own files to a user, or to the caller where this root (a container's) has no such user. */
function grant(confinement: Confinement, user: User): User {
  try {
    narrow(confinement, user.id);
    return user;
  } catch (error) {
    if (user.id === null) throw error;
    narrow(confinement, null);
    const why = error instanceof Error ? error.message : String(error);
    return { ...callersUser(true), description: `root without capabilities (${why})` };
  }
}

/** Narrows the modes of the program's own files. The confined user gets them through its group, and so cannot change their times. */
function narrow({ secret, writable }: Confinement, id: number | null): void {
  const own = (path: string, groupMode: number): void => {
    if (id !== null) chownSync(path, 0, id);
    chmodSync(path, id === null ? 0o600 : 0o600 | groupMode);
  };
  for (const path of secret) own(path, 0o040);
  for (const path of writable) {
    if (!statSync(path).isDirectory()) own(path, 0o060);
    else if (id === null) chmodSync(path, 0o700);
    else chownSync(path, id, id);
  }
}

/**
 * Gives up user, groups and capabilities, for ever. The parent-death signal is set last: changing the user clears it. Only
 * one who has privileges can give up those that programs would get later.
 */
function giveUp({ id, groups }: User, privileged: boolean, canOutlive: boolean): string[] {
  return [
    'setpriv',
    ...(id === null ? [] : [`--reuid=${id}`, `--regid=${id}`]),
    ...(id === null ? [] : [groups.length > 0 ? `--groups=${groups.join()}` : '--clear-groups']),
    ...(privileged ? ['--bounding-set=-all'] : []),
    ...['--inh-caps=-all', '--no-new-privs', ...(canOutlive ? [] : ['--pdeathsig=KILL']), '--'],
  ];
}
