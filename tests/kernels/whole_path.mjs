// Simulates a cohort: node whole_path.mjs MODULE INPUTS OUTPUT, where OUTPUT receives every column of the tables and of
// the labels, each as its type and its bytes in base64; or the kind of an error and its message.
import { readFileSync, writeFileSync } from "node:fs";

import { ModelError, simulate, withSeed } from "../../sim/nephrosyn/kernels/model.mjs";

const [module, inputs, output] = process.argv.slice(2);
const { seed_later: seed, ...given } = JSON.parse(readFileSync(inputs));

function written(column) {
  if (Array.isArray(column)) return column;
  return { type: column.constructor.name, data: Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString("base64") };
}

const ofTable = (table) => Object.fromEntries(Object.entries(table).map(([name, column]) => [name, written(column)]));

try {
  const { tables, labels } = await simulate(readFileSync(module), seed ? withSeed(given, seed) : given);
  const all = Object.entries({ ...tables, labels }).map(([name, table]) => [name, ofTable(table)]);
  writeFileSync(output, JSON.stringify(Object.fromEntries(all)));
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  writeFileSync(output, JSON.stringify({ kind: error.kind, message: error.message }));
}
