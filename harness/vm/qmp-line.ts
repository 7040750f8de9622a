// SPDX-License-Identifier: MIT

/** An event that QEMU sends unasked, such as `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One message of QEMU's monitor. `other`: well formed and none of ours. */
export type QmpMessage =
  | { readonly kind: 'greeting' }
  | ({ readonly kind: 'event' } & QmpEvent)
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly description: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'malformed'; readonly why: string };

/** How much of QEMU's words goes into a message. */
const QUOTED = 500;

/** Reads one line of QEMU's monitor (QMP). Total: what is no message is `malformed`. Pure. */
export function parseQmpLine(line: string): QmpMessage {
  const message = parseObject(line);
  if (message === null) return { kind: 'malformed', why: JSON.stringify(line.slice(0, 80)) };
  if (Object.hasOwn(message, 'QMP')) return { kind: 'greeting' };
  const { event, id } = message;
  if (typeof event === 'string') return { kind: 'event', event, data: asObject(message.data) ?? {} };
  if (typeof id !== 'number') return { kind: 'other' };
  if (Object.hasOwn(message, 'error')) {
    const { desc } = asObject(message.error) ?? {};
    const description = typeof desc === 'string' ? desc.slice(0, QUOTED) : 'no reason given';
    return { kind: 'error', id, description };
  }
  return Object.hasOwn(message, 'return') ? { kind: 'return', id, value: message.return } : { kind: 'other' };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
