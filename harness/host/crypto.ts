// SPDX-License-Identifier: MIT
import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Node's cryptography. To load it takes as long as a quarter of a small command, and most of these need none. */
export function crypto(): typeof Crypto {
  return require('node:crypto') as typeof Crypto;
}
