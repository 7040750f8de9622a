// SPDX-License-Identifier: MIT
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import t from 'tap';
import { makeKeys } from './keys.ts';

t.test('an SSH client accepts the private key, and the public line belongs to the same pair', async (t) => {
  const keys = makeKeys();
  const secret = ssh2.utils.parseKey(keys.clientPrivateKey) as ParsedKey;
  const line = ssh2.utils.parseKey(keys.clientPublicLine) as ParsedKey;
  t.equal(secret.type, 'ssh-ed25519');
  t.strictSame(secret.getPublicSSH(), line.getPublicSSH());
  const signature = secret.sign('words') as Buffer;
  t.ok(line.verify('words', signature));
});

t.test(
  'the host key is in dropbear’s format: its type, then seed and public key in one string',
  async (t) => {
    const keys = makeKeys();
    const file = Buffer.from(keys.hostPrivateKey);
    t.equal(file.length, 4 + 11 + 4 + 64);
    t.equal(file.subarray(4, 15).toString(), 'ssh-ed25519');
    t.equal(file.readUInt32BE(15), 64);
    const seed = file.subarray(19, 51);
    const publicBytes = file.subarray(51);
    t.strictSame(Buffer.from(keys.hostPublicKey, 'base64').subarray(-32), publicBytes, 'the key that we pin');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicBytes.toString('base64url') };
    const signature = sign(
      null,
      Buffer.from('words'),
      createPrivateKey({ key: { ...jwk, d: seed.toString('base64url') }, format: 'jwk' }),
    );
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    t.ok(verify(null, Buffer.from('words'), publicKey, signature), 'both halves belong to one pair');
  },
);

t.test('two runs have no key in common', async (t) => {
  const [one, other] = [makeKeys(), makeKeys()];
  t.not(one.clientPrivateKey, other.clientPrivateKey);
  t.not(one.hostPublicKey, other.hostPublicKey);
});
