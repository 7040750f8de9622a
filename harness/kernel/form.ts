// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** A text of a document in a form that cannot be mistaken for an option, another path or a further line. */
export function formed(pattern: RegExp, expected: string) {
  return z.string().regex(pattern, {
    error: (issue) => `got ${JSON.stringify(String(issue.input).slice(0, 80))}, expected ${expected}`,
  });
}

/** A path: no control characters, and no longer than the operating system takes. */
export function pathText(what: string) {
  return formed(/^(?!\s)[^\p{Cc}\u2028\u2029]{1,4000}(?<!\s)$/u, `${what}: a path`);
}

/** The addresses that tarballs are fetched from. */
const WEB_ADDRESS = /^https?:\/\/[^\s/?#@]+(?:[/?#]|$)/i;

/** Addresses of git repositories: with a scheme, or `user@host:path`. */
const GIT_SCHEMES = /^(?:https?|git|ssh|file):\/\/\S+$/i;
const GIT_HOST = /^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:(?!-)\S+$/;

/** Whether the text names a repository by its address and not by a path. */
export function isGitAddress(text: string): boolean {
  return GIT_SCHEMES.test(text) || GIT_HOST.test(text);
}

/** A scheme, or the helper of `helper::address`. */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/|:)/;

/** Whether the text is a path, or an address of a known form. */
export function isRepository(text: string): boolean {
  if (isGitAddress(text)) return true;
  return isPath(text) && !SCHEME.test(text) && !/^[^/]*@[^/]*:/.test(text);
}

/** Whether a tarball is fetched from the web, and is not a file. */
export function isTarballAddress(location: string): boolean {
  return WEB_ADDRESS.test(location);
}

/** Whether the text is a path, or a web address. */
export function isTarballLocation(text: string): boolean {
  if (isTarballAddress(text)) return URL.canParse(text) && !/[\s\p{Cc}]/u.test(text);
  return isPath(text) && !SCHEME.test(text);
}

function isPath(text: string): boolean {
  return /^(?![\s-])[^\p{Cc}\u2028\u2029]{1,4000}(?<!\s)$/u.test(text);
}

/** Whether git accepts the text as the name of a branch or tag (git-check-ref-format(1)), or as a commit. */
export function isRefName(text: string): boolean {
  return (
    text.length <= 200 &&
    /^[^\s~^:?*[\\\p{Cc}\p{Cf}@+./-][^\s~^:?*[\\\p{Cc}\p{Cf}]*$/u.test(text) &&
    !/\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$/.test(text)
  );
}
