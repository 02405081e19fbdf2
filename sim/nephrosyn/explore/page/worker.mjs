// The worker of the page: it holds the model and answers requests.
import { Model } from "./model_with_changes.mjs";

/** @type {Model|null} */
let model = null;

/**
 * The bytes of a text in base64 that was compressed by gzip.
 *
 * @param {string} text
 */
async function unzipped(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

/** @param {any} request */
async function answer(request) {
  if (request.kind === "start") {
    const engine = JSON.parse(new TextDecoder().decode(await unzipped(request.engine)));
    model = await Model.open(await unzipped(request.wasm), engine);
    return {};
  }
  if (!model) throw new Error("the model has not been started");
  if (request.kind === "simulate") return model.simulate(request.settings, request.patients, request.set, request.thresholds);
  if (request.kind === "judge") return model.judge(request.set, request.thresholds);
  throw new Error(`unknown request: ${request.kind}`);
}

/**
 * The buffers of all columns, which are handed over and not copied.
 *
 * @param {any} value
 * @param {Set<ArrayBuffer>} buffers
 */
function buffersOf(value, buffers = new Set()) {
  if (ArrayBuffer.isView(value)) buffers.add(/** @type {ArrayBuffer} */ (value.buffer));
  else if (value && typeof value === "object" && !Array.isArray(value)) Object.values(value).forEach((each) => buffersOf(each, buffers));
  return buffers;
}

globalThis.onmessage = async ({ data }) => {
  try {
    const result = await answer(data);
    postMessage({ id: data.id, ...result }, { transfer: [...buffersOf(result)] });
  } catch (error) {
    const { kind = "code", message } = /** @type {any} */ (error);
    postMessage({ id: data.id, error: { kind, message } });
  }
};
