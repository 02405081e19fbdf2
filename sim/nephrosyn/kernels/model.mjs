// The model in a page: patients, courses, chart and verdicts of a scenario, by the compiled code that Python runs.
//
//   import { simulate } from "./model.mjs";
//   const module = await WebAssembly.compileStreaming(fetch("kernels.wasm"));
//   const inputs = await (await fetch("baseline.json")).json();   // from nephrosyn.explore.model_inputs
//   const { tables, labels } = await simulate(module, { ...inputs, patients: 300, seed: "7" });
//
// A table is an object of columns, all of one length. Terms are codes: `inputs.terms` has the words. A missing term or
// truth value is 255, a missing day -2147483648, a missing number NaN.
import { Arena, Entries, ModelError, bytesOf, fieldsOf } from "./arena.mjs";
import { erfc, exp, log, pow } from "./mathematics.mjs";
import { classify } from "./verdicts.mjs";

export { ModelError } from "./arena.mjs";

export const NO_TERM = 255;
export const NO_DAY = -2147483648;

const FORMAT = 1;
const FIRST_PAGES = 64;
const LEAST_ROWS = 4096;
const ROWS_PER_PATIENT_YEAR = 180;

/**
 * Simulate a cohort.
 *
 * @param {WebAssembly.Module|BufferSource} wasm - the module, kernels/built_ahead/DIGEST.wasm
 * @param {any} inputs - from nephrosyn.explore.model_inputs; patients and first_patient may be changed, and seed and
 *   replicate by `withSeed`
 * @returns {Promise<{tables: object, labels: object}>} tables of the record, of the truth (truth/...) and traits, and the
 *   labels by all sets on both records
 * @throws {ModelError} if the inputs do not fit the module, memory is exhausted, or a course does not end
 */
export async function simulate(wasm, inputs) {
  if (inputs.format !== FORMAT) throw new ModelError("inputs", `inputs of format ${FORMAT} expected, not ${inputs.format}`);
  if (!(Number.isInteger(inputs.patients) && inputs.patients > 0)) {
    throw new ModelError("inputs", `patients: a whole number above 0 expected, not ${inputs.patients}`);
  }
  const run = await cohort(wasm, inputs);
  return { tables: run.tables(), labels: classify(run).labels };
}

/**
 * Simulate a cohort up to its chart.
 *
 * @param {WebAssembly.Module|BufferSource|Machine} wasm - a module, or a machine whose earlier cohort is not needed any more
 * @param {any} inputs
 * @returns {Promise<Run>} ready for `tables` and for `classify` of verdicts.mjs
 */
export async function cohort(wasm, inputs) {
  const machine = wasm instanceof Machine ? wasm : await Machine.started(wasm);
  const run = new Run(machine.cleared(), inputs);
  run.draw();
  run.play();
  run.write();
  return run;
}

/** Inputs with another seed or replicate. */
export function withSeed(inputs, seed, replicate = inputs.replicate) {
  const changed = structuredClone(inputs);
  [changed.seed, changed.replicate] = [String(seed), String(replicate)];
  [changed.chart[0], changed.chart[1]] = [changed.seed, changed.replicate];
  const parameters = changed.prepared[0];
  const bytes = bytesOf(parameters.data);
  const data = new DataView(bytes.buffer);
  const itemBytes = bytes.length / parameters.shape[0];
  for (const { name, offset } of fieldsOf(parameters.dtype)) {
    if (name !== "seed" && name !== "replicate") continue;
    for (let at = offset; at < bytes.length; at += itemBytes) data.setBigInt64(at, BigInt(changed[name]), true);
  }
  parameters.data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return changed;
}

/** Cells of the quantile table of a log-normal distribution, as scenario/schema/quantile_tables.py: a straight line. */
export function logNormalTable(median, logSd, { nodes, span, last_score: last }) {
  const cells = new Float64Array(nodes + 1);
  for (let k = 0; k < nodes; k++) {
    const score = Math.max(-last, Math.min((2 * span * k) / (nodes - 1) - span, last));
    cells[k] = log(median) + logSd * score;
  }
  cells[nodes] = 1;
  return cells;
}

/** A module with its memory, which can play one cohort after another: starting one takes longer than a small cohort. */
export class Machine {
  constructor(memory, exports) {
    if (!exports.__heap_base) throw new ModelError("module", "not a module of the model");
    this.memory = memory;
    this.exports = exports;
    this.arena = new Arena(memory, exports.__heap_base.value);
  }

  /**
   * @param {WebAssembly.Module|BufferSource} wasm
   * @returns {Promise<Machine>}
   */
  static async started(wasm) {
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES });
    const imports = { env: { memory, erfc, exp, log, log1p: Math.log1p, pow, sqrt: Math.sqrt } };
    try {
      const result = /** @type {any} */ (await WebAssembly.instantiate(wasm, imports));
      return new Machine(memory, (result.instance ?? result).exports);
    } catch (error) {
      if (error instanceof ModelError) throw error;
      throw new ModelError("module", `not a module of the model: ${/** @type {any} */ (error).message}`);
    }
  }

  /** The machine with empty memory. */
  cleared() {
    this.arena.release(this.exports.__heap_base.value);
    return this;
  }
}

class Run {
  constructor({ arena, exports }, inputs) {
    this.inputs = inputs;
    this.size = inputs.patients;
    /** @type {any} the traits of the patients, and the rows of their courses */
    this.traits = null;
    /** @type {any} */
    this.rows = null;
    /** @type {any} the true ratios of the segments */
    this.ratios = null;
    /** @type {Record<string, any>} columns of the patients, and of each table of the chart */
    this.people = {};
    /** @type {Record<string, any>} */
    this.chart = {};
    this.arena = arena;
    this.entries = new Entries(exports, arena, inputs);
  }

  /** An array of zeros of the type of an argument. */
  argument(name, place, ...shape) {
    return this.arena.array(this.entries.layout(name, place).dtype, ...shape);
  }

  draw() {
    const { inputs, arena } = this;
    this.traits = this.argument("draw", 4, this.size);
    const patients = arena.array("<i8", this.size);
    const numbers = arena.view(patients);
    for (let i = 0; i < this.size; i++) numbers[i] = BigInt(inputs.first_patient + i);
    this.entries.call("draw", inputs.seed, inputs.replicate, patients, arena.decoded(inputs.numbers), this.traits);
    this.weight = arena.array("<f8", this.size);
    this.height = arena.array("<f8", this.size);
    this.entries.call("bodies", this.traits, arena.decoded(inputs.growth), this.weight, this.height);
  }

  /** Play all courses; a full log is copied into a longer one, and the first patient who is not done goes on. */
  play() {
    const { inputs, arena, size } = this;
    const { all_visits: visits, clock_columns: columns, log_full: full, too_many_events: tooMany } = inputs.codes;
    const prepared = arena.decoded(inputs.prepared);
    const [rowType, countType] = this.entries.layout("advance", 7).map((layout) => layout.dtype);
    const states = this.argument("advance", 4, size);
    const room = arena.array("<f8", size, 4, columns);
    let rows = arena.array(rowType, LEAST_ROWS + Math.ceil(size * inputs.follow_up_years * ROWS_PER_PATIENT_YEAR));
    const written = arena.array(countType, 1);
    let first = 0;
    for (;;) {
      const due = this.entries.call("advance", first, size, visits, this.traits, states, room, prepared, [rows, written]);
      if (due !== full && due !== tooMany) break;
      first = arena.column(states, "over").findIndex((over) => Number(over) === 0);
      if (due === tooMany) throw new ModelError("events", `patient ${inputs.first_patient + first} has more events than a sound scenario gives`);
      const longer = arena.array(rowType, rows.shape[0] + Math.ceil(rows.shape[0] / 2));
      arena.view(longer).set(arena.view(rows));
      rows = longer;
    }
    this.rows = { ...rows, shape: [Number(arena.view(written)[0])] };
  }

  /** Write the chart: `this.people` has an array for each name, `this.chart` such an object for each table. */
  write() {
    const { inputs, arena } = this;
    const { people, chart } = inputs.columns;
    this.people = this.columns(people, this.entries.layout("survey", 2), this.size);
    const counts = this.argument("survey", 3, chart.length);
    const first = inputs.first_patient;
    this.entries.call("survey", this.rows, first, Object.values(this.people), counts);
    const most = Array.from(arena.view(counts), Number);
    const layouts = this.entries.layout("chart", 4);
    const room = chart.map(([, names], place) => this.columns(names, layouts[place], most[place]));
    const doses = most[chart.findIndex(([name]) => name === "true_doses")];
    const order = arena.array("<i8", doses);
    const values = room.map((columns) => Object.values(columns));
    this.entries.call("chart", this.rows, first, arena.decoded(inputs.chart), Object.values(this.people), values, order, counts);
    const lengths = Array.from(arena.view(counts), Number);
    this.chart = Object.fromEntries(
      chart.map(([name], place) => {
        const cut = Object.entries(room[place]).map(([column, array]) => [column, { ...array, shape: [lengths[place]] }]);
        return [name, Object.fromEntries(cut)];
      }),
    );
  }

  columns(names, layouts, rows) {
    return Object.fromEntries(names.map((name, place) => [name, this.arena.array(layouts[place].dtype, rows)]));
  }

  /** Copies of the columns of a table, which stay when memory grows. */
  copied(columns) {
    return Object.fromEntries(Object.entries(columns).map(([name, array]) => [name, this.arena.view(array).slice()]));
  }

  /** The true course of proteinuria, whose ratios are logarithms in the chart; made once. */
  segments() {
    const { patient, start_days, log_start, log_slope_per_day, log_target } = this.copied(this.chart.proteinuria);
    this.ratios ??= { upcr_start_mg_per_mg: log_start.map(exp), upcr_target_mg_per_mg: log_target.map(exp) };
    const [upcr_start_mg_per_mg, upcr_target_mg_per_mg] = Object.values(this.ratios).map((values) => values.slice());
    return { patient, start_days, upcr_start_mg_per_mg, log_slope_per_day, upcr_target_mg_per_mg };
  }

  tables() {
    /** @type {Record<string, any>} */
    const chart = Object.fromEntries(Object.entries(this.chart).map(([name, columns]) => [name, this.copied(columns)]));
    const people = this.copied(this.people);
    const traits = Object.fromEntries(
      fieldsOf(this.traits.dtype).map(({ name }) => [name, this.arena.column(this.traits, name)]),
    );
    const patient = Int32Array.from(traits.patient, Number);
    const days = chart.visits.actual_days;
    chart.visits.missed.forEach((missed, row) => {
      if (missed) days[row] = NO_DAY;
    });
    return {
      patients: this.patients(traits, patient, people),
      visits: chart.visits,
      readings: chart.readings,
      diary: chart.diary,
      doses: this.doses(chart.doses),
      conditions: chart.conditions,
      follow_up: { patient, end_days: people.end_days, reason: people.reason },
      "truth/events": chart.events,
      "truth/proteinuria": this.segments(),
      "truth/doses": this.doses(chart.true_doses),
      "truth/conditions": chart.true_conditions,
      "truth/follow_up": { patient, end_days: people.true_end_days, reason: people.true_reason },
      traits,
    };
  }

  doses(columns) {
    const routes = this.inputs.codes.routes;
    return { ...columns, route: Uint8Array.from(columns.drug, (drug, i) => routes[drug][columns.schedule[i]]) };
  }

  patients(traits, patient, people) {
    const { days_per_year: perYear, day_zero: dayZero } = this.inputs.codes;
    return {
      patient,
      site: traits.site,
      band: traits.band,
      sex: traits.sex,
      onset_date: Int32Array.from(traits.entry_days, (day) => dayZero + Math.floor(day)),
      birth_days: Int32Array.from(traits.age_years, (age) => -halfEven(age * perYear)),
      age_at_onset_years: traits.age_years,
      weight_kg: this.arena.view(this.weight).slice(),
      height_cm: this.arena.view(this.height).slice(),
      measured_days: Int32Array.from(traits.presentation_days, (day, i) => (day > people.last_days[i] ? NO_DAY : Math.floor(day))),
      lesion: Uint8Array.from(traits.lesion, (lesion, i) => (people.biopsied[i] ? lesion : NO_TERM)),
      biopsy_days: people.biopsy_days.map((day, i) => (people.biopsied[i] ? day : NO_DAY)),
    };
  }
}

/** The nearest whole number, the even one of two. */
function halfEven(number) {
  const low = Math.floor(number);
  const rest = number - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}
