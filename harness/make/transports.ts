// SPDX-License-Identifier: MIT
import { CARRIAGES, judgeCarriage, readGoldenLogs, readPlain } from '../testing/index.ts';

/**
 * Sends every golden log in every way in which logs reach people, and prints how often it is still read rightly. Usage:
 * transports.js [WORD of a way’s name…]. Exit code 1 when a wrong name was read.
 */

const words = process.argv.slice(2);
const logs = readGoldenLogs();
const plain = new Map([...logs].map(([name, log]) => [name, readPlain(log)]));
const chosen = CARRIAGES.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const explained: string[] = [];
let wrong = 0;
process.stdout.write(`${'way'.padEnd(34)}${'same'.padStart(6)}${'torn'.padStart(6)}${'wrong'.padStart(7)}\n`);
for (const carriage of chosen) {
  const counts = { same: 0, torn: 0, wrong: 0 };
  for (const [name, log] of logs) {
    const result = judgeCarriage(carriage, name, log, plain.get(name));
    counts[result.verdict] += 1;
    if (result.verdict !== 'same' && (words.length > 0 || result.verdict === 'wrong'))
      explained.push(`${result.verdict}: ${carriage.name}, ${name}: ${result.words}`);
  }
  wrong += counts.wrong;
  process.stdout.write(
    `${carriage.name.padEnd(34)}${String(counts.same).padStart(6)}${String(counts.torn).padStart(6)}${String(counts.wrong).padStart(7)}\n`,
  );
}
process.stdout.write(`${logs.size} logs\n${explained.map((line) => `${line}\n`).join('')}`);
process.exitCode = wrong === 0 ? 0 : 1;
