// SPDX-License-Identifier: MIT

/**
 * The shell script that runs a command so that no process of it outlives ktrial. File descriptor 3 is a pipe whose other
 * end only ktrial has; the kernel closes it when ktrial dies, by SIGKILL too. A background process waits for that and
 * then kills the whole process group: a parent-death signal would reach the direct child and leave make's compilers.
 * The command runs in the foreground of the script, so it has the original standard input and signal handlers.
 */
const SCRIPT = `{ read -r _ <&3; kill -KILL 0; } </dev/null >/dev/null 2>&1 &
watcher=$!
(exec "$@" 3<&-)
status=$?
{ kill -KILL $watcher; wait $watcher; } >/dev/null 2>&1
exit $status`;

/** The arguments of `sh` that run a command under supervision. The caller opens the pipe at descriptor 3. */
export function supervise(argv: readonly string[]): string[] {
  return ['-c', SCRIPT, 'sh', ...argv];
}

/** Signals that end a program which did not ask for it, by number. */
const FATAL_SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
};

/** The signal that a shell's exit status stands for (128 + its number), or null for a program's own exit code. */
export function signalOf(status: number): string | null {
  return FATAL_SIGNALS[status - 128] ?? null;
}
