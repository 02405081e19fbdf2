// Prints how many results of exp, log and pow differ from those given, and the largest difference in units of the last
// place: node mathematics.mjs FILE, where FILE holds rows of x, exp x, u, log u, b, y, b^y as numbers of 64 bits.
import { readFileSync } from "node:fs";

import { exp, log, pow } from "../../sim/nephrosyn/kernels/mathematics.mjs";

const COLUMNS = 7;
const bytes = readFileSync(process.argv[2]);
const given = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const different = [0, 0, 0];
let worst = 0;
for (let i = 0; i < given.length; i += COLUMNS) {
  const [x, ofExp, u, ofLog, b, y, ofPow] = given.subarray(i, i + COLUMNS);
  [[exp(x), ofExp], [log(u), ofLog], [pow(b, y), ofPow]].forEach(([ours, its], k) => {
    if (ours === its) return;
    different[k] += 1;
    worst = Math.max(worst, Math.abs(ours / its - 1) * 2 ** 52);
  });
}
console.log(JSON.stringify([...different, worst]));
