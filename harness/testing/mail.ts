// SPDX-License-Identifier: MIT
import { isFault } from '../model/index.ts';

/** A diff of one line of a file that has the lines `first` and `old`. */
export function aDiff(name = 'file.c', line = 'new'): string {
  return `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -1,2 +1,2 @@\n first\n-old\n+${line}\n`;
}

export interface MailParts {
  readonly subject: string;
  readonly date?: string | null;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** The line before a mail in the output of `git format-patch`. */
export const ENVELOPE = 'From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001';

/** A mail as text, with its `From ` line. Without a body it is a patch. */
export function aMail({
  subject,
  date = 'Mon, 1 Jan 2024 10:00:00 +0000',
  headers = [],
  body,
}: MailParts): string {
  const dated = date === null ? [] : [`Date: ${date}`];
  const head = ['From: Ann Example <ann@example.org>', ...dated, `Subject: ${subject}`, ...headers];
  return `${ENVELOPE}\n${head.join('\n')}\n\n${body ?? `Why.\n---\n file.c | 2 +-\n\n${aDiff()}--\n2.39.5\n`}\n`;
}

/** The Fault with which work ends. Anything else that it ends with is thrown. */
export async function faultOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    (value) => new Error(`got ${JSON.stringify(value)?.slice(0, 500)}, expected a Fault`),
    (thrown: unknown) => thrown,
  );
  if (!isFault(error)) throw error;
  return error;
}
