// Labels of patients: the chart as the arrays that the compiled criteria read, their answers, and the category of each
// patient under each set, on the complete and on the observed record.

const NO_TERM = 255;
const NO_DAY = -2147483648;
const VIEWS = ["complete", "observed"];

/**
 * The labels, sorted by patient, then by set; the complete record comes first.
 *
 * @param {any} run - a cohort whose chart is written
 * @param {any} criteria - sets and rules, as in the inputs
 * @returns {{labels: object, verdicts: object}} `verdicts` has, by view, the status and day of each set, clause and
 *   patient, and the number of relapses and the day of response of each set and patient
 */
export function classify(run, criteria = run.inputs.criteria) {
  const verdicts = Object.fromEntries(VIEWS.map((view) => [view, evaluated(run, criteria, view)]));
  const answers = VIEWS.map((view) => labelsOf(run, criteria, verdicts[view]));
  return { labels: labelTable(run, criteria, answers), verdicts };
}

function labelTable(run, criteria, answers) {
  const { sets } = criteria;
  const rows = run.size * sets.length * VIEWS.length;
  const filled = (values, valueAt) => {
    let row = 0;
    for (let i = 0; i < run.size; i++) for (let s = 0; s < sets.length; s++) for (let v = 0; v < VIEWS.length; v++) values[row++] = valueAt(i, s, v);
    return values;
  };
  const column = (name, Type) => filled(new Type(rows), (i, s, v) => answers[v][name][s][i]);
  const flags = Object.keys(criteria.flags);
  return {
    patient: filled(new Int32Array(rows), (i) => run.inputs.first_patient + i),
    criteria: filled(new Array(rows), (i, s) => sets[s].name),
    view: filled(new Uint8Array(rows), (i, s, v) => v),
    applies: column("applies", Uint8Array),
    category: column("category", Uint8Array),
    ...Object.fromEntries(flags.map((flag) => [flag, column(flag, Uint8Array)])),
    refractory: column("refractory", Uint8Array),
    refractory_kind: column("refractory_kind", Uint8Array),
    first_met_days: column("first_met_days", Int32Array),
  };
}

/** First row of each patient and the row after the last. */
function boundsOf(run, patients) {
  const bounds = run.arena.array("<i8", run.size, 2);
  const values = run.arena.view(bounds);
  let row = 0;
  for (let i = 0; i < run.size; i++) {
    values[2 * i] = BigInt(row);
    while (row < patients.length && patients[row] === run.inputs.first_patient + i) row++;
    values[2 * i + 1] = BigInt(row);
  }
  return { bounds, most: mostRows(values) };
}

function mostRows(bounds) {
  let most = 0;
  for (let i = 0; i < bounds.length; i += 2) most = Math.max(most, Number(bounds[i + 1] - bounds[i]));
  return most;
}

/** Rows in order of patient and of some keys; rows that are not wanted are left out. */
function rowsInOrder(columns, keys, wanted) {
  const order = [columns.patient, ...keys.map((key) => columns[key])];
  const compare = (a, b) => {
    for (const key of order) if (key[a] !== key[b]) return key[a] - key[b];
    return 0;
  };
  const places = placesOf(columns.patient.length, wanted);
  let sorted = true;
  for (let k = 1; k < places.length && sorted; k++) sorted = compare(places[k - 1], places[k]) <= 0;
  if (sorted && places.length === columns.patient.length) return columns;
  if (!sorted) places.sort(compare);
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, taken(values, places)]));
}

/** The rows that are wanted; all of them if no question is given. */
function placesOf(rows, wanted) {
  const places = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (!wanted || wanted(row)) places[count++] = row;
  return places.subarray(0, count);
}

function taken(values, places) {
  const some = new values.constructor(places.length);
  for (let k = 0; k < places.length; k++) some[k] = values[places[k]];
  return some;
}

const NOTHING = {
  readings: { patient: new Int32Array(0), taken_days: new Int32Array(0), analyte: new Uint8Array(0), value: new Float64Array(0) },
  diary: { patient: new Int32Array(0), first_days: new Int32Array(0), last_days: new Int32Array(0), grade: new Uint8Array(0) },
  proteinuria: { patient: new Int32Array(0), start_days: new Float64Array(0), upcr_start_mg_per_mg: new Float64Array(0), log_slope_per_day: new Float64Array(0), upcr_target_mg_per_mg: new Float64Array(0) },
};

/** The tables of one record, in order. */
function recordOf(run, view) {
  const complete = view === "complete";
  const { uncounted_drugs: uncounted } = run.inputs.codes;
  const table = (name) => run.copied(run.chart[name]);
  const doses = table(complete ? "true_doses" : "doses");
  return {
    readings: rowsInOrder(complete ? NOTHING.readings : table("readings"), ["taken_days"]),
    diary: rowsInOrder(complete ? NOTHING.diary : table("diary"), ["first_days", "last_days", "grade"]),
    segments: rowsInOrder(complete ? run.segments() : NOTHING.proteinuria, ["start_days"]),
    doses: rowsInOrder(
      doses,
      ["first_days", "last_days", "mean_mg_per_day"],
      (row) => doses.mean_mg_per_day[row] !== 0 && !uncounted.includes(doses.drug[row]),
    ),
    conditions: rowsInOrder(table(complete ? "true_conditions" : "conditions"), ["noted_days"]),
  };
}

/** The record as the compiled criteria take it, by field. */
function recordFields(run, view) {
  const { arena, inputs, people, traits, size } = run;
  const complete = view === "complete";
  const { readings, diary, segments, doses, conditions } = recordOf(run, view);
  const tables = { reading: readings, diary, segment: segments, dose: doses, condition: conditions };
  const bounds = Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, boundsOf(run, rows.patient)]));
  const person = run.copied(people);
  const { albumin } = inputs;
  const factor = arena.column(traits, "albumin_loss_factor");
  const kinetics = arena.array("<f8", size, 3);
  arena.view(kinetics).set(complete ? Array.from(factor).flatMap((each) => [albumin.catabolism, albumin.loss * each, albumin.saturates_at]) : []);
  const normal = complete ? arena.column(traits, "albumin_g_per_dl") : new Float64Array(size);
  const lesion = arena.column(traits, "lesion");
  const reason = complete ? person.true_reason : person.reason;
  const values = {
    age: ["<f8", arena.column(traits, "age_years")],
    lesion: ["|u1", Array.from(lesion, (each, i) => (person.biopsied[i] ? each : inputs.codes.no_name))],
    end: ["<i4", complete ? person.true_end_days : person.end_days],
    dead: ["|b1", Array.from(reason, (each) => Number(each === inputs.codes.death))],
    impossible: ["|b1", new Uint8Array(size)],
    albumin: ["<f8", normal],
    reading_day: ["<i4", readings.taken_days],
    reading_analyte: ["|u1", readings.analyte],
    reading_value: ["<f8", readings.value],
    diary_first: ["<i4", diary.first_days],
    diary_last: ["<i4", diary.last_days],
    diary_band: ["|u1", diary.grade],
    segment_start: ["<f8", segments.start_days],
    segment_upcr: ["<f8", segments.upcr_start_mg_per_mg],
    segment_slope: ["<f8", segments.log_slope_per_day],
    segment_target: ["<f8", segments.upcr_target_mg_per_mg],
    dose_first: ["<i4", doses.first_days],
    dose_last: ["<i4", doses.last_days],
    dose_drug: ["|u1", doses.drug],
    dose_schedule: ["|u1", doses.schedule],
    dose_mean: ["<f8", doses.mean_mg_per_day],
    dose_weight: ["<f8", doses.dosing_weight_kg],
    condition_day: ["<i4", conditions.noted_days],
    condition_code: ["|u1", conditions.condition],
    condition_kind: ["|u1", conditions.kind],
    condition_action: ["|u1", conditions.action],
  };
  const fields = Object.fromEntries(Object.entries(values).map(([name, [dtype, each]]) => [name, arena.filled(dtype, each)]));
  for (const [name, each] of Object.entries(bounds)) fields[`${name}_bounds`] = each.bounds;
  const most = Object.fromEntries(Object.entries(bounds).map(([name, each]) => [name, each.most]));
  return { fields: { ...fields, kinetics }, most };
}

/** Arrays with room for the longest record, by field; as `new_workspace` of criteria/evaluation/workspace.py. */
function workspaceFor(run, most) {
  const { codes } = run.inputs;
  const spans = Math.max(most.diary, codes.spans_per_segment * most.segment);
  const intervals = 2 * most.reading + spans + 1;
  const shapes = {
    clinic: [most.reading + 1, 2],
    spans: [spans + 1, 3],
    intervals: [intervals, 5],
    episodes: [intervals + 1, 4],
    gaps: [intervals + 1, 2],
    responses: [intervals, 5],
    merged: [intervals, 5],
    flares: [intervals + 1, 4],
    doses: [most.dose + 1, 6],
    courses: [most.dose + 1, 2],
    counts: [7],
    scratch: [2, codes.answer_columns],
    answers: [codes.clauses, codes.answer_columns],
  };
  const layouts = run.entries.layout("evaluate", 4);
  return run.inputs.columns.workspace.map((name, place) => run.arena.array(layouts[place].dtype, ...shapes[name]));
}

/** Answers of all clauses of all sets: status and day by set and clause, and what else is written. */
function evaluated(run, criteria, view) {
  const { arena, inputs, size } = run;
  const { sets, rules, order } = criteria;
  const { clauses, never } = inputs.codes;
  const { fields, most } = recordFields(run, view);
  const layouts = run.entries.layout("evaluate", 5);
  const written = inputs.columns.written.map((name, place) => {
    const shape = name === "status" || name === "day" ? [sets.length, clauses, size] : [sets.length, size];
    return arena.array(layouts[place].dtype, ...shape);
  });
  const record = inputs.columns.record.map((name) => fields[name]);
  const episodes = arena.array("<i8", 0, 6);
  run.entries.call("evaluate", record, never, arena.decoded(rules), arena.decoded(order), workspaceFor(run, most), written, episodes);
  return Object.fromEntries(inputs.columns.written.map((name, place) => [name, arena.view(written[place]).slice()]));
}

/** The three-valued or of clauses: met if any is met, else unknown if any is, else not met; undefined ones do not count. */
function anyOf(status, places, { met, not_met: notMet, unknown, undefined: none }) {
  let answer = none;
  for (const place of places) {
    const here = status[place];
    if (here === met) return met;
    if (here === unknown || (here === notMet && answer === none)) answer = here;
  }
  return answer;
}

/** The columns of the labels, each by set and patient. */
function labelsOf(run, criteria, answers) {
  const { codes, terms } = run.inputs;
  const flags = Object.entries(criteria.flags);
  const names = ["applies", "category", ...flags.map(([flag]) => flag), "refractory", "refractory_kind", "first_met_days"];
  const columns = Object.fromEntries(names.map((name) => [name, criteria.sets.map(() => new Array(run.size))]));
  const truth = (status) => (status === codes.met ? 1 : status === codes.not_met ? 0 : NO_TERM);
  criteria.sets.forEach((definition, s) => {
    const clausesOf = (some) => some.flatMap((flag) => criteria.flags[flag]);
    const [counted, preceding] = [clausesOf(definition.refractory), clausesOf(definition.precedence)];
    const categories = definition.precedence.map((flag) => [criteria.flags[flag], terms.category.indexOf(criteria.category_of_flag[flag])]);
    const [undetermined, some, none] = ["undetermined", "infrequently_relapsing", "non_relapsing"].map((name) => terms.category.indexOf(name));
    for (let i = 0; i < run.size; i++) {
      const at = (clause) => (s * codes.clauses + clause) * run.size + i;
      const statusOf = (clauses) => anyOf(answers.status, clauses.map(at), codes);
      for (const [flag, clauses] of flags) columns[flag][s][i] = truth(statusOf(clauses));
      const why = answers.ineligibility[s * run.size + i];
      columns.applies[s][i] = codes.age_or_lesion_not_known.includes(why) ? NO_TERM : Number(!codes.other_age_or_lesion.includes(why));
      const first = categories.find(([clauses]) => statusOf(clauses) === codes.met);
      const unknown = !first && statusOf(preceding) === codes.unknown;
      const relapsed = answers.relapses[s * run.size + i] > 0;
      columns.category[s][i] = first ? first[1] : unknown ? undetermined : relapsed ? some : none;
      const refractory = statusOf(counted);
      columns.refractory[s][i] = truth(refractory);
      columns.refractory_kind[s][i] = NO_TERM;
      columns.first_met_days[s][i] = NO_DAY;
      if (refractory === codes.met) {
        const places = counted.map(at);
        const dayOf = (place) => Number(answers.day[place]);
        const latest = Math.max(...places.filter((place) => answers.status[place] === codes.met).map(dayOf));
        const responded = Number(answers.responded[s * run.size + i]);
        columns.refractory_kind[s][i] = Number(responded === Number(codes.never) || latest > responded);
        columns.first_met_days[s][i] = Math.min(...places.map(dayOf));
      }
    }
  });
  return columns;
}
