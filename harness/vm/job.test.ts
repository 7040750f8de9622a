// SPDX-License-Identifier: MIT
import { Duplex, PassThrough } from 'node:stream';
import t from 'tap';
import { ChannelJob, type CommandChannel } from './job.ts';

/** A channel whose far end is played by the test. */
function aChannel() {
  const stderr = new PassThrough();
  const channel = Object.assign(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }), {
    stderr,
  }) as CommandChannel;
  return {
    channel,
    say: (text: string | Uint8Array) => channel.push(text),
    complain: (text: string) => stderr.write(text),
    async end(...exit: unknown[]) {
      await new Promise((resolve) => setImmediate(resolve));
      if (exit.length > 0) channel.emit('exit', ...exit);
      channel.emit('close');
    },
  };
}

const NEVER = new Promise<never>(() => {});

t.test('the first line is the process id and not part of the output', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  far.say('4');
  far.say('21\nout');
  far.complain('err\n');
  await job.started;
  t.equal(job.pid, 421);
  far.say('put\n');
  await far.end(3);
  t.match(await job.wait(1000), {
    exitCode: 3,
    signal: null,
    stdout: 'output\n',
    stderr: 'err\n',
    timedOut: false,
  });
});

t.test('a character whose bytes arrive apart is decoded', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  const bytes = Buffer.from('7\né');
  far.say(bytes.subarray(0, 3));
  far.say(bytes.subarray(3));
  await far.end(0);
  t.equal((await job.wait(1000))?.stdout, 'é');
});

t.test('a signal is reported by its name', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  far.say('7\n');
  await far.end(null, 'SIGSEGV', false, '');
  t.match(await job.wait(1000), { exitCode: null, signal: 'SEGV' });
});

t.test('a signal’s name is one, whatever the guest says', async (t) => {
  for (const said of ['\u001b[31mRED', 'A'.repeat(5_000), 'seg v', 'ok 1 - all good\n']) {
    const far = aChannel();
    const job = new ChannelJob(far.channel, NEVER, async () => {});
    far.say('7\n');
    await far.end(null, said, false, '');
    t.match(await job.wait(1000), { exitCode: null, signal: 'UNKNOWN' });
  }
});

t.test('a channel that closes without an exit status is a lost connection, not a success', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  far.say('7\nall is well\n');
  await far.end();
  await t.rejects(job.wait(1000), { code: 'GUEST_CONNECTION_LOST', blame: 'lab' });
});

t.test('a job rejects when the connection closes, before or after its process id has arrived', async (t) => {
  let lose: (error: Error) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  const job = new ChannelJob(aChannel().channel, lost, async () => {});
  lose(new Error('gone'));
  await t.rejects(job.started, /gone/);
  await t.rejects(job.wait(1000), /gone/);
});

t.test('waiting ends at its deadline, and the job runs on', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  far.say('7\nhalf');
  await job.started;
  t.equal(await job.wait(10), null);
  t.equal(job.output().stdout, 'half');
  await far.end(0);
  t.equal((await job.wait(1000))?.exitCode, 0);
});

t.test('a signal is sent to the process group of the process id', async (t) => {
  const sent: unknown[] = [];
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async (...words) => void sent.push(words));
  await job.kill('TERM');
  far.say('7\n');
  await job.started;
  await job.kill('INT');
  t.strictSame(sent, [[7, 'INT']], 'and nobody is signalled before it is known');
});

t.test('an output that is too long is cut, with a note', async (t) => {
  const far = aChannel();
  const job = new ChannelJob(far.channel, NEVER, async () => {});
  far.say('7\n');
  for (let count = 0; count < 18; count += 1) far.say('x'.repeat(1024 * 1024));
  await far.end(0);
  const stdout = (await job.wait(5000))?.stdout ?? '';
  t.ok(stdout.length < 17 * 1024 * 1024);
  t.match(stdout.slice(-80), /ktrial: output cut after 16 MiB; --limit output-mib=32/);
});
