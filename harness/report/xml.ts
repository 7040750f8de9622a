// SPDX-License-Identifier: MIT
import { printable } from '../model/index.ts';

/** An element with child elements, or with text. */
export interface XmlElement {
  readonly name: string;
  /** Undefined ones are left out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly XmlElement[] | string;
}

export function element(
  name: string,
  attributes: XmlElement['attributes'],
  children: XmlElement['children'] = [],
): XmlElement {
  return { name, attributes, children };
}

/** Formats an XML 1.0 document. Characters that XML forbids become `?`, so that any text may be given. */
export function formatXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${formatElement(root, '')}`;
}

function formatElement({ name, attributes, children }: XmlElement, indent: string): string {
  const start = [
    name,
    ...Object.entries(attributes).flatMap(([key, value]) => formatAttribute(key, value)),
  ].join(' ');
  if (children.length === 0) return `${indent}<${start}/>\n`;
  if (typeof children === 'string')
    return `${indent}<${start}>${escapeXml(children.split('\n').map(printable).join('\n'))}</${name}>\n`;
  const inner = children.map((child) => formatElement(child, `${indent}  `)).join('');
  return `${indent}<${start}>\n${inner}${indent}</${name}>\n`;
}

function formatAttribute(key: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${key}="${escapeXml(printable(String(value)))}"`];
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
