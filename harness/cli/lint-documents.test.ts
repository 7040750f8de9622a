// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the scenario language look like this
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';

/** Documents that nobody may trust, through the command. Each row is a file, and what must be said of it. */

t.setTimeout(0);

const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const HEAD = 'name: x\ndescription: d\n';

/** A whole document, or the body of a scenario; and what its first line of output must be like. */
type Row = readonly [content: string | Uint8Array, said: RegExp];

const body = (text: string) => `${HEAD}${text}\n`;
const steps = (...list: string[]) => body(`steps:\n${list.map((one) => `  - ${one}\n`).join('')}`);
const step = (one: string) => steps(one);
const arg = (one: string) => body(`machine: {kernelArgs: ${JSON.stringify([one])}}\nsteps: [{run: a}]`);
const matching = (pattern: string) => step(`waitForDmesg: ${JSON.stringify(pattern)}`);
const waiting = (wait: string) =>
  body(`l2: {t: {kernel: l2-tiny}}\nsteps: [{startL2: {l2: t}}, {waitForL2: ${wait}}, {stopL2: l2}]`);
const allowing = (pattern: string) =>
  body(`steps: [{run: a}]\nexpect: {allow: [{matches: ${JSON.stringify(pattern)}, why: w}]}`);
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const ERROR = (words: RegExp) => new RegExp(`: error: .*(?:${words.source})`, words.flags);
const WARNING = (words: RegExp) => new RegExp(`: warning: .*(?:${words.source})`, words.flags);
const OK = /^ok /;

interface Table {
  readonly rows: Readonly<Record<string, Row>>;
  /** The most that may be printed for one file, in bytes. */
  readonly most?: number;
}

function check(name: string, { rows, most = 20_000 }: Table): void {
  t.test(`${name}: ${Object.keys(rows).length} documents`, { timeout: 400_000 }, async (t) => {
    t.ok(Object.keys(rows).length >= 20, 'there are enough of them');
    const directory = t.testdir({});
    const titles = Object.keys(rows);
    for (const [index, [content]] of Object.values(rows).entries())
      writeFileSync(join(directory, `${String(index).padStart(3, '0')}.yaml`), content);
    const files = readdirSync(directory).sort();
    // A hang is a failure; how long it takes otherwise is the computer's affair.
    const { stdout, stderr, status, signal } = spawnSync(
      process.execPath,
      [MAIN, 'lint', ...files.map((file) => join(directory, file))],
      { encoding: 'utf8', timeout: 300_000, maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH } },
    );
    t.equal(signal, null, 'it ends');
    t.ok(status === 0 || status === 2, `exit code ${status}: ${stderr.slice(0, 500)}`);
    t.notMatch(stdout + stderr, /a bug in ktrial|\bat .*\.js:\d+/, 'nothing broke');
    for (const [index, title] of titles.entries()) {
      const path = join(directory, files[index] as string);
      const begin = stdout.split('\n').findIndex((line) => line.includes(path));
      const lines = stdout.split('\n').slice(begin);
      const next =
        files[index + 1] === undefined
          ? -1
          : lines.findIndex((line) => line.includes(files[index + 1] as string));
      const own = lines.slice(0, next === -1 ? lines.length : next).join('\n');
      t.match(own.split('\n')[0], rows[title]?.[1], `${title}: ${own.slice(0, 400)}`);
      t.ok(own.length < most, `${title}: ${own.length} bytes`);
    }
  });
}

check('texts that become paths, options, names and kernel arguments', {
  rows: {
    'a kernel argument with a blank': [arg('a b'), ERROR(/expected one argument/)],
    'one with a line feed': [arg('a\nb'), ERROR(/expected one argument/)],
    'one with a tab': [arg('a\tb'), ERROR(/expected one argument/)],
    'one with half a quote': [arg('a="b'), ERROR(/expected one argument/)],
    'one with a quote inside': [arg('a=b"c'), ERROR(/expected one argument/)],
    'one that ends the arguments': [arg('--'), ERROR(/what follows -- is .* for init/)],
    'one that ends them with more behind it': [arg('-- x'), ERROR(/what follows -- /)],
    'another init': [arg('init=/bin/sh'), ERROR(/ktrial itself gives the kernel init/)],
    'another root': [arg('root=/dev/sda'), ERROR(/ktrial itself gives the kernel root/)],
    'another console': [arg('console=null'), ERROR(/ktrial itself gives the kernel console/)],
    'another panic': [arg('panic=1'), ERROR(/ktrial itself gives the kernel panic/)],
    'another early init': [arg('rdinit=/x'), ERROR(/ktrial itself gives the kernel rdinit/)],
    'lines without stamps': [arg('printk.time=0'), ERROR(/ktrial itself gives the kernel printk.time/)],
    'a disk that can be written': [arg('rw'), ERROR(/ktrial itself gives the kernel rw/)],
    'one of letters that no command line has': [arg('a=ä'), ERROR(/expected one argument/)],
    'an empty one': [arg(''), ERROR(/too|at least 1 character|expected/i)],
    'too many of them': [
      body(`machine: {kernelArgs: [${Array(400).fill('abcdef=1').join(', ')}]}\nsteps: [{run: a}]`),
      ERROR(/more than 1500 characters/),
    ],
    'one with a value in quotes': [arg('dyndbg="file a.c +p"'), OK],
    'one that is a number': [body('machine: {kernelArgs: [3]}\nsteps: [{run: a}]'), OK],
    'an image outside': [
      body('l2: {t: {kernel: k, image: ../../../etc}}\nsteps: [{startL2: t}]'),
      ERROR(/the name of a directory below images/),
    ],
    'an image by an absolute path': [
      body('l2: {t: {kernel: k, image: /etc}}\nsteps: [{startL2: {l2: t}}]'),
      ERROR(/the name of a directory below images/),
    ],
    'a kernel that would be an option': [
      body('l2: {t: {kernel: --upload-pack=x}}\nsteps: [{startL2: {l2: t}}]'),
      ERROR(/the name of a kernel definition or a path/),
    ],
    'a kernel with a line feed': [
      body('l2: {t: {kernel: "k\\nl"}}\nsteps: [{startL2: {l2: t}}]'),
      ERROR(/one line/),
    ],
    'a device with another option of QEMU': [
      body(
        'l2: {t: {kernel: k}}\nsteps: [{startL2: {l2: t, devices: ["/sys/d,x-no-mmap=on"]}}, {stopL2: l2}]',
      ),
      ERROR(/without blanks and commas/),
    ],
    'a device that is no path': [
      body('l2: {t: {kernel: k}}\nsteps: [{startL2: {l2: t, devices: [host]}}, {stopL2: l2}]'),
      ERROR(/without blanks and commas/),
    ],
    'a label with an escape': [step('{label: "\\e[31mred", run: a}'), ERROR(/one line without control/)],
    'a label that turns the text': [step('{label: "a\\u202eb", run: a}'), ERROR(/marks of direction/)],
    'a label of two lines': [step('{label: "a\\nb", run: a}'), ERROR(/one line without control/)],
    'a label of 300 letters': [step(`{label: ${'a'.repeat(300)}, run: a}`), ERROR(/300 characters/)],
    'a command with a NUL': [step('run: "a\\0b"'), ERROR(/the character "\\u\{0\}", which no text/)],
    'a text with half a surrogate pair': [step('run: "a\\ud800b"'), ERROR(/which no text may have|Invalid/)],
    'a name of 300 letters': [
      `name: ${'a'.repeat(300)}\ndescription: d\nsteps: [{run: a}]\n`,
      ERROR(/at most 64/),
    ],
    'a name with a path': [
      'name: ../x\ndescription: d\nsteps: [{run: a}]\n',
      ERROR(/words of small letters/),
    ],
    'a value of the matrix of 300 letters': [
      body(`matrix: {a: [${'b'.repeat(300)}]}\nsteps: [{run: '\${{a}}'}]`),
      ERROR(/at most 64 characters/),
    ],
    'values of the matrix that name the same directory': [
      body("matrix: {a: [x/y, 'x y']}\nsteps: [{run: '${{a}}'}]"),
      ERROR(/give scenarios of the same name/),
    ],
    'a matrix whose names are too long': [
      body(
        `matrix: {${[1, 2, 3].map((n) => `a${n}: [${'b'.repeat(60)}]`).join(', ')}}\nsteps: [{run: '\${{a1}}\${{a2}}\${{a3}}'}]`,
      ),
      ERROR(/a name of \d+ characters, expected at most 160/),
    ],
    'a job whose name is a path': [
      step('background: {name: ../j, command: a}'),
      ERROR(/a name of small letters/),
    ],
    'a module with a path': [step('insmod: ../../m'), ERROR(/the name of a module/)],
    'a module that would be an option': [step('rmmod: -f'), ERROR(/the name of a module/)],
    'a file of two lines': [step('write: {to: "/a\\n/b", value: 1}'), ERROR(/one line/)],
    'a line for the monitor that is two': [
      body('l2: {t: {kernel: k}}\nsteps: [{startL2: {l2: t}}, {monitorL2: {command: "info\\nquit"}}]'),
      ERROR(/one line/),
    ],
  },
});

const given = (parameters: string, use: string) =>
  body(`parameters: {${parameters}}\nsteps: [{run: 'echo ${use}'}]`);

check('numbers, durations and names of properties', {
  rows: {
    'a time-out of two months': [
      body('timeout: 99999m\nsteps: [{run: a}]'),
      ERROR(/got 99999m, expected a duration from 1ms to 1440m/),
    ],
    'a time-out of nothing': [body('timeout: 0s\nsteps: [{run: a}]'), ERROR(/got 0s, expected a duration/)],
    'a time-out of less than a timer has': [
      body('timeout: 0.0000001ms\nsteps: [{run: a}]'),
      ERROR(/expected a duration from/),
    ],
    'a sleep of two months': [step('sleep: 99999m'), ERROR(/expected a duration from/)],
    'a sleep of a number beyond all': [step(`sleep: ${'9'.repeat(400)}s`), ERROR(/expected a duration from/)],
    'a grace of nothing': [body('grace: 0ms\nsteps: [{run: a}]'), ERROR(/expected a duration from/)],
    'a time of a step in hours': [step('run: {command: a, timeout: 2h}'), ERROR(/a duration with its unit/)],
    'a time without a unit': [step('sleep: 3'), ERROR(/a duration with its unit/)],
    'a negative time': [step('sleep: -3s'), ERROR(/a duration with its unit/)],
    'the longest time': [body('timeout: 1440m\nsteps: [{sleep: 1ms}]'), OK],
    'a version as an expected text': [step('read: {file: /v, equals: 5.10}'), OK],
    'a hexadecimal number as a value': [step('write: {to: /v, value: 0x10}'), OK],
    'a number with leading zeros as a value': [step('write: {to: /v, values: [007, 0755, -0, 1e3]}'), OK],
    'a number of twenty digits as a parameter': [given('p: 12345678901234567890', '${{p}}'), OK],
    'a number with leading zeros where one is asked for': [
      body('machine: {cpus: 02}\nsteps: [{run: a}]'),
      ERROR(/02 is ambiguous/),
    ],
    'a number that is none': [
      body('machine: {cpus: two}\nsteps: [{run: a}]'),
      ERROR(/got the text "two", expected a number/),
    ],
    'a broken number': [body('machine: {cpus: 1.5}\nsteps: [{run: a}]'), ERROR(/expected a whole number/)],
    'not a number': [body('machine: {cpus: .nan}\nsteps: [{run: a}]'), ERROR(/expected/)],
    'a number in quotes': [
      body('machine: {cpus: "2"}\nsteps: [{run: a}]'),
      ERROR(/got the text "2", expected a number/),
    ],
    'a parameter called constructor': [given('constructor: abc', '${{constructor}}'), OK],
    'a parameter called toString': [given('toString: abc', '${{toString}}'), OK],
    'a parameter called __proto__': [given('__proto__: abc', '${{__proto__}}'), OK],
    'an axis called constructor': [
      body("matrix: {constructor: [a]}\nsteps: [{run: '${{constructor}}'}]"),
      OK,
    ],
    'an axis called hasOwnProperty': [
      body("matrix: {hasOwnProperty: [a]}\nsteps: [{run: '${{hasOwnProperty}}'}]"),
      OK,
    ],
    'a use of constructor that nobody gave': [
      step("run: '${{constructor}}'"),
      ERROR(/there is no parameter "constructor"/),
    ],
    'a key called constructor': [
      body('constructor: 1\nsteps: [{run: a}]'),
      ERROR(/unknown key "constructor"/),
    ],
    'a key called __proto__': [
      body('__proto__: {steps: []}\nsteps: [{run: a}]'),
      ERROR(/unknown key "__proto__"/),
    ],
    'a kind of step called toString': [step('toString: a'), ERROR(/unknown key "toString"/)],
    'jobs called like properties': [
      steps(
        'background: {name: constructor, command: a}',
        'wait: constructor',
        'background: {name: valueof, command: a}',
        'wait: valueof',
      ),
      OK,
    ],
    'true where a text is asked for': [step('write: {to: /v, value: true}'), OK],
    'yes where true is asked for': [
      step('{run: a, continue: yes}'),
      ERROR(/got the text "yes", expected true or false/),
    ],
    'yes as an exit code': [
      step('run: {command: a, exit: yes}'),
      ERROR(/got the text "yes", expected a number, or a list, or any/),
    ],
    'a date as a text': [given('p: 2001-01-01', '${{p}}'), OK],
    'nothing where a text is asked for': [step('run: ~'), ERROR(/got nothing|exactly one thing/)],
  },
});

check('scenarios that can prove nothing, or never pass', {
  rows: {
    'no step': [body('steps: []'), WARNING(/tests only that the kernel boots/)],
    'a loop of nothing': [
      step('loop: {count: 3, steps: []}'),
      WARNING(/an empty list of steps does nothing/),
    ],
    'lists of nothing': [step('parallel: [[], [{run: a}]]'), WARNING(/an empty list of steps does nothing/)],
    'every splat is allowed': [allowing('.*'), WARNING(/matches every splat/)],
    'every splat is allowed by a letter': [allowing('[a-z]'), WARNING(/matches every splat/)],
    'every splat is allowed by nothing': [allowing('|x'), WARNING(/matches every splat/)],
    'every splat is expected': [
      body("steps: [{run: a}]\nexpect: {dmesg: {splats: [{matches: '.', why: w}]}}"),
      WARNING(/matches every splat/),
    ],
    'an end in two ways': [
      steps('background: {name: j, command: a}', 'wait: {for: j, expect: {exit: 0, signal: TERM}}'),
      ERROR(/a job ends in one way/),
    ],
    'an errno and an exit code': [
      steps(
        'background: {name: j, write: {to: /f, value: 1}}',
        'wait: {for: j, expect: {exit: 0, errno: EIO}}',
      ),
      ERROR(/a job ends in one way/),
    ],
    'an errno of a command': [
      steps('background: {name: j, command: a}', 'wait: {for: j, expect: {errno: EIO}}'),
      ERROR(/is no write: it has no errno/),
    ],
    'a text that must match and must not': [
      step('run: {command: a, stdout: {matches: x, lacks: x}}'),
      WARNING(/must match this and must not/),
    ],
    'a text that must lack everything': [step("read: {file: /f, lacks: '.*'}"), WARNING(/it can never pass/)],
    'a text that everything matches': [step("read: {file: /f, matches: '.*'}"), WARNING(/it can never fail/)],
    'lines that everything matches': [
      step("run: {command: a, stdout: {everyLine: 'x*'}}"),
      WARNING(/every line matches this/),
    ],
    'an expected text that does not match': [
      step('read: {file: /f, equals: abc, matches: x}'),
      WARNING(/does not match this: it can never pass/),
    ],
    'an expected text that holds what it must lack': [
      step('read: {file: /f, equals: abc, lacks: b}'),
      WARNING(/matches this: it can never pass/),
    ],
    'a wait for any line': [matching('.*'), WARNING(/it can never fail/)],
    'a wait for a list with any line': [
      waiting("{matches: ['^l2: up', '.*']}"),
      WARNING(/it can never fail/),
    ],
    'a wait for a list with the line that it must lack': [
      waiting("{matches: [up, ' failed'], lacks: ' failed'}"),
      WARNING(/it can never pass/),
    ],
    'a sleep longer than the scenario': [
      body('timeout: 1m\nsteps: [{sleep: 2m}]'),
      WARNING(/it cannot end in time/),
    ],
    'sleeps that are too long together': [
      body('timeout: 1m\nsteps: [{sleep: 40s}, {label: again, sleep: 40s}]'),
      WARNING(/waits for 80 s/),
    ],
    'a loop longer than the scenario': [
      body('timeout: 1m\nsteps: [{loop: {time: 5m, steps: [{run: a}]}}]'),
      WARNING(/it cannot end in time/),
    ],
    'a wait for what must not end, longer than the scenario': [
      body(
        'timeout: 1m\nsteps: [{background: {name: j, command: a}}, {wait: {for: j, timeout: 2m, expect: blocked}}]',
      ),
      WARNING(/it cannot end in time/),
    ],
    'a placeholder with a dot': [given('p: 1', '${{p}} ${{p.q}}'), ERROR(/is no placeholder/)],
    'a placeholder with a dash': [given('p: 1', '${{p}} ${{ p-q }}'), ERROR(/is no placeholder/)],
    'an empty placeholder': [step("run: 'echo ${{}}'"), ERROR(/is no placeholder/)],
    'a placeholder that is not closed': [step("run: 'echo ${{p}'"), ERROR(/is no placeholder/)],
    'a placeholder in a value': [given("p: '${{q}}', q: 1", '${{p}} ${{q}}'), ERROR(/would not be replaced/)],
    'labels that become the same': [
      body("parameters: {p: 1}\nsteps: [{label: 'n ${{p}}', run: a}, {label: n 1, run: b}]"),
      ERROR(/becomes that of another step/),
    ],
    'an errno that nobody has': [
      step('write: {to: /f, value: 1, expect: ENOSUCH}'),
      ERROR(/got the text "ENOSUCH", expected/),
    ],
    'a signal that nobody has': [
      steps('background: {name: j, command: a}', 'kill: {job: j, signal: FOO}'),
      ERROR(/got the text "FOO", expected/),
    ],
    'a signal with SIG': [
      steps('background: {name: j, command: a}', 'kill: {job: j, signal: SIGTERM}'),
      ERROR(/got the text "SIGTERM", expected/),
    ],
    'a default that does not fit': [
      body("parameters: {n: many}\nsteps: [{loop: {count: '${{n}}', steps: [{run: a}]}}]"),
      ERROR(/a parameter does not fit here/),
    ],
    'a module loaded under both its names': [
      body('modules: [a-b, a_b]\nsteps: [{run: a}]'),
      ERROR(/is loaded twice/),
    ],
  },
});

check('regular expressions', {
  rows: {
    'one that takes for ever elsewhere': [matching('^(a+)+$'), OK],
    'one that ignores case': [matching('(?i)warning: .*'), OK],
    'a class of POSIX': [matching('[[:digit:]]+ cpus'), OK],
    'the beginning of the text': [matching('\\ALinux'), OK],
    'a lookahead': [matching('a(?=b)'), ERROR(/looking ahead or behind is not in RE2/)],
    'a negative lookahead': [matching('a(?!b)'), ERROR(/looking ahead or behind/)],
    'a lookbehind': [matching('(?<=a)b'), ERROR(/looking ahead or behind/)],
    'a negative lookbehind': [matching('(?<!a)b'), ERROR(/looking ahead or behind/)],
    'a reference back': [matching('(a)\\1'), ERROR(/a reference back to a group/)],
    'a reference back by a name': [matching('(?<n>a)\\k<n>'), ERROR(/a reference back to a group/)],
    'slashes and flags': [matching('/warning/i'), ERROR(/without slashes, with \(\?i\) before it/)],
    'slashes of a path': [matching('/dev/sda'), OK],
    'a blank by a letter': [matching('a\\hb'), ERROR(/write \[ \\t\]/)],
    'a class without its brackets': [matching('[:digit:]'), ERROR(/stands inside brackets/)],
    'the edge of a word as grep has it': [matching('\\<word\\>'), ERROR(/write \\b/)],
    'a possessive repetition': [matching('a++'), ERROR(/never backtracks/)],
    'an atomic group': [matching('(?>a)b'), ERROR(/never backtracks/)],
    'a flag that RE2 lacks': [matching('(?x) a b'), ERROR(/the flag x is not in RE2/)],
    'a comment': [matching('a(?#b)'), ERROR(/a comment is not in RE2/)],
    'a count without its beginning': [matching('a{,3}'), ERROR(/write \{0,3\}/)],
    'a count that is too great': [matching('a{1001}'), ERROR(/no repeat count, or gives more than 1000/)],
    'counts of counts': [matching('((a{100}){100}){100}'), ERROR(/repeat count|too large/)],
    'one with too many states': [matching('(?:a{1,300}b){1,3}'), ERROR(/states, expected at most/)],
    'one of 5000 letters': [matching('a'.repeat(5000)), ERROR(/5000 characters, expected at most/)],
    'a glob': [matching('*.ko'), ERROR(/nothing to repeat before \*/)],
    'a group that is not closed': [matching('(a'), ERROR(/a \( has no \)/)],
    'a class that is not closed': [matching('[a'), ERROR(/a \[ has no \]/)],
    'a backslash at the end': [matching('a\\'), ERROR(/nothing follows the last backslash/)],
    'a range that is turned round': [matching('[z-a]'), ERROR(/no range or class/)],
    'deep groups': [matching(`${'('.repeat(900)}${')'.repeat(900)}`), /: (?:error|warning): /],
    'a lookahead in what is allowed': [allowing('^(?!WARNING)'), ERROR(/looking ahead or behind/)],
    'a placeholder inside': [body("parameters: {n: 3}\nsteps: [{waitForDmesg: '^cpu ${{n}}$'}]"), OK],
    'an escape of JavaScript': [matching('\\u0041'), ERROR(/\\u is not in RE2/)],
  },
});

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

check('sizes, counts and depths', {
  most: 60_000,
  rows: {
    'a matrix of six axes of ten': [
      body(
        `matrix:\n${lines(6, (i) => `  a${i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]`)}\nsteps: [{run: '\${{a0}}\${{a1}}\${{a2}}\${{a3}}\${{a4}}\${{a5}}'}]`,
      ),
      ERROR(/got 1000000 scenarios, expected at most 1000: --limit scenarios=/),
    ],
    'a matrix of forty axes of ten': [
      body(`matrix:\n${lines(40, (i) => `  a${i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]`)}\nsteps: [{run: a}]`),
      /: (?:error|warning): /,
    ],
    'repeats beyond all': [
      body('repeats: 1000000000\nsteps: [{run: a}]'),
      ERROR(/expected a whole number from 1 to 999999999/),
    ],
    'many repeats': [
      body('repeats: 999999999\nsteps: [{run: a}]'),
      ERROR(/got 999999999 trials, expected at most 20000/),
    ],
    'many uuids': [
      step('write: {to: /f, uuids: 100000000}'),
      ERROR(/got 100000000 UUIDs, expected at most 10000/),
    ],
    'many uuids of a job': [
      steps('background: {name: j, write: {to: /f, uuids: 100000000}}', 'wait: j'),
      ERROR(/got 100000000 UUIDs/),
    ],
    'many steps': [
      body(`steps:\n${lines(10_001, (i) => `  - run: a${i}`)}`),
      ERROR(/got 10001 steps, expected at most 10000/),
    ],
    'many unknown keys': [
      body(`${lines(20_000, (i) => `key${i}: 1`)}\nsteps: [{run: a}]`),
      ERROR(/unknown key "key0"/),
    ],
    'many keys that are there twice': [body(lines(10_000, () => 'steps: [{run: a}]')), ERROR(/there twice/)],
    'many warnings': [
      body(`parameters:\n${lines(5000, (i) => `  p${i}: 1`)}\nsteps: [{run: a}]`),
      WARNING(/is used nowhere/),
    ],
    'many steps of one name': [body(`steps:\n${lines(5000, () => '  - run: a')}`), WARNING(/as another is/)],
    'many unknown jobs': [
      body(`steps:\n${lines(5000, (i) => `  - wait: j${i}`)}`),
      ERROR(/no step starts a job/),
    ],
    'many broken lines': [lines(20_000, () => ']'), ERROR(/./)],
    'a long line with an error in it': [
      body(`${'k'.repeat(900)}: 1\nsteps: [{run: a}, {ran: ${'x'.repeat(300_000)}}]`),
      ERROR(/unknown key/),
    ],
    'a long key': [body(`${'k'.repeat(100_000)}: 1\nsteps: [{run: a}]`), ERROR(/more than 1024 characters/)],
    'more than the limit': [
      body(`# ${'x'.repeat(2_000_000)}\nsteps: [{run: a}]`),
      /is too large: expected at most 512 KiB/,
    ],
    'deep lists': [body(`steps: ${'['.repeat(50_000)}`), ERROR(/nest more than 64 levels/)],
    'deep maps': [body(`steps: ${'{a: '.repeat(50_000)}`), ERROR(/nest more than 64 levels/)],
    'deep lists of lines': ['- '.repeat(50_000), ERROR(/nest more than 64 levels/)],
    'deep keys': ['? '.repeat(50_000), ERROR(/nest more than 64 levels/)],
    'aliases of aliases': [
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((to, i) => `${to}: &${to} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(',')}]`)
        .join('\n')}\n`,
      ERROR(/aliases repeat more than/),
    ],
    'many aliases': [body(`steps: [{run: &a x}${', {run: *a}'.repeat(5_000)}]`), /: (?:error|warning): /],
    'an alias inside itself': [body('steps: &a [{run: a}, *a]'), ERROR(/inside the value that it repeats/)],
    'an alias to nothing': [body('steps: [{run: *a}]'), ERROR(/expected an anchor &a/)],
    'many documents': [`${body('steps: [{run: a}]')}---\n`.repeat(2000), ERROR(/a second document/)],
  },
});

check('what is no document, in words that say so', {
  rows: {
    'an empty file': ['', ERROR(/got nothing, expected a map/)],
    'comments only': ['# nothing\n', ERROR(/got nothing, expected a map/)],
    'a list': ['- a\n', ERROR(/got a list, expected a map/)],
    'a text': ['hello\n', ERROR(/got the text "hello", expected a map/)],
    'UTF-16 with a mark': [
      Buffer.from(`\ufeff${body('steps: [{run: a}]')}`, 'utf16le'),
      ERROR(/got UTF-16, expected UTF-8/),
    ],
    'UTF-16 without one': [
      Buffer.from(body('steps: [{run: a}]'), 'utf16le'),
      ERROR(/got UTF-16, expected UTF-8/),
    ],
    'Latin-1': [
      Buffer.from(body('steps: [{run: \xe4}]'), 'latin1'),
      ERROR(/byte 38 of the file, 0xe4, is not UTF-8/),
    ],
    'half a character at the end': [
      bytes(body('steps: [{run: a}]'), '# ', [0xe2, 0x82]),
      ERROR(/is not UTF-8/),
    ],
    'a gzip file': [bytes([0x1f, 0x8b, 8, 0], 'xxxx'), ERROR(/got a gzip file/)],
    'an ELF file': [bytes([0x7f], 'ELF', [2, 1, 1, 0]), ERROR(/got an ELF file/)],
    zeros: [Buffer.alloc(2000), ERROR(/the character "\\u\{0\}"/)],
    'a mark of byte order in UTF-8': [`\ufeff${body('steps: [{run: a}]')}`, OK],
    'lines that end as on Windows': [body('steps:\n  - run: a').replaceAll('\n', '\r\n'), OK],
    'lines that end as on an old Macintosh': [body('steps: [{run: a}]').replaceAll('\n', '\r'), ERROR(/./)],
    tabs: [body('steps:\n\t- run: a'), ERROR(/[Tt]ab/)],
    'two documents': [
      `${body('steps: [{run: a}]')}---\n${body('steps: [{run: a}]')}`,
      ERROR(/a second document after ---/),
    ],
    'binary data': [step('run: !!binary aGVsbG8='), ERROR(/the tag !!binary has no meaning here/)],
    'a tag of another program': [
      step('run: !!python/object:os.system x'),
      ERROR(/the tag .* has no meaning here/),
    ],
    'a tag of nobody': [step('!foo {run: a}'), ERROR(/the tag !foo has no meaning here/)],
    'a merge key': [
      'a: &a {name: x}\n<<: *a\ndescription: d\nsteps: [{run: a}]\n',
      ERROR(/the merge key <</),
    ],
    'a key that is a list': ['[a]: 1\n', ERROR(/as a key, expected a text/)],
    'a key that is a number': ['1: x\n', ERROR(/unknown key "1"|is missing/)],
    'a key of a picture': [body('\u{1F600}: 1\nsteps: [{run: a}]'), ERROR(/unknown key "\u{1F600}"/u)],
    'a key with an escape': [
      body('"\\e]0;x\\a": 1\nsteps: [{run: a}]'),
      ERROR(/unknown key "\\u\{1b\}\]0;x\\u\{7\}"/),
    ],
    'an escape in the file': [body('steps: [{run: "\u001b[31m"}]'), ERROR(/which YAML does not allow/)],
    'the time-out beside the command': [
      step('{run: a, timeout: 5s}'),
      ERROR(/unknown key "timeout": it belongs inside run/),
    ],
    'a word that is nearly right': [
      body('steps: [{run: a}]\nexpect: {machine: panicke}'),
      ERROR(/did you mean "panicked"/),
    ],
    'two things in one': [step('{run: a, sleep: 1s}'), ERROR(/a step does exactly one thing/)],
    'a mode without quotes': [step('upload: {to: /f, content: x, mode: 0755}'), OK],
    'a mode that is none': [
      step('upload: {to: /f, content: x, mode: 755}'),
      ERROR(/an octal mode of four digits/),
    ],
    'another version of YAML': ['%YAML 9.9\n---\nname: x\n', ERROR(/./)],
  },
});
