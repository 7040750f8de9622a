// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSeries } from '../series/index.ts';
import type { Bench } from './figure.ts';

const MAILS = 100_000;
const PATCHES = 10;
const MIB = 1024 * 1024;
const NAME = 'mailbox.read';

/** A mailbox as a mail archive has it: a series of ten patches, and the replies to it. */
export const mailboxBench: Bench = {
  gauges: [
    { name: NAME, unit: 's', title: 'read a series of ten patches from a mailbox of 100,000 mails, 680 MB' },
    { name: 'mailbox.memory', unit: 'MiB', title: 'resident memory that this adds to the process at most' },
    { name: 'mailbox.abort', unit: 'ms', title: 'from an interruption in the middle of it to its end' },
  ],
  async measure(lab, take, wants) {
    const path = join(lab.scratch, 'large.mbox');
    await writeMailbox(path);
    try {
      for (let round = lab.count(3); round > 0; round -= 1) {
        lab.signal.throwIfAborted();
        const before = process.memoryUsage.rss();
        let most = before;
        const watch = setInterval(() => {
          most = Math.max(most, process.memoryUsage.rss());
        }, 50);
        const begun = performance.now();
        const series = await readSeries({ kind: 'file', path }, { signal: lab.signal, onProgress: lab.say });
        clearInterval(watch);
        if (series.patches.length !== PATCHES)
          throw new Error(`got ${series.patches.length} patches, expected ${PATCHES}`);
        take(NAME, (performance.now() - begun) / 1000);
        take('mailbox.memory', (most - before) / MIB);
        if (wants('mailbox.abort')) take('mailbox.abort', await measureAbort(path));
      }
    } finally {
      await rm(path, { force: true });
    }
  },
};

/** The time from an abort to the end of the reading. */
async function measureAbort(path: string): Promise<number> {
  const controller = new AbortController();
  let abortedAt = 0;
  const timer = setTimeout(() => {
    abortedAt = performance.now();
    controller.abort();
  }, 500);
  const end = await readSeries({ kind: 'file', path }, { signal: controller.signal }).then(
    () => 'read',
    () => 'aborted',
  );
  clearTimeout(timer);
  if (end !== 'aborted' || abortedAt === 0) throw new Error('the mailbox was read before it was interrupted');
  return performance.now() - abortedAt;
}

async function writeMailbox(path: string): Promise<void> {
  const file = createWriteStream(path);
  let text = '';
  for (let number = 0; number < MAILS; number += 1) {
    text += makeMail(number);
    if (text.length < 4 * MIB && number < MAILS - 1) continue;
    if (!file.write(text)) await once(file, 'drain');
    text = '';
  }
  file.end();
  await once(file, 'close');
}

function makeMail(number: number): string {
  const patch = (number % PATCHES) + 1;
  const isPatch = number < PATCHES;
  const route = Array.from(
    { length: 12 },
    (_, hop) =>
      `Received: from mail${hop}.example.org (mail${hop}.example.org [192.0.2.${hop}])\n\tby lists.example.org (Postfix) with ESMTP id ABCDEF${number}${hop}\n\tfor <linux-kernel@vger.kernel.org>; Mon, 1 Jan 2024 10:00:00 +0000 (UTC)\n`,
  ).join('');
  const subject = `[PATCH v2 ${patch}/${PATCHES}] a: change ${patch}`;
  const head = `From: Ann <ann@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nSubject: ${isPatch ? subject : `Re: ${subject}`}\nMessage-ID: <${number}@example.org>\n${isPatch ? '' : `In-Reply-To: <${patch - 1}@example.org>\n`}`;
  const body = isPatch
    ? `Why.\n---\n f${patch}.c | 1 +\n\ndiff --git a/f${patch}.c b/f${patch}.c\n--- a/f${patch}.c\n+++ b/f${patch}.c\n@@ -1,2 +1,3 @@\n first\n+\tadded(${patch});\n last\n-- \n2.39.5\n`
    : `${'> a line of what was written before, about the thing that it is about here\n'.repeat(60)}Looks good.\n`;
  return `From mboxrd@z Thu Jan  1 00:00:00 1970\n${route}${head}\n${body}\n`;
}
