// SPDX-License-Identifier: MIT
import type { Source } from '../document/index.ts';
import { Fault, isFault } from '../model/index.ts';

/** Runs checks of the files that documents name; throws what they found at the end, all in one Fault. */
export function collectFaults() {
  const found: Fault[] = [];
  return {
    async try(
      source: Source,
      path: readonly (string | number)[],
      check: () => Promise<unknown>,
    ): Promise<void> {
      try {
        await check();
      } catch (cause) {
        if (!isFault(cause) || cause.blame !== 'request' || cause.code === 'HOST_INTERRUPTED') throw cause;
        found.push(placeFault(cause, source.span(path)));
      }
    },
    finish(): void {
      const [first, ...others] = found;
      if (!first) return;
      if (others.length === 0) throw first;
      throw new Fault({
        ...optionsOf(first),
        message: `${first.message} (and ${others.length} more)`,
        details: found.flatMap((one) => [one.message, ...one.details.map((line) => `  ${line}`)]),
      });
    },
  };
}

/** A Fault about a file with the place in the document that names the file. */
function placeFault(fault: Fault, span: NonNullable<Fault['span']>): Fault {
  return new Fault({
    ...optionsOf(fault),
    message: `${span.file}:${span.line}: ${fault.message}`,
    span: fault.span ?? span,
  });
}

function optionsOf({ blame, code, message, next, details, span, cause }: Fault) {
  return {
    blame,
    code,
    message,
    details,
    cause,
    ...(next === undefined ? {} : { next }),
    ...(span === undefined ? {} : { span }),
  };
}
