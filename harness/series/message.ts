// SPDX-License-Identifier: MIT

/** What a subject's bracketed prefix says. */
export interface SubjectMark {
  /** Subject without prefix. */
  readonly subject: string;
  readonly version: number;
  /** `n` of `n/m`, or null where there is none. */
  readonly number: number | null;
  readonly total: number | null;
  readonly isPatch: boolean;
}

/** Reads `[RFC PATCH net-next v3 02/10] subject` in all its usual spellings. */
export function parseSubject(raw: string): SubjectMark {
  let rest = raw.replace(/\s+/g, ' ').trim();
  let version = 1;
  let number: number | null = null;
  let total: number | null = null;
  let isPatch = false;
  for (let match = /^\[([^\]]*)\]\s*/.exec(rest); match; match = /^\[([^\]]*)\]\s*/.exec(rest)) {
    const words = match[1] ?? '';
    if (/\bPATCH/i.test(words) || /\bRFC\b/i.test(words)) isPatch = true;
    const versionMatch = /(?:PATCH|RFC)?[\s,]*\bv(\d+)\b|PATCHv(\d+)|RFCv(\d+)/i.exec(words);
    if (versionMatch) version = Number(versionMatch[1] ?? versionMatch[2] ?? versionMatch[3]);
    const count = /(\d+)\s*\/\s*(\d+)/.exec(words);
    if (count) {
      number = Number(count[1]);
      total = Number(count[2]);
      isPatch = true;
    }
    rest = rest.slice(match[0].length);
  }
  return { subject: rest, version, number, total, isPatch };
}

/** One mail of a mailbox, as git and the MIME reader see it. */
export interface Message {
  /** Position in the mailbox, from 0. */
  readonly position: number;
  readonly rawSubject: string;
  readonly mark: SubjectMark;
  readonly author: string;
  readonly messageId: string | null;
  /** Text above the diff. */
  readonly body: string;
  /** The diff, empty where the mail has none. */
  readonly diff: string;
  /** A mail that `git am` takes as it is. */
  readonly mail: string;
}

/** Whether a mail is an answer to another and no patch itself. */
export function isReply(message: Message): boolean {
  return /^\s*(re|aw|sv|antw)\s*:/i.test(message.rawSubject);
}

/** Files that a diff names, as they are called after it; a deleted file by its old name. */
export function filesOfDiff(diff: string): string[] {
  const files = new Set<string>();
  for (const match of diff.matchAll(/^--- (.*)\n\+\+\+ (.*)$/gm)) {
    const after = stripName(match[2] ?? '');
    const before = stripName(match[1] ?? '');
    files.add(after === '/dev/null' ? before : after);
  }
  for (const match of diff.matchAll(/^rename to (.*)$/gm)) files.add(match[1] ?? '');
  return [...files].filter((name) => name !== '' && name !== '/dev/null');
}

function stripName(name: string): string {
  return name.replace(/\t.*$/, '').replace(/^"(.*)"$/, '$1').replace(/^[ab]\//, '');
}
