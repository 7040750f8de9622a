// SPDX-License-Identifier: MIT
/** The records of /dev/kmsg for the lines of a console that have a time stamp. */
export function recordsOf(console: string): string {
  const lines = [...console.matchAll(/^\[ *(\d+)\.(\d{6})\](?:\[ *([TC]\d+)\])? (.*?)\r?$/gm)];
  return lines
    .map(([, seconds, micros, caller, text], sequence) => {
      const context = caller === undefined ? '' : `,caller=${caller}`;
      return `6,${sequence},${Number(seconds) * 1e6 + Number(micros)},-${context};${text}\n`;
    })
    .join('');
}
