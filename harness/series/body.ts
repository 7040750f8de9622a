// SPDX-License-Identifier: MIT
import type { Limits } from '../model/index.ts';
import { findDamage } from './damage.ts';
import { hasDiff } from './diff.ts';
import type { Entity } from './header.ts';
import { type Leaf, listLeaves } from './mime.ts';

/** The text of a mail: message and diff. */
export interface Body {
  /** Without transfer encoding, in the charset that the mail names. */
  readonly bytes: Buffer;
  readonly charset: string | null;
  readonly isHtml: boolean;
  /** What was undone, each a sentence without its subject, the mail. */
  readonly repairs: readonly string[];
}

const SIGNED =
  /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]+: .*\n)*\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----\n[\s\S]*?(?:-----END PGP SIGNATURE-----(?:\n|$)|$)/m;

/**
 * Puts together what a mail says as text: its plain part, and parts with a diff behind it. What a mail program did and can be
 * undone for certain is undone: `format=flowed`, and the escapes of a PGP signature.
 */
export function readBody(entity: Entity, name: string, limits: Limits): Body {
  const leaves = listLeaves(entity, name, limits);
  const [only] = leaves;
  if (only && leaves.length === 1) return { ...mend(only), charset: only.charset, isHtml: isHtml(only) };
  const texts = leaves
    .map((leaf) => ({ ...mend(leaf), leaf }))
    .map((one) => ({ ...one, isDiff: !isHtml(one.leaf) && hasDiff(one.bytes) }));
  const first = texts.findIndex((one) => one.isDiff);
  // What follows the diff without being one is a footer of the mailing list or a signature.
  const kept = texts.filter(
    ({ isDiff, leaf }, index) => isDiff || (leaf.type.startsWith('text/') && (first === -1 || index < first)),
  );
  const pieces = kept.map(({ bytes }) =>
    bytes.length === 0 || bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from('\n')]),
  );
  return {
    bytes: Buffer.concat(pieces),
    charset: kept[0]?.leaf.charset ?? null,
    isHtml: kept.length > 0 && kept.every(({ leaf }) => isHtml(leaf)),
    repairs: kept.flatMap(({ repairs }) => repairs),
  };
}

function isHtml(leaf: Leaf): boolean {
  return leaf.type === 'text/html';
}

function mend(leaf: Leaf): { readonly bytes: Buffer; readonly repairs: readonly string[] } {
  const written = leaf.read();
  const repairs: string[] = [];
  let bytes = written;
  if (leaf.isFlowed) {
    const text = written.toString('latin1').replaceAll('\r\n', '\n');
    const joined = joinFlowed(text, leaf.hasDelSp);
    // Some mail programs name the form and do not write it.
    const isFalse = hasDiff(written) && findDamage(joined) !== null && findDamage(text) === null;
    bytes = Buffer.from(isFalse ? text : joined, 'latin1');
    if (isFalse) repairs.push('is marked as format=flowed and is not: its lines were taken as they are');
  }
  if (!bytes.includes('-----BEGIN PGP SIGNED MESSAGE-----')) return { bytes, repairs };
  const signed = bytes.toString('latin1').replaceAll('\r\n', '\n');
  const plain = signed.replace(SIGNED, (_, text: string) => `${text.replace(/^- /gm, '')}\n`);
  return plain === signed
    ? { bytes, repairs }
    : {
        bytes: Buffer.from(plain, 'latin1'),
        repairs: [...repairs, 'was inside a PGP signature, which was removed and not checked'],
      };
}

/** Joins the lines of `format=flowed` text (RFC 3676). */
function joinFlowed(text: string, hasDelSp: boolean): string {
  const joined: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    if (line === '-- ') {
      joined.push(...(open === '' ? [] : [open]), line);
      open = '';
      continue;
    }
    const bare = line.startsWith(' ') ? line.slice(1) : line;
    if (bare.endsWith(' ')) open += hasDelSp ? bare.slice(0, -1) : bare;
    else {
      joined.push(open + bare);
      open = '';
    }
  }
  return [...joined, ...(open === '' ? [] : [open])].join('\n');
}
