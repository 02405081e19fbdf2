// What the page shows, and the fragment of its address that restores it.

/**
 * @typedef {object} State
 * @property {number|null} guess - share that the reader expects, 0 to 1
 * @property {boolean} guessed - whether the cohort is shown
 * @property {string} set - name of the definition set
 * @property {"observed"|"complete"} view - the record that is judged
 * @property {Record<string, Record<string, number>>} thresholds - places of changed thresholds, by set
 * @property {Record<string, number>} settings - places of changed settings
 * @property {number|null} patient - the patient who is shown
 * @property {boolean} reveal - whether the truth is drawn
 * @property {boolean} rings - whether a ring shows where each patient was
 * @property {string|null} chapter
 * @property {number} step - event of the patient at which the clocks stand
 */

/**
 * @param {any} data - the data of the page
 * @returns {State}
 */
export function begin(data) {
  return {
    guess: null,
    guessed: false,
    set: data.sets[0].name,
    view: "observed",
    thresholds: {},
    settings: {},
    patient: null,
    reveal: false,
    rings: true,
    chapter: null,
    step: 0,
  };
}

/**
 * The fragment that restores a state, without its number sign.
 *
 * @param {State} state
 * @param {any} data
 */
export function fragment(state, data) {
  const parts = new URLSearchParams();
  if (state.chapter) parts.set("chapter", state.chapter);
  if (state.guess !== null) parts.set("guess", String(Math.round(100 * state.guess)));
  if (state.guessed) parts.set("shown", "1");
  if (state.set !== data.sets[0].name) parts.set("set", state.set);
  if (state.view !== "observed") parts.set("record", state.view);
  for (const [name, place] of Object.entries(state.settings)) parts.set(`s.${name}`, String(place));
  for (const [name, place] of Object.entries(state.thresholds[state.set] ?? {})) parts.set(`t.${name}`, String(place));
  if (state.patient !== null) parts.set("patient", String(state.patient));
  return parts.toString();
}

/**
 * The state of a fragment, and what in it means nothing to this page.
 *
 * @param {string} text - without its number sign
 * @param {any} data
 * @returns {{state: State, unknown: string[]}}
 */
export function restored(text, data) {
  const state = begin(data);
  /** @type {string[]} */
  const unknown = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (!take(state, name, value, data)) unknown.push(value ? `${name}=${value}` : name);
  }
  return { state, unknown };
}

/**
 * @param {State} state
 * @param {string} name
 * @param {string} value
 * @param {any} data
 */
function take(state, name, value, data) {
  const taken = TAKE[/** @type {keyof typeof TAKE} */ (name)];
  if (taken) return taken(state, value, data);
  if (name.startsWith("s.")) return placed(state.settings, name.slice(2), whole(value), data.settings);
  if (!name.startsWith("t.")) return false;
  const set = data.sets.find((/** @type {any} */ each) => each.name === state.set);
  state.thresholds[state.set] ??= {};
  return placed(state.thresholds[state.set], name.slice(2), whole(value), set.thresholds);
}

/** @param {string} value */
const whole = (value) => (/^\d{1,6}$/.test(value) ? Number(value) : NaN);

/** How each part of a fragment is taken: whether it means anything. @type {Record<string, (state: State, value: string, data: any) => boolean>} */
const TAKE = {
  guess: (state, value) => whole(value) <= 100 && (state.guess = whole(value) / 100) >= 0,
  shown: (state, value) => value === "1" && (state.guessed = true),
  patient: (state, value, data) => whole(value) < data.patients && (state.patient = whole(value)) >= 0,
  record: (state, value) => (value === "complete" || value === "observed") && Boolean((state.view = value)),
  chapter: (state, value, data) => data.chapters.some((/** @type {any} */ each) => each.id === value) && Boolean((state.chapter = value)),
  set: (state, value, data) => data.sets.some((/** @type {any} */ each) => each.name === value) && Boolean((state.set = value)),
};

/**
 * @param {Record<string, number>} places
 * @param {string} id
 * @param {number} place
 * @param {any[]} offered
 */
function placed(places, id, place, offered) {
  const one = offered.find((each) => each.id === id);
  if (!one || !(place >= 0 && place < one.labels.length)) return false;
  if (place !== one.base) places[id] = place;
  return true;
}

/**
 * The command that gives what is on the screen.
 *
 * @param {State} state
 * @param {any} data
 */
export function command(state, data) {
  const changed = Object.entries(state.settings).flatMap(([id, place]) => {
    const setting = data.settings.find((/** @type {any} */ each) => each.id === id);
    return setting.arguments[place].map((/** @type {string} */ argument) => `--set ${quoted(argument)}`);
  });
  const own = Object.keys(state.thresholds[state.set] ?? {}).length > 0;
  return [data.command, ...changed, `--criteria ${own ? "own.toml" : state.set}`].join(" ");
}

/**
 * A definition set with the thresholds that are changed, as a file for the command.
 *
 * @param {State} state
 * @param {any} data
 */
export function ownSet(state, data) {
  const set = data.sets.find((/** @type {any} */ each) => each.name === state.set);
  /** @type {Record<string, string[]>} */
  const tables = {};
  for (const [id, place] of Object.entries(state.thresholds[state.set] ?? {})) {
    const threshold = set.thresholds.find((/** @type {any} */ each) => each.id === id);
    for (const [path, { value, unit }] of Object.entries(/** @type {Record<string, any>} */ (threshold.edits[place]))) {
      const [section, key] = [path.slice(0, path.lastIndexOf(".")), path.slice(path.lastIndexOf(".") + 1)];
      const line = `${key} = { value = ${JSON.stringify(value)}, unit = "${unit}", grade = "G", citation = "assumed: chosen by the reader" }`;
      (tables[section] ??= []).push(line);
    }
  }
  const sections = Object.entries(tables).map(([section, lines]) => `[${section}]\n${lines.join("\n")}`);
  return [`extends = "${state.set}"\nname = "own"\ntitle = "${set.title}, with changed thresholds"`, ...sections].join("\n\n") + "\n";
}

/** @param {string} text */
function quoted(text) {
  return /^[\w.=+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
