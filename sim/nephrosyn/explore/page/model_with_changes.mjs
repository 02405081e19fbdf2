// The model of a scenario with the changes that the page offers: each is a few cells of the inputs.
import { arrayBytes, bytesOf } from "../../kernels/arena.mjs";
import { cohort, Machine, ModelError } from "../../kernels/model.mjs";
import { classify } from "../../kernels/verdicts.mjs";

/**
 * @typedef {object} Change - of one leaf of the inputs
 * @property {string[]} at - keys from the top
 * @property {any} [value] - the new value; or
 * @property {[number, string][]} [cells] - offset in bytes and bytes in base64 of the cells that differ
 */

/** Arrays as bytes, once for all runs. @param {any} value @returns {any} */
export function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  if ("data" in value && "dtype" in value) return { dtype: value.dtype, shape: value.shape, bytes: arrayBytes(value) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpacked(item)]));
}

/**
 * The inputs with some changes; what does not change is shared.
 *
 * @param {any} inputs - unpacked
 * @param {Change[]} changes
 */
export function changed(inputs, changes) {
  let result = inputs;
  for (const change of changes) result = replaced(result, change.at, change);
  return result;
}

/**
 * @param {any} tree
 * @param {string[]} at
 * @param {Change} change
 * @returns {any}
 */
function replaced(tree, at, change) {
  if (!at.length) return leaf(tree, change);
  const [key, ...rest] = at;
  const copy = Array.isArray(tree) ? [...tree] : { ...tree };
  copy[key] = replaced(tree[key], rest, change);
  return copy;
}

/**
 * @param {any} value
 * @param {Change} change
 */
function leaf(value, { value: given, cells }) {
  if (!cells) return unpacked(given);
  const bytes = value.bytes.slice();
  for (const [offset, data] of cells) bytes.set(bytesOf(data), offset);
  return { ...value, bytes };
}

export class Model {
  /**
   * @param {Machine} machine
   * @param {any} engine
   */
  constructor(machine, engine) {
    this.machine = machine;
    this.inputs = unpacked(engine.inputs);
    this.settings = engine.settings;
    this.sets = unpacked(engine.sets);
    /** @type {any} the cohort that was simulated last */
    this.run = null;
    this.end = 0;
  }

  /**
   * @param {BufferSource} wasm
   * @param {any} engine - inputs, changes of settings, rules of sets and their changes
   */
  static async open(wasm, engine) {
    return new Model(await Machine.started(wasm), engine);
  }

  /**
   * Simulate patients under some settings, and judge them.
   *
   * @param {Record<string, number>} settings - place of the value of each setting that is changed
   * @param {number} patients
   * @param {string|null} [name] - the set to judge by; all sets of the page without it
   * @param {Record<string, number>} [thresholds] - place of the value of each threshold of the set that is changed
   */
  async simulate(settings, patients, name = null, thresholds = {}) {
    const changes = Object.entries(settings).flatMap(([id, place]) => valuesOf(this.settings, id, "setting")[place]);
    this.run = await cohort(this.machine, { ...changed(this.inputs, changes), patients });
    const tables = this.run.tables();
    this.end = this.run.arena.end;
    return { tables, ...(name === null ? classify(this.run) : this.judge(name, thresholds)) };
  }

  /**
   * Judge the cohort that was simulated last by one set.
   *
   * @param {string} name - of the set
   * @param {Record<string, number>} thresholds - place of the value of each threshold that is changed
   */
  judge(name, thresholds) {
    if (!this.run) throw new ModelError("inputs", "no cohort has been simulated");
    const set = this.sets.find((/** @type {any} */ each) => each.name === name);
    if (!set) throw new ModelError("inputs", `no definition set ${name}`);
    const changes = Object.entries(thresholds).flatMap(([id, place]) => valuesOf(set.changes, id, "threshold")[place]);
    const { rules } = changed({ rules: set.rules }, changes);
    const { criteria } = this.inputs;
    const definition = criteria.sets.find((/** @type {any} */ each) => each.name === name);
    this.run.arena.release(this.end); // what an earlier call has written is not needed any more
    return classify(this.run, { ...criteria, rules, order: set.order, sets: [definition] });
  }
}

/** @param {any} table @param {string} id @param {string} what */
function valuesOf(table, id, what) {
  if (!(id in table)) throw new ModelError("inputs", `no ${what} ${id}`);
  return table[id];
}
