// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';
import { OPTIONAL_KIND_NAMES, type OptionalKind } from '../splat/index.ts';

/** Reads kinds that count only when they are named, parted by commas. Fault `SCAN_NO_KIND` (request). */
export function parseOptionalKinds(also: string | undefined): readonly OptionalKind[] {
  if (also === undefined) return [];
  return also.split(',').map((word) => {
    const kind = OPTIONAL_KIND_NAMES.find((name) => name === word);
    if (kind) return kind;
    throw new Fault({
      blame: 'request',
      code: 'SCAN_NO_KIND',
      message: `there is no optional kind ${word === '' ? 'without a name' : word}`,
      next: `ktrial scan --also ${OPTIONAL_KIND_NAMES.join(',')}`,
    });
  });
}
