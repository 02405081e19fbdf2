// The cohort map: a dot for each patient, in columns by category (rows on a narrow page), with one third drawn across.
import { byId, html, svg } from "./elements.mjs";
import { counted, percent } from "./wording.mjs";

const NARROW_PIXELS = 620;
const MOST_ANIMATED = 1000;
const HEIGHT = 300;
const LABEL = 46;
const GAP = 14;

/**
 * @typedef {object} MapContent
 * @property {import("./shares.mjs").Verdicts} now
 * @property {import("./shares.mjs").Verdicts|null} before - where each patient was, drawn as a ring
 * @property {import("./shares.mjs").Summary} summary
 * @property {{name: string, plain: string, colour: string, refractory: boolean}[]} categories - by code
 * @property {number|null} patient - the patient who is chosen
 */

export class CohortMap {
  /**
   * @param {string} id - of the element that holds the map
   * @param {(patient: number) => void} choose
   */
  constructor(id, choose) {
    this.place = byId(id);
    this.choose = choose;
    /** @type {any[]} */
    this.dots = [];
    /** @type {{x: number, y: number}[]} */
    this.places = [];
    /** @type {number[]} */
    this.order = [];
    this.cursor = 0;
    this.ghosts = svg("g", { class: "ghosts", "aria-hidden": "true" });
    this.people = svg("g", { class: "dots", "aria-hidden": "true" });
    this.texts = svg("g", { class: "texts", "aria-hidden": "true" });
    this.ring = svg("circle", { class: "ring", r: 0 });
    this.picture = svg("svg", { role: "application", tabindex: "0", "aria-roledescription": "cohort map" }, this.texts, this.ghosts, this.people, this.ring);
    this.place.replaceChildren(this.picture);
    this.picture.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.picture.addEventListener("click", (/** @type {any} */ event) => {
      const place = this.dots.indexOf(event.target);
      if (place >= 0) this.choose(place);
    });
  }

  /** @param {MapContent} content */
  draw(content) {
    this.content = content;
    const width = Math.max(280, Math.floor(this.place.clientWidth));
    const narrow = width < NARROW_PIXELS;
    const layout = arranged(content, width, narrow);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${layout.height}`);
    this.picture.setAttribute("width", String(width));
    this.picture.setAttribute("height", String(layout.height));
    this.picture.setAttribute("aria-label", `Cohort map: ${counted(content.summary.patients, "patient")}. ${spoken(content)} Arrow keys go from patient to patient, Enter opens one.`);
    this.makeDots(content.now.category.length, layout.radius);
    this.places = layout.places;
    this.order = layout.order;
    this.dots.forEach((dot, i) => this.put(dot, i));
    this.texts.replaceChildren(...layout.texts);
    this.drawGhosts(layout);
    this.mark(content.patient);
  }

  /**
   * @param {number} count
   * @param {number} radius
   */
  makeDots(count, radius) {
    if (this.dots.length !== count) {
      this.dots = Array.from({ length: count }, (_, i) => svg("circle", {}, svg("title", { text: `patient ${i}` })));
      this.people.replaceChildren(...this.dots);
    }
    this.people.classList.toggle("still", count > MOST_ANIMATED);
    for (const dot of this.dots) dot.setAttribute("r", String(radius));
  }

  /**
   * @param {any} dot
   * @param {number} i
   */
  put(dot, i) {
    const place = this.places[i];
    dot.style.display = place ? "" : "none";
    if (!place || !this.content) return;
    dot.style.transform = `translate(${place.x}px, ${place.y}px)`;
    dot.style.fill = this.content.categories[this.content.now.category[i]].colour;
  }

  /** @param {ReturnType<typeof arranged>} layout */
  drawGhosts(layout) {
    this.ghosts.replaceChildren();
    const content = this.content;
    if (!content || !content.before) return;
    const earlier = arranged({ ...content, now: content.before }, layout.width, layout.narrow, layout);
    const { now, before } = content;
    const moved = [...now.category.keys()].filter((i) => before.category[i] !== now.category[i] && before.applies[i] === 1 && now.applies[i] === 1);
    const rings = moved.filter((i) => earlier.places[i]).map((i) => svg("circle", { cx: earlier.places[i].x, cy: earlier.places[i].y, r: layout.radius }));
    this.ghosts.append(...rings);
  }

  /** @param {number|null} patient */
  mark(patient) {
    const place = patient === null ? null : this.places[patient];
    this.ring.setAttribute("r", place ? "7" : "0");
    if (place) {
      this.ring.setAttribute("cx", String(place.x));
      this.ring.setAttribute("cy", String(place.y));
      this.cursor = Math.max(0, this.order.indexOf(/** @type {number} */ (patient)));
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 20, PageUp: -20 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step) this.cursor = Math.min(this.order.length - 1, Math.max(0, this.cursor + step));
    else if (event.key === "Home") this.cursor = 0;
    else if (event.key === "End") this.cursor = this.order.length - 1;
    else if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.choose(this.order[this.cursor]);
  }
}

/** @param {MapContent} content */
function spoken({ summary, categories }) {
  const parts = categories.map((category, code) => [category.plain, summary.counts[code]]).filter(([, count]) => count);
  return parts.map(([plain, count]) => `${plain}: ${count}`).join(", ") + ".";
}

/**
 * Where each dot stands. A column takes the same number of dots in each line, so that its length is its share.
 *
 * @param {MapContent} content
 * @param {number} width
 * @param {boolean} narrow
 * @param {any} [like] - a layout whose columns are used again
 */
function arranged(content, width, narrow, like) {
  const { now, categories, summary } = content;
  const shown = like ? like.shown : categories.map((_, code) => code).filter((code) => summary.counts[code] || (content.before && content.before.category.includes(code)));
  const sorted = like ? shown : [...shown].sort((a, b) => Number(categories[b].refractory) - Number(categories[a].refractory) || a - b);
  /** @type {Map<number, number[]>} */
  const members = new Map(sorted.map((/** @type {number} */ code) => [code, []]));
  now.category.forEach((code, i) => {
    if (now.applies[i] === 1) members.get(code)?.push(i);
  });
  const most = Math.max(1, longestBefore(content), ...[...members.values()].map((list) => list.length));
  const { across, pitch } = like ?? fitted(width, narrow, sorted.length, most, summary.patients);
  const places = new Array(now.category.length);
  /** @type {number[]} */
  const order = [];
  /** @type {any[]} */
  const texts = [];
  const block = narrow ? across * pitch + 30 : Math.max(across * pitch, (width - GAP) / Math.max(1, sorted.length) - GAP);
  const lengthOf = (/** @type {number} */ count) => (count / across) * pitch;
  const height = narrow ? sorted.length * block + 26 : HEIGHT + LABEL + 16;
  for (const [column, code] of sorted.entries()) {
    const list = members.get(code) ?? [];
    const start = narrow ? column * block + 40 : GAP + column * (block + GAP) + (block - across * pitch) / 2;
    list.forEach((i, k) => {
      const [line, seat] = [Math.floor(k / across), k % across];
      const along = (line + 0.5) * pitch;
      const beside = start + (seat + 0.5) * pitch;
      places[i] = narrow ? { x: along, y: beside } : { x: beside, y: HEIGHT + 16 - along };
      order.push(i);
    });
    if (!like) texts.push(...labelled(categories[code], list.length, summary, narrow ? [0, start - 8] : [start + (across * pitch) / 2, HEIGHT + 32], narrow, block));
  }
  if (!like) texts.push(...third(lengthOf(summary.patients / 3), width, narrow, height));
  return { width, narrow, height, shown: sorted, across, pitch, radius: pitch * 0.42, places, order, texts };
}

/**
 * Length of the longest column before.
 *
 * @param {MapContent} content
 */
function longestBefore({ before, categories }) {
  const counts = new Array(categories.length).fill(0);
  before?.category.forEach((code, i) => {
    if (before.applies[i] === 1) counts[code]++;
  });
  return Math.max(...counts);
}

/**
 * How many dots stand side by side, and how far apart, so that the longest column and the line of one third fit.
 *
 * @param {number} width
 * @param {boolean} narrow
 * @param {number} columns
 * @param {number} most - dots in the longest column
 * @param {number} patients
 */
function fitted(width, narrow, columns, most, patients) {
  const room = narrow ? width - 6 : HEIGHT;
  const longest = Math.max(most, patients / 3) * 1.04;
  const wide = narrow ? 64 : (width - GAP) / Math.max(1, columns) - GAP;
  let pitch = 12;
  while (pitch > 1.5 && Math.ceil(longest / Math.floor(wide / pitch)) * pitch > room) pitch -= 0.25;
  const across = Math.max(1, Math.min(Math.floor(wide / pitch), Math.ceil((longest * pitch) / room)));
  return { across, pitch };
}

function labelled(category, count, summary, [x, y], narrow, block) {
  const anchor = narrow ? "start" : "middle";
  const name = category.plain;
  const lines = narrow || name.length * 6.2 < block ? [name] : name.split(/[ ](?=\S+$)|(?<=-)/);
  const share = `${count} (${percent(summary.patients ? count / summary.patients : NaN)})`;
  if (narrow) return [svg("text", { x, y, "text-anchor": anchor }, `${name}: ${share}`)];
  return [
    ...lines.map((/** @type {string} */ line, /** @type {number} */ k) => svg("text", { x, y: y + 13 * k, "text-anchor": anchor, text: line })),
    svg("text", { x, y: y + 13 * lines.length, "text-anchor": anchor, class: "count", text: share }),
  ];
}

function third(length, width, narrow, height) {
  if (narrow) {
    return [
      svg("line", { class: "third", x1: length, x2: length, y1: 18, y2: height }),
      svg("text", { class: "third", x: Math.min(length + 4, width - 90), y: 12, text: "a third of all" }),
    ];
  }
  const y = HEIGHT + 16 - length;
  return [
    svg("line", { class: "third", x1: 0, x2: width, y1: y, y2: y }),
    svg("text", { class: "third", x: width - 2, y: y - 4, "text-anchor": "end", text: "a third of all patients" }),
  ];
}

/**
 * The counts as a table, for readers of text.
 *
 * @param {MapContent} content
 */
export function countsTable({ summary, categories }) {
  const rows = categories.map((category, code) => ({ ...category, count: summary.counts[code] })).filter(({ count }) => count);
  const row = (/** @type {any} */ { plain, count, refractory, colour }) =>
    html("tr", {}, html("th", { scope: "row" }, html("i", { class: "key", style: `background:${colour}` }), plain), html("td", { text: count }), html("td", { text: percent(count / summary.patients) }), html("td", { text: refractory ? "yes" : "no" }));
  return html(
    "table",
    {},
    html("caption", { text: "Patients by category" }),
    html("thead", {}, html("tr", {}, ...["category", "patients", "share", "counts as refractory"].map((text) => html("th", { scope: "col", text })))),
    html("tbody", {}, ...rows.map(row)),
  );
}
