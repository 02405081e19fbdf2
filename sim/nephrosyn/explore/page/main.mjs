// The page: a reader guesses, then sees the cohort, changes definitions and settings, and opens patients.
import { chapterBar, chapterText, CHAPTERS } from "./chapters.mjs";
import { clocks } from "./clocks.mjs";
import { CohortMap, countsTable } from "./cohort_map.mjs";
import { byId, html } from "./elements.mjs";
import { EngineClient } from "./engine_client.mjs";
import { flows } from "./flows.mjs";
import { moves, summary, verdictsOf } from "./shares.mjs";
import { shareBar, shareSentences } from "./share_bar.mjs";
import { sliders } from "./sliders.mjs";
import { begin, command, fragment, ownSet, restored } from "./state.mjs";
import { csv, save, savePng, standalone } from "./take_away.mjs";
import { timeline } from "./timeline.mjs";
import { verdictTable } from "./verdict_table.mjs";
import { counted, percent, words } from "./wording.mjs";

const VIEWS = ["complete", "observed"];

class Page {
  /** @param {any} data */
  constructor(data) {
    this.data = { ...data, chapters: CHAPTERS, covering: [] };
    const { state, unknown } = restored(location.hash.slice(1), this.data);
    this.state = state;
    this.unknown = unknown;
    this.client = new EngineClient(textOf("worker"));
    this.map = new CohortMap("map", (patient) => this.choose(patient));
    /** @type {any} tables of the present settings */
    this.tables = null;
    /** @type {any} labels and verdicts of the present definition */
    this.judged = null;
    /** @type {any} labels of the settings that the page was made with, by all sets */
    this.opened = null;
    /** The settings of `tables`. */
    this.simulated = "";
    /** @type {number|null} */
    this.day = null;
  }

  async start() {
    byId("live").hidden = false;
    this.drawGuess();
    this.drawChapters();
    this.nameUnknown(this.unknown);
    await this.client.ask({ kind: "start", engine: textOf("engine"), wasm: textOf("wasm") });
    this.opened = await this.client.ask({ kind: "simulate", settings: {}, patients: this.data.patients, set: null });
    this.data.covering = this.data.sets.filter((/** @type {any} */ set) => this.covers(set)).map((/** @type {any} */ set) => set.name);
    if (this.state.guessed) await this.show();
    addEventListener("resize", () => this.content && this.draw());
    addEventListener("hashchange", () => this.follow());
    document.documentElement.dataset.ready = "yes";
  }

  /** Follow an address that was typed or chosen in the history. */
  async follow() {
    if (location.hash.slice(1) === fragment(this.state, this.data)) return;
    const { state, unknown } = restored(location.hash.slice(1), this.data);
    this.state = state;
    this.drawGuess();
    this.drawChapters();
    this.nameUnknown(unknown);
    if (state.guessed) await this.show();
  }

  /** @param {string[]} parts - parts of the address that mean nothing to this page */
  nameUnknown(parts) {
    const place = byId("unknown");
    place.hidden = !parts.length;
    place.textContent = `The address names what this page does not have: ${parts.join(", ")}. The rest of it is used.`;
  }

  async show() {
    byId("shown").hidden = false;
    this.drawDefinition();
    this.drawSettings();
    await this.simulate();
  }

  /** Simulate the present settings, judge and draw. */
  simulate() {
    return this.asked({ kind: "simulate", settings: this.state.settings, patients: this.data.patients });
  }

  /** Judge the cohort by the present definition, and draw; if the settings are others by now, simulate them. */
  judge() {
    return JSON.stringify(this.state.settings) === this.simulated ? this.asked({ kind: "judge" }) : this.simulate();
  }

  /** @param {Record<string, any>} request */
  async asked(request) {
    document.body.classList.add("busy");
    const { set, thresholds } = this.state;
    const settings = JSON.stringify(this.state.settings);
    const answer = await this.client.ask({ ...request, set, thresholds: thresholds[set] ?? {} });
    if (!answer) return; // a later request has taken its place
    if (answer.tables) [this.tables, this.simulated] = [answer.tables, settings];
    this.judged = answer;
    document.body.classList.remove("busy");
    this.draw();
  }

  get place() {
    return this.data.sets.findIndex((/** @type {any} */ set) => set.name === this.state.set);
  }

  get set() {
    return this.data.sets[this.place];
  }

  /** Labels of the present cohort by the present definition. */
  verdicts() {
    return verdictsOf(this.judged.labels, 1, 0, VIEWS.indexOf(this.state.view));
  }

  /** Labels of the cohort that the page opened with, by its first definition. */
  verdictsBefore() {
    return verdictsOf(this.opened.labels, this.data.sets.length, 0, 1);
  }

  get isAsOpened() {
    const { set, view, settings, thresholds } = this.state;
    return set === this.data.sets[0].name && view === "observed" && !Object.keys(settings).length && !Object.keys(thresholds[set] ?? {}).length;
  }

  /** What the shipped analysis says of the share with uncertain numbers; null where it does not have what is shown. */
  get known() {
    const { set, view, settings } = this.state;
    if (!this.isUnchanged || Object.keys(settings).length) return null;
    return this.data.known.find((/** @type {any} */ each) => each.set === set && each.view === view) ?? null;
  }

  /** Width of the pictures of the cohort, in pixels. */
  get width() {
    return Math.min(720, Math.max(280, byId("map").clientWidth));
  }

  /** Whether the definition set is judged with its own thresholds, which its sentences name. */
  get isUnchanged() {
    return !Object.keys(this.state.thresholds[this.state.set] ?? {}).length;
  }

  categories() {
    const refractory = new Set(this.set.refractory);
    return this.data.categories.map((/** @type {any} */ category) => ({ ...category, refractory: refractory.has(category.name) }));
  }

  draw() {
    const now = this.verdicts();
    const counts = summary(now, this.data.categories.length);
    const earlier = this.isAsOpened ? null : this.verdictsBefore();
    const countsBefore = earlier && summary(earlier, this.data.categories.length);
    byId("share").replaceChildren(shareBar(counts, countsBefore, this.state.guess, this.width, this.known), shareSentences(counts, this.known, this.data.uncertain));
    this.content = { now, before: this.state.rings ? earlier : null, summary: counts, categories: this.categories(), patient: this.state.patient };
    this.drawMap();
    byId("counts").replaceChildren(countsTable(this.content));
    this.drawMoves(earlier, now, counts, countsBefore);
    this.drawPatient();
    this.drawTakeAway();
    this.remember();
  }

  drawMap() {
    if (this.content) this.map.draw(this.content);
  }

    drawMoves(...[earlier, now, counts, countsBefore]) {
    const place = byId("moves");
    if (!earlier) {
      place.replaceChildren();
      this.say("This is the cohort as the page opened.");
      return;
    }
    const pairs = moves(earlier, now);
    const moved = pairs.reduce((sum, { from, to, count }) => sum + (from === to ? 0 : count), 0);
    const sentence = `${counted(moved, "patient")} of ${counts.patients} changed category since the page was opened; the share went from ${percent(countsBefore.share)} to ${percent(counts.share)}.`;
    this.say(sentence);
    place.replaceChildren(
      html("h3", { text: "Who moved" }),
      html("p", { class: "muted", text: `Left: as the page opened (${this.data.sets[0].title}). Right: now. ${this.whichClause(earlier, now)}` }),
      flows(pairs, this.data.categories, this.width),
      this.check("rings", "show where each patient was", this.state.rings, (on) => {
        this.state.rings = on;
        this.draw();
      }),
    );
  }

  /** Which clauses newly refractory patients meet. */
  whichClause(...[earlier, now]) {
    const { status, clauses } = this.answers();
    /** @type {Map<string, number>} */
    const met = new Map();
    now.refractory.forEach((/** @type {number} */ refractory, /** @type {number} */ i) => {
      if (refractory !== 1 || earlier.refractory[i] === 1) return;
      for (const clause of clauses) if (status(i, clause.code) === 1) met.set(clause.plain, (met.get(clause.plain) ?? 0) + 1);
    });
    if (!met.size) return "";
    const sorted = [...met].sort((a, b) => b[1] - a[1]).slice(0, 3);
    return `Newly refractory by: ${sorted.map(([plain, count]) => `${plain} (${count})`).join("; ")}.`;
  }

  /** Status and day of the clauses of the present definition, by patient. */
  answers() {
    const verdicts = this.judged.verdicts[this.state.view];
    const clauses = this.data.clauses.map((/** @type {any} */ clause) => ({ ...clause, plain: words(clause.name), sentence: this.isUnchanged ? this.set.sentences[clause.name] ?? "" : "" }));
    const patients = this.data.patients;
    const at = (/** @type {number} */ patient, /** @type {number} */ clause) => clause * patients + patient;
    return {
      clauses,
      status: (/** @type {number} */ patient, /** @type {number} */ clause) => verdicts.status[at(patient, clause)],
      day: (/** @type {number} */ patient, /** @type {number} */ clause) => Number(verdicts.day[at(patient, clause)]),
    };
  }

  /** @param {string} text */
  say(text) {
    byId("status").textContent = text;
  }

  /** Whether the page has an address: a frame of a notebook has none, and may not change it. */
  get hasAddress() {
    return location.protocol !== "about:";
  }

  remember() {
    if (!this.hasAddress) return;
    const text = fragment(this.state, this.data);
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  drawGuess() {
    const place = byId("guess");
    if (this.state.guessed) {
      const guess = this.state.guess;
      place.replaceChildren(html("p", { class: "muted", text: guess === null ? "" : `You guessed ${percent(guess)}. It stays marked on the bar.` }));
      return;
    }
    const output = html("output", { for: "guess-input", text: "50%" });
    const input = html("input", { type: "range", id: "guess-input", min: 0, max: 100, value: 50, "aria-valuetext": "50%", oninput: () => (output.textContent = `${input.value}%`) });
    const show = (/** @type {boolean} */ guessed) => {
      this.state.guess = guessed ? Number(input.value) / 100 : null;
      this.state.guessed = true;
      this.drawGuess();
      this.show().catch(failed);
    };
    place.replaceChildren(
      html("p", {}, html("label", { for: "guess-input", text: `${counted(this.data.patients, "simulated patient")} with a first episode, followed for ${words(this.followUp())}. What share will be refractory to steroid treatment? Guess before you see.` })),
      html("div", { class: "guess-row" }, input, output, html("button", { type: "button", class: "main", text: "Show the cohort", onclick: () => show(true) }), html("button", { type: "button", text: "without a guess", onclick: () => show(false) })),
    );
  }

  followUp() {
    const years = this.data.follow_up_days / 365;
    return years >= 1 ? counted(Math.round(10 * years) / 10, "year") : counted(this.data.follow_up_days, "day");
  }

  drawChapters() {
    byId("chapters").replaceChildren(...chapterBar(this.state.chapter, (id) => this.turnTo(id)));
    byId("chapter").replaceChildren(chapterText(this.state.chapter));
  }

  /** @param {string|null} id */
  turnTo(id) {
    const { guess } = this.state;
    this.state = { ...begin(this.data), guess, guessed: true, chapter: id };
    CHAPTERS.find((chapter) => chapter.id === id)?.set(this.state, this.data);
    this.drawGuess();
    this.drawChapters();
    this.show().catch(failed);
  }

  drawDefinition() {
    const { sets } = this.data;
    const select = html("select", { id: "set-select", onchange: () => this.changeSet(select.value) }, ...sets.map((/** @type {any} */ set) => html("option", { value: set.name, selected: set.name === this.state.set, text: this.nameOf(set) })));
    const record = html(
      "fieldset",
      {},
      html("legend", { text: "The record that is judged" }),
      ...[["observed", "what the clinic wrote down"], ["complete", "every day, without error"]].map(([view, text]) =>
        html("label", { class: "check" }, html("input", { type: "radio", name: "view", value: view, checked: this.state.view === view, onchange: () => this.changeView(view) }), text),
      ),
    );
    const choices = this.set.thresholds;
    byId("definition").replaceChildren(
      html("label", { for: "set-select", class: "vh", text: "Definition set" }),
      select,
      html("details", { class: "small" }, html("summary", { text: "What the set says, before any slider is moved" }), ...Object.entries(this.set.sentences).map(([clause, text]) => html("p", { class: "muted" }, html("b", { text: `${words(clause)}: ` }), String(text)))),
      ...sliders("t", choices, this.state.thresholds[this.state.set] ?? {}, (id, at) => this.changeThreshold(id, at)),
      record,
    );
  }

  /**
   * The title of a set, and that it is for none of these patients if that is so.
   *
   * @param {any} set
   */
  nameOf(set) {
    return this.data.covering.includes(set.name) ? set.title : `${set.title} (none of these patients)`;
  }

  /** Whether a set is for any of the patients. @param {any} set */
  covers(set) {
    return verdictsOf(this.opened.labels, this.data.sets.length, this.data.sets.indexOf(set), 1).applies.includes(1);
  }

  /** @param {string} name */
  changeSet(name) {
    this.state.set = name;
    this.drawDefinition();
    this.judge().catch(failed);
  }

  /** @param {string} view */
  changeView(view) {
    this.state.view = /** @type {"observed"|"complete"} */ (view);
    this.draw();
  }

  /**
   * @param {string} id
   * @param {number} at
   */
  changeThreshold(id, at) {
    const places = (this.state.thresholds[this.state.set] ??= {});
    const base = this.set.thresholds.find((/** @type {any} */ each) => each.id === id).base;
    if (at === base) delete places[id];
    else places[id] = at;
    this.judge().catch(failed);
  }

  drawSettings() {
    const { settings } = this.data;
    byId("settings").replaceChildren(
      ...sliders("s", settings, this.state.settings, (id, at) => {
        if (at === settings.find((/** @type {any} */ each) => each.id === id).base) delete this.state.settings[id];
        else this.state.settings[id] = at;
        this.simulate().catch(failed);
      }),
      html("button", { type: "button", text: "All back to the start", onclick: () => this.turnTo(this.state.chapter) }),
      html("p", { class: "muted", text: "Any other number of the scenario is changed with nephrosyn run ... --set KEY=VALUE, and then explored again." }),
    );
  }

  /** @param {number} patient */
  choose(patient) {
    this.state.patient = patient;
    this.state.step = 0;
    this.day = null;
    if (this.content) this.content.patient = patient;
    this.map.mark(patient);
    this.drawPatient();
    this.remember();
  }

  drawPatient() {
    const { patient } = this.state;
    const number = html("input", { type: "number", id: "patient-number", min: 0, max: this.data.patients - 1, value: patient ?? "", onchange: () => this.typed(number) });
    byId("patient-controls").replaceChildren(
      html("p", { class: "buttons" }, html("label", { class: "check" }, "Patient ", number), html("button", { type: "button", text: "any", onclick: () => this.choose(Math.floor(Math.random() * this.data.patients)) }), this.check("reveal", "reveal the truth", this.state.reveal, (on) => {
        this.state.reveal = on;
        this.drawPatient();
      })),
      patient === null ? html("p", { class: "muted", text: "Choose a dot in the cohort, or a number." }) : html("p", { text: this.aboutPatient(patient) }),
    );
    byId("clock-details").hidden = patient === null;
    if (patient === null) {
      for (const id of ["timeline", "verdict", "clocks"]) byId(id).replaceChildren();
      return;
    }
    this.drawTimeline();
    this.drawVerdict(patient);
    this.drawClocks(patient);
  }

  /** @param {any} number */
  typed(number) {
    const patient = Number(number.value);
    if (Number.isInteger(patient) && patient >= 0 && patient < this.data.patients && number.value !== "") this.choose(patient);
    else this.say(`Patients have the numbers 0 to ${this.data.patients - 1}.`);
  }

  /** @param {number} patient */
  aboutPatient(patient) {
    const { patients } = this.tables;
    const { terms } = this.data;
    const age = patients.age_at_onset_years[patient];
    const lesion = terms.lesion[patients.lesion[patient]];
    return `${words(terms.sex[patients.sex[patient]])}, ${age < 18 ? age.toFixed(1) : Math.floor(age)} years at onset, ${lesion ? words(lesion) : "no biopsy"}.`;
  }

  drawTimeline() {
    const { patient, reveal } = this.state;
    if (patient === null) return;
    const end = this.tables.follow_up.end_days;
    const followUpDays = Math.max(...end);
    byId("timeline").replaceChildren(timeline({ tables: this.tables, terms: this.data.terms, patient, followUpDays, reveal, day: this.day }));
  }

  /** @param {number} patient */
  drawVerdict(patient) {
    const { clauses, status, day } = this.answers();
    const codes = clauses.map((/** @type {any} */ clause) => clause.code);
    const category = this.content ? this.content.now.category[patient] : 0;
    byId("verdict").replaceChildren(
      verdictTable({
        clauses,
        status: Int8Array.from(codes, (code) => status(patient, code)),
        day: codes.map((/** @type {number} */ code) => day(patient, code)),
        category: this.data.categories[category].plain,
        title: this.set.title,
        mark: (marked) => {
          this.day = marked;
          this.drawTimeline();
        },
      }),
    );
  }

  /** @param {number} patient */
  drawClocks(patient) {
    const { tables } = this;
    byId("clocks").replaceChildren(
      clocks({ tables, terms: { event: this.data.terms.event }, patient, step: this.state.step, go: (step) => {
        this.state.step = step;
        this.drawClocks(patient);
        byId("clocks").querySelectorAll("button:not(:disabled)")[step ? 2 : 0]?.focus();
      } }),
    );
  }

    check(...[id, text, on, change]) {
    const input = html("input", { type: "checkbox", id: `check-${id}`, checked: on, onchange: () => change(input.checked) });
    return html("label", { class: "check" }, input, text);
  }

  drawTakeAway() {
    const line = command(this.state, this.data);
    const { notice } = this.data;
    const changed = Object.keys(this.state.thresholds[this.state.set] ?? {}).length > 0;
    const picture = (/** @type {string} */ id) => byId(id).querySelector("svg");
    const button = (/** @type {string} */ text, /** @type {() => any} */ act) => html("button", { type: "button", text, onclick: () => Promise.resolve(act()).catch(failed) });
    const pictures = [["map", "map"], ["share", "share"], ...(this.state.patient === null ? [] : [["timeline", "timeline"]])];
    byId("take").replaceChildren(
      html("p", { class: "buttons" }, ...pictures.flatMap(([id, name]) => [button(`${name} as SVG`, () => save(standalone(picture(id), notice), "image/svg+xml", `${name}.svg`)), button(`${name} as PNG`, () => savePng(standalone(picture(id), notice), `${name}.png`))]), button("labels as CSV", () => save(this.labelsCsv(), "text/csv", "labels.csv")), ...(this.hasAddress ? [button("copy the link", () => navigator.clipboard.writeText(location.href))] : [])),
      html("p", { text: "The command that gives this cohort:" }),
      html("pre", { tabindex: "0", text: line }),
      changed ? html("p", {}, "The thresholds need a definition set of your own, ", html("code", { text: "own.toml" }), ":") : "",
      changed ? html("pre", { tabindex: "0", text: ownSet(this.state, this.data) }) : "",
      this.state.patient === null ? "" : html("p", {}, "A case of this patient, after that command with --out RUN: ", html("code", { text: `nephrosyn cases RUN --patient ${this.state.patient}` })),
    );
  }

  labelsCsv() {
    const now = this.verdicts();
    const { categories } = this.data;
    return csv(
      {
        patient: Array.from(now.category.keys()),
        criteria: Array.from(now.category, () => this.state.set),
        view: Array.from(now.category, () => this.state.view),
        category: Array.from(now.category, (code) => categories[code].name),
        refractory: Array.from(now.refractory, (value) => (value === 255 ? "" : value === 1)),
        first_met_days: Array.from(now.firstMetDays, (day) => (day === -2147483648 ? "" : day)),
      },
      `${this.data.notice} ${command(this.state, this.data)}`,
    );
  }
}

/** @param {string} id */
function textOf(id) {
  return byId(id).textContent;
}

/** @param {any} error */
function failed(error) {
  const place = byId("failed");
  place.hidden = false;
  place.textContent = `The page cannot go on: ${error.message}`;
}

if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
  failed(new Error("this browser has no WebAssembly or cannot unpack data. Any browser of the last three years does."));
} else {
  const page = new Page(JSON.parse(textOf("data")));
  Object.assign(globalThis, { nephrosynPage: page });
  page.start().catch(failed);
}
