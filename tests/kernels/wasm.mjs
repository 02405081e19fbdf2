// Calls entry points as WebAssembly: node wasm.mjs MODULE FOLDER, where each FOLDER/N.json names the entry point, the size
// of the image of its arguments FOLDER/N.in, and the words of the image that are addresses in it. Writes FOLDER/N.out.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

import { erfc, exp, log, pow } from "../../sim/nephrosyn/kernels/mathematics.mjs";

const [module, folder] = process.argv.slice(2);

const code = new WebAssembly.Module(readFileSync(module));
const memory = new WebAssembly.Memory({ initial: 64 });
const instance = new WebAssembly.Instance(code, { env: { memory, erfc, exp, log, log1p: Math.log1p, pow, sqrt: Math.sqrt } });
const base = (instance.exports.__heap_base.value + 63) & ~63;

for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
  const { symbol, bytes, addresses } = JSON.parse(readFileSync(`${folder}/${name}`));
  const lacking = base + bytes - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / 65536));
  const image = new Uint8Array(memory.buffer, base, bytes);
  image.set(readFileSync(`${folder}/${name.replace(".json", ".in")}`));
  const words = new BigInt64Array(memory.buffer, base, Math.floor(bytes / 8));
  for (const place of addresses) words[place] += BigInt(base);
  const status = instance.exports[symbol](base);
  if (status !== 0 && status !== -2) throw new Error(`${symbol}: ${status}`);
  writeFileSync(`${folder}/${name.replace(".json", ".out")}`, image);
}
