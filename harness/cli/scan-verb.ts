// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { globalOptions } from './options.ts';
import { readVersion } from './root.ts';
import { attachVerb, type Dispatch } from './verb.ts';

/** The command that finds complaints in logs: `ktrial scan`, or the separate program `ktrial-scan`. */
export function scanCommand(program: 'ktrial scan' | 'ktrial-scan'): Command {
  return new Command(program.split(' ').at(-1))
    .argument('[log...]', 'kernel logs; - or none for standard input')
    .description("find the kernel's complaints in logs")
    .option(
      '--json',
      'one JSON object a file and line; with --follow one a complaint (docs/scan.schema.json)',
    )
    .addOption(
      new Option(
        '--follow',
        'print complaints as they come, until the input ends or Ctrl-C; a file may grow, be emptied or replaced',
      ).conflicts('grade'),
    )
    .option('--fail', 'exit code 1 when there is a complaint, also with --json and --follow')
    .option('--vmlinux <path>', "name source lines by this kernel's debug information")
    .option(
      '--source <directory>',
      "quote the culprit's lines from this tree (default: that of a kernel which ktrial built, or beside vmlinux)",
    )
    .option(
      '--also <kinds>',
      'count these too, parted by commas: allocationFailure, interrupt, leakNotice, machineCheck, netdevWatchdog, outOfMemory',
    )
    .addOption(
      new Option(
        '--grade',
        'the arguments are directories of logs with expectations: print how well they were read',
      ).conflicts(['json', 'vmlinux', 'source', 'also', 'fail']),
    )
    .addHelpText(
      'after',
      `
Examples:
  ${program} console.log
  dmesg | ${program}
  dmesg -w | ${program} --follow
  ${program} --follow --fail console.log
  ${program} --json *.log | jq .splats[].title`,
    );
}

/** The command that finds results of tests in logs. */
export function ktapCommand(): Command {
  return new Command('ktap')
    .argument('[log...]', 'logs with KTAP or TAP in them; - or none for standard input')
    .description('list the results of KUnit, kselftest and others in logs, every test by its name')
    .option('--json', 'one JSON object a log')
    .option('--failed', 'list only the tests that failed')
    .addHelpText(
      'after',
      `
Examples:
  ktrial ktap console.log
  dmesg | ktrial ktap --failed
  ktrial ktap --json *.log | jq '.tests[] | select(.outcome == "notOk").name'

Exit codes: 0 no test failed · 1 one failed, crashed or timed out · 2 a log has no KTAP in it, or cannot be read`,
    );
}

/** The program `ktrial-scan`: `ktrial scan` without the rest of ktrial. */
export function buildScanProgram(dispatch: Dispatch): Command {
  const program = globalOptions(scanCommand('ktrial-scan').version(readVersion()))
    .addHelpText(
      'after',
      `
Exit codes: 0 no complaint, or not asked for by --fail · 1 complaints · 2 bad request, or a log that cannot be read
            69 lab fault · 70 bug in ktrial · 130 interrupted`,
    )
    .showHelpAfterError('(ktrial-scan --help shows what there is)');
  attachVerb(program, () => import('./commands/scan.ts'), dispatch, program);
  return program;
}
