// SPDX-License-Identifier: MIT

/** The longest name of an SSH server with its line feed, and the longest packet that each side must accept (RFC 4253, 4.2 and 6.1). */
const LONGEST_NAME = 255;
const LONGEST_PACKET = 35_000;

/**
 * Looks at what an SSH server has sent first: a line with its name, then a packet with its algorithms. `whole`: both are
 * there; `partial`: more must come; `malformed`: no SSH server begins so. Total. Pure.
 */
export function parseGreeting(received: Buffer): 'whole' | 'partial' | 'malformed' {
  const line = received.subarray(0, LONGEST_NAME).indexOf('\n') + 1;
  if (line === 0) return received.length < LONGEST_NAME ? 'partial' : 'malformed';
  if (!received.subarray(0, line).toString('latin1').startsWith('SSH-2.0-')) return 'malformed';
  if (received.length < line + 4) return 'partial';
  const length = received.readUInt32BE(line);
  if (length > LONGEST_PACKET) return 'malformed';
  return received.length >= line + 4 + length ? 'whole' : 'partial';
}
