// SPDX-License-Identifier: MIT
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** The SSH keys of one run. */
export interface RunKeys {
  /** For our client, in OpenSSH's format. */
  readonly clientPrivateKey: string;
  /** A line of `authorized_keys`. */
  readonly clientPublicLine: string;
  /** In dropbear's format. */
  readonly hostPrivateKey: Uint8Array;
  /** Base64 of the host's public key in SSH wire form. */
  readonly hostPublicKey: string;
}

const TYPE = 'ssh-ed25519';

/** Makes an ed25519 key pair for the client and one for the host. */
export function makeKeys(): RunKeys {
  const client = makePair();
  const host = makePair();
  return {
    clientPrivateKey: formatOpenSsh(client),
    clientPublicLine: `${TYPE} ${wirePublic(client.public).toString('base64')} ktrial`,
    // dropbear: the type's name, then seed and public key as one string of 64 bytes.
    hostPrivateKey: Buffer.concat([wireString(TYPE), wireString(Buffer.concat([host.seed, host.public]))]),
    hostPublicKey: wirePublic(host.public).toString('base64'),
  };
}

interface Pair {
  readonly seed: Buffer;
  readonly public: Buffer;
}

function makePair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const part = (key: KeyObject, name: 'd' | 'x') =>
    Buffer.from(key.export({ format: 'jwk' })[name] ?? '', 'base64url');
  return { seed: part(privateKey, 'd'), public: part(publicKey, 'x') };
}

/** RFC 4251: a length of four bytes, then the bytes. */
function wireString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function wirePublic(key: Uint8Array): Buffer {
  return Buffer.concat([wireString(TYPE), wireString(key)]);
}

/** OpenSSH's unencrypted format (PROTOCOL.key). */
function formatOpenSsh(pair: Pair): string {
  const check = Buffer.alloc(8, 7); // two equal check words
  const inner = Buffer.concat([
    check,
    wirePublic(pair.public),
    wireString(Buffer.concat([pair.seed, pair.public])),
    wireString('ktrial'),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    wireString('none'),
    wireString('none'),
    wireString(''),
    count,
    wireString(wirePublic(pair.public)),
    wireString(Buffer.concat([inner, padding])),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
