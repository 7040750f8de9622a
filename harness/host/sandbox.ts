// SPDX-License-Identifier: MIT
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, isFault } from '../model/index.ts';
import { runCommand } from './command.ts';
import { digestOf } from './files.ts';
import { tail } from './lines.ts';
import type { Sandbox } from './sandbox-argv.ts';
import { makeSandboxFilter } from './sandbox-filter.ts';

/** A sandbox, or why this computer has none and what to do about it. */
export type SandboxProbe =
  | { readonly ok: true; readonly sandbox: Sandbox }
  | { readonly ok: false; readonly reason: string; readonly next: string };

/** Users that no computer gives to people or packages: systemd's range for users that come and go. */
const FIRST_USER = 61_184;
const USERS = 4336;

/**
 * Finds out whether this computer can contain programs, by starting one. `directory` is for the sandbox's own files. Where ktrial is
 * root, programs run as a user that is chosen by `identity`: sandboxes that share files need the same. Where root cannot
 * start a sandbox as another user, it starts one itself.
 */
export async function probeSandbox(
  directory: string,
  identity: string,
  signal?: AbortSignal,
): Promise<SandboxProbe> {
  const user = FIRST_USER + (Number.parseInt(digestOf(identity).slice(0, 8), 16) % USERS);
  const owners = process.getuid?.() === 0 ? [{ uid: user, gid: user }, null] : [null];
  const filter = arch() === 'x64' ? join(directory, 'filter') : null;
  await mkdir(directory, { recursive: true });
  if (filter) await writeFile(filter, makeSandboxFilter());
  let last = refuse('nothing was tried');
  for (const owner of owners) {
    // What programs of another user wrote can only be removed by root of the same kind: it does not stay.
    const probe = join(directory, `probe-${owner?.uid ?? process.getuid?.() ?? 'self'}`);
    last = await tryOut({ owner, filter, state: join(directory, 'state') }, probe, signal);
    await removeHostile(probe).catch(() => {});
    if (last.ok) break;
  }
  return last;
}

async function tryOut(sandbox: Sandbox, directory: string, signal?: AbortSignal): Promise<SandboxProbe> {
  try {
    await removeHostile(directory);
    await mkdir(directory);
    await giveToSandbox(sandbox, directory);
    const writable = [{ path: directory, at: directory }];
    const job = { sandbox, readOnly: [], writable, limits: DEFAULT_LIMITS };
    // The first must work, the second must not.
    const script = ': >"$0/written" && ! (: >/written) 2>/dev/null';
    const options = {
      sandbox: job,
      timeoutMs: 20_000,
      accept: 'any' as const,
      ...(signal ? { signal } : {}),
    };
    const { exitCode, stderr, exceeded } = await runCommand('sh', ['-c', script, directory], options);
    if (exitCode === 0 && !exceeded) return { ok: true, sandbox };
    return refuse(tail(stderr, 1)[0] ?? `a shell in it ended with exit code ${exitCode}`);
  } catch (error) {
    if (!isFault(error) || error.code === 'HOST_INTERRUPTED') throw error;
    return refuse(error.message);
  }
}

function refuse(reason: string): SandboxProbe {
  const next = /not found|No such file|not installed/.test(reason)
    ? 'sudo apt-get install -y bubblewrap util-linux mount'
    : 'allow user namespaces: sudo sysctl user.max_user_namespaces=15000; Debian 10: kernel.unprivileged_userns_clone=1; Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0; in a container: start it with --privileged';
  return { ok: false, reason, next };
}

/**
 * Makes a file or directory, with all that is in it, the property of the user that a sandbox's programs run as; without a
 * sandbox, of ktrial's. Links are not followed. `looksInside`: otherwise what belongs to that user is believed to do so as
 * a whole.
 */
export async function giveToSandbox(
  sandbox: Sandbox | null,
  path: string,
  looksInside = false,
): Promise<void> {
  const { uid, gid } = await lstat(path);
  const owner = sandbox?.owner ?? { uid: process.getuid?.() ?? uid, gid: process.getgid?.() ?? gid };
  if (uid === owner.uid && !looksInside) return;
  if (uid === owner.uid) {
    const others = ['-not', '-uid', String(owner.uid), '-print', '-quit'];
    if ((await runCommand('find', [path, ...others])).stdout === '') return;
  }
  // Last the directory itself: when this is cut off, it is done again.
  await runCommand('chown', ['-hR', `${owner.uid}:${owner.gid}`, '--', path]);
}

/** Puts a file into a directory of the sandbox, in the place of whatever is there: a link is replaced, not followed. */
export async function placeInSandbox(sandbox: Sandbox | null, path: string, text: string): Promise<void> {
  await removeHostile(path);
  await writeFile(path, text, { flag: 'wx' });
  await giveToSandbox(sandbox, path);
}

/** Removes what hostile programs wrote: however deep a directory is, and whatever modes it has. */
export async function removeHostile(path: string): Promise<void> {
  if (!(await lstat(path).catch(() => null))) return;
  const { exitCode } = await runCommand('rm', ['-rf', '--', path], { accept: 'any' });
  if (exitCode === 0) return;
  await runCommand('chmod', ['-R', 'u+rwX', '--', path], { accept: 'any' });
  await runCommand('rm', ['-rf', '--', path]);
}
