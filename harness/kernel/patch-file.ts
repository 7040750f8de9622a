// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { listInput, lookAtInput, makeScratch, readInput, runGit, tail } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits } from '../model/index.ts';

/** How patches of a definition are read. */
export interface PatchFileOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files that hold mails with patches, for `git am`. */
const PATCH = /\.(?:patch|mbox|eml)$/;
/** Files that hold patches in a form that is not read. */
const OTHER_PATCH =
  /\.(?:diff|(?:patch|diff|mbox|eml)\.(?:gz|xz|bz2|zst|zip)|(?:mbox|patches?)\.tar(?:\.\w+)?)$/;

/**
 * The patch files that an entry of a definition names: itself, or those in a directory, in order. Faults: those of
 * `readInput`, and `KERNEL_NO_PATCHES` for a directory without any or with some in a form that is not read.
 */
export async function expandPatches(path: string): Promise<string[]> {
  if ((await lookAtInput(path, 'patch')) !== 'directory') return [path];
  const names = await listInput(path, 'directory of patches');
  const found = names.filter((name) => PATCH.test(name));
  const others = names.filter((name) => OTHER_PATCH.test(name));
  if (found.length > 0 && others.length === 0) return found.map((name) => join(path, name));
  const has = others.length > 0 ? others : names;
  const seen = has.length === 0 ? 'nothing' : `${has.slice(0, 5).join(', ')}${has.length > 5 ? ', …' : ''}`;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_PATCHES',
    message:
      found.length === 0
        ? `the directory ${path} holds no patch: got ${seen}, expected *.patch, *.mbox or *.eml`
        : `the directory ${path} holds patches that are not read: ${seen}`,
    next: 'make the files with git format-patch, unpack them, or move others elsewhere',
  });
}

/**
 * Checks that a file holds mails with patches that git can read. Faults: those of `readInput`, and `KERNEL_BAD_PATCH`, all
 * of the request.
 */
export async function requirePatch(path: string, options: PatchFileOptions = {}): Promise<void> {
  const { limits = DEFAULT_LIMITS, signal } = options;
  const bytes = await readInput(path, {
    what: 'patch',
    limitBytes: limits['patch-mib'] * 1024 * 1024,
    raise: `--limit patch-mib=${2 * limits['patch-mib']}`,
    signal,
  });
  const form = describeForm(bytes);
  if (form !== null) throw badPatch(path, form);
  const text = bytes.toString('latin1');
  const mails = /^content-transfer-encoding:\s*(?:base64|quoted-printable)/im.test(text)
    ? await decodeMails(bytes, signal)
    : [bytes];
  for (const mail of mails) {
    const { exitCode, stderr } = await runGit(['apply', '--numstat'], { input: mail, accept: 'any', signal });
    if (exitCode === 0) continue;
    const words = tail(stderr, 5).filter((line) => line !== '');
    throw badPatch(
      path,
      /No valid patches/.test(stderr) ? 'it holds no diff' : 'git cannot read its diff',
      words,
    );
  }
}

/** What the content is instead of mails; null for mails. */
function describeForm(bytes: Buffer): string | null {
  if (bytes.length === 0) return 'it is empty';
  const head = bytes.subarray(0, 4).toString('hex');
  if (/^(?:1f8b|fd377a58|425a68|28b52ffd|504b)/.test(head)) return 'it is compressed';
  if (bytes.includes(0)) return 'it is no text';
  const text = bytes.toString('utf8').trimStart();
  if (text === '') return 'it is empty';
  if (/^(?:From |[!-9;-~]+:)/.test(text)) return null;
  return /^(?:diff |--- |Index: )/m.test(text)
    ? 'it is a diff without the headers of a mail'
    : 'it is no mail with a patch';
}

/** The diffs of mails whose content is encoded for its way through the mail. */
async function decodeMails(bytes: Buffer, signal: AbortSignal | undefined): Promise<Buffer[]> {
  await using scratch = await makeScratch('patch');
  await runGit(['mailsplit', '-b', `-o${scratch.path}`], { input: bytes, signal });
  const diffs: Buffer[] = [];
  for (const name of await listInput(scratch.path, 'directory')) {
    const read = (path: string) => readInput(path, { what: 'mail', limitBytes: 2 ** 30, raise: '', signal });
    const patch = join(scratch.path, `${basename(name)}.diff`);
    await runGit(['mailinfo', '-b', join(scratch.path, 'message'), patch], {
      input: await read(join(scratch.path, name)),
      accept: 'any',
      signal,
    });
    diffs.push(await read(patch));
  }
  return diffs;
}

function badPatch(path: string, why: string, details: readonly string[] = []): Fault {
  return new Fault({
    blame: 'request',
    code: 'KERNEL_BAD_PATCH',
    message: `${path} is not a patch for git am: ${why}`,
    next: 'make it with git format-patch',
    details,
  });
}
