// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_MAKEFILE } from './small-kernel.ts';

/** What a hostile series aims at on this computer. */
export interface Targets {
  /** The home of whoever starts ktrial, with a secret in `.ssh/id`. */
  readonly home: string;
  /** A directory that anybody may write to. */
  readonly outside: string;
  readonly cache: string;
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly socket: string;
  readonly abstractSocket: string;
  /** A process of the same user. */
  readonly victim: number;
}

/** Each attempt: its name, and a line of shell that tries it. What it gets hold of it puts into `$loot/NAME`. */
export const ATTEMPTS = (at: Targets): readonly (readonly [name: string, line: string])[] => [
  ['tcp', `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${at.tcpPort} && echo hello >&3'`],
  ['udp', `bash -c 'exec 3<>/dev/udp/127.0.0.1/${at.udpPort} && echo hello >&3'`],
  // An address that is reserved for documentation.
  ['far-away', `bash -c 'exec 3<>/dev/tcp/192.0.2.1/80 && echo hello >&3'`],
  ['lookup', `getent hosts deb.debian.org >$loot/lookup`],
  ['unix-socket', `"$reach" unix ${at.socket}`],
  ['abstract-socket', `"$reach" abstract ${at.abstractSocket}`],
  ['write-outside', `echo planted >${at.outside}/planted`],
  ['write-home', `mkdir -p ${at.home}; echo planted >${at.home}/planted`],
  ['write-cache', `mkdir -p ${at.cache}/kernels; echo planted >${at.cache}/kernels/planted`],
  ['write-system', `echo planted >/usr/planted; echo planted >/etc/planted; echo planted >/var/planted`],
  ['write-tree', `echo '/* planted */' >>"$tree/core.c"`],
  ['date-tree', `touch -d 2001-01-01 "$tree/core.c"`],
  ['write-git', `echo planted >>"$tree/.git"; echo planted >"$tree/../config/planted"`],
  ['poison-ccache', `echo planted >"$CCACHE_DIR/planted"`],
  ['read-home', `cat ${at.home}/.ssh/id >$loot/read-home`],
  ['read-real-home', `ls -A /root /home/* >$loot/read-real-home`],
  ['read-shadow', `cat /etc/shadow >$loot/read-shadow`],
  ['read-cache', `ls ${at.cache}/sources >$loot/read-cache`],
  ['list-processes', `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o 'mai[n].js' >$loot/list-processes`],
  [
    'read-environment',
    `cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep KTRIAL_SECRET >$loot/read-environment`,
  ],
  ['read-root', `ls /proc/1/root${at.home} >$loot/read-root`],
  ['kill-victim', `kill -KILL ${at.victim}`],
  ['trace-victim', `"$reach" trace ${at.victim} >$loot/trace-victim`],
  ['trace-parent', `"$reach" trace $PPID >$loot/trace-parent`],
  ['read-memory', `"$reach" memory $PPID >$loot/read-memory`],
  [
    'daemon',
    `setsid sh -c 'exec -a hostile-daemon sleep 321 2>/dev/null || exec sleep 321' </dev/null >/dev/null 2>&1 &`,
  ],
  ['set-user-id', `cp /bin/true "$out/suid" && chmod 4755 "$out/suid"; "$reach" set-id "$out/suid2"`],
  ['set-group-id', `mkdir -p "$out/sgid" && chmod 2777 "$out/sgid"; install -m 6755 /bin/true "$out/suid3"`],
  ['mount', `mount -t tmpfs none /tmp && touch $loot/mount`],
  ['namespace', `unshare --user --map-root-user true && touch $loot/namespace`],
  ['keyring', `"$reach" keyring >$loot/keyring`],
  ['hostname', `hostname planted && touch $loot/hostname`],
  ['sysctl', `echo 1 >/proc/sys/kernel/sysrq && touch $loot/sysctl`],
  ['device', `mknod "$out/disk" b 254 0 && touch $loot/device; head -c1 /dev/kmsg >$loot/kmsg`],
  ['lock-file', `for fd in /proc/self/fd/*; do readlink $fd; done | grep build-trees >$loot/lock-file`],
  ['hard-link', `ln "$tree/core.c" "$out/linked.c" && touch $loot/hard-link`],
  ['shared-memory', `echo planted >/dev/shm/ktrial-planted`],
  ['raise-limits', `prlimit --pid $$ --nproc=unlimited && touch $loot/raise-limits`],
];

/** A program for what a shell cannot try. It exits with 0 and prints a word when it got what it wanted. */
const REACH = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
static int reach(const char *path, int hidden)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(at.sun_path + hidden, path, sizeof(at.sun_path) - 2);
	return connect(fd, (void *)&at, offsetof(struct sockaddr_un, sun_path) + hidden + strlen(path));
}
int main(int argc, char **argv)
{
	char byte = 0;
	const char *what = argv[1];
	int failed = 1;
	if (!strcmp(what, "unix")) failed = reach(argv[2], 0);
	if (!strcmp(what, "abstract")) failed = reach(argv[2], 1);
	if (!strcmp(what, "trace")) failed = ptrace(PTRACE_ATTACH, atoi(argv[2]), 0, 0) != 0;
	if (!strcmp(what, "memory")) {
		struct iovec here = { &byte, 1 }, there = { (void *)0x400000, 1 };
		failed = process_vm_readv(atoi(argv[2]), &here, 1, &there, 1, 0) != 1;
	}
	if (!strcmp(what, "keyring")) failed = syscall(SYS_keyctl, 0, -3, 1) < 0;
	if (!strcmp(what, "set-id")) failed = open(argv[2], O_CREAT | O_WRONLY, 06755) < 0;
	if (failed) { perror(what); return 1; }
	printf("%s\\n", what);
	return 0;
}
`;

/** A stand-in for a kernel: a tree and its definition, in a directory of the test. */
export interface StandIn {
  readonly tree: string;
  readonly definition: string;
  /** Writes a mailbox with one patch that changes the tree as `change` does. */
  makeSeries(change: (tree: string) => void): string;
}

/** Lays out the tree that `SMALL_MAKEFILE` builds, and its definition. */
export function makeStandIn(directory: string): StandIn {
  const tree = join(directory, 'linux');
  mkdirSync(join(tree, 'scripts'), { recursive: true });
  writeFileSync(join(tree, 'Kbuild'), '# top\n');
  writeFileSync(join(tree, 'Makefile'), SMALL_MAKEFILE);
  writeFileSync(join(tree, 'core.c'), 'int core(void) { return 1; }\n');
  writeFileSync(join(tree, 'quiet.c'), 'int quiet(void) { return 2; }\n');
  writeFileSync(join(directory, 'a.config'), 'CONFIG_A=y\n');
  const definition = join(directory, 'stand-in.yaml');
  writeFileSync(
    definition,
    `name: stand-in\ndescription: three files\nsource: { directory: ${JSON.stringify(tree)} }\nconfig: { fragments: [a.config] }\n`,
  );
  const makeSeries = (change: (tree: string) => void): string => {
    const copy = join(directory, 'copy');
    rmSync(copy, { recursive: true, force: true });
    execFileSync('cp', ['-a', tree, copy]);
    const git = (...args: string[]) =>
      execFileSync(
        'git',
        ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=m', ...args],
        {
          cwd: copy,
          encoding: 'utf8',
        },
      );
    git('init', '-q');
    git('add', '-A');
    git('commit', '-q', '-m', 'base');
    change(copy);
    git('add', '-A');
    git('commit', '-q', '-m', 'small: change the build');
    const series = join(directory, 'series.mbox');
    writeFileSync(series, git('format-patch', '--stdout', '-1'));
    return series;
  };
  return { tree, definition, makeSeries };
}

/** Adds text to a file. */
export function append(path: string, text: string): void {
  writeFileSync(path, `${readFileSync(path, 'utf8')}${text}`);
}

/** Tries everything at each of four doors: the Makefile, a Kconfig file, a script, and a program of tools/. */
export function changeToReach(tree: string, targets: Targets): void {
  const lines = ATTEMPTS(targets).map(([name, line]) => `(${line}) || echo "${name} at $door failed" >&2`);
  mkdirSync(join(tree, 'tools'), { recursive: true });
  writeFileSync(join(tree, 'tools/reach.c'), REACH);
  writeFileSync(
    join(tree, 'scripts/attempts.sh'),
    [
      'door=$1 out=$2 tree=$3',
      'loot=$out/loot reach=$out/reach.$door',
      'mkdir -p "$loot"; gcc -w -o "$reach" "$tree/tools/reach.c"',
      ...lines,
      'exit 0\n',
    ].join('\n'),
  );
  writeFileSync(
    join(tree, 'tools/tries.c'),
    `#include <stdlib.h>\nint main(int argc, char **argv) { (void)argc; return system(argv[1]) == 0 ? 0 : 0; }\n`,
  );
  writeFileSync(
    join(tree, 'Kconfig'),
    '# read as make reads it\nIGNORED := $(shell sh scripts/attempts.sh Kconfig $(O) $(CURDIR))\n',
  );
  const recipe = `bzImage: attempts
attempts:
	sh scripts/attempts.sh script $(O) $(CURDIR)
	$(HOSTCC) -o $(O)/tries tools/tries.c
	$(O)/tries 'sh scripts/attempts.sh tools $(O) $(CURDIR)'
`;
  const makefile = readFileSync(join(tree, 'Makefile'), 'utf8');
  writeFileSync(
    join(tree, 'Makefile'),
    `IGNORED := $(shell sh scripts/attempts.sh Makefile $(O) $(CURDIR))\ninclude Kconfig\n${makefile}${recipe}`,
  );
}
