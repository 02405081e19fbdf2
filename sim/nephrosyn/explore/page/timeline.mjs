// The record of one patient over time: urine, albumin, treatment and what was noted; the truth behind it on request.
import { scaleLinear, scaleLog } from "d3-scale";

import { svg } from "./elements.mjs";
import { rowsOf } from "./patient_rows.mjs";
import { short, words } from "./wording.mjs";

const WIDTH = 860;
const [LEFT, RIGHT] = [124, 12]; // on the left, the longest name of a drug
const [LEAST_UPCR, MOST_UPCR] = [0.02, 30];
const BANDS = [
  { from: 3.5, to: MOST_UPCR, kind: "nephrotic" },
  { from: LEAST_UPCR, to: 0.2, kind: "remission" },
];
const DIPSTICK_SHADES = ["#e9f2dc", "#d6e6b4", "#b7d48a", "#8fbf73", "#5f9c67", "#33705a"];
const LANE = 15;

/**
 * @typedef {object} PatientTables
 * @property {Record<string, any>} tables
 * @property {Record<string, readonly string[]>} terms
 * @property {number} patient
 * @property {number} followUpDays
 * @property {boolean} reveal
 * @property {number|null} day - a day that is marked
 */

/** @param {PatientTables} content */
export function timeline(content) {
  const { terms, followUpDays } = content;
  const rows = (/** @type {string} */ table, /** @type {Record<string, readonly string[]>} */ more = {}) => rowsOf(content.tables[table], content.patient, { ...terms, ...more });
  const conditions = { condition: terms.condition, kind: terms.condition_kind, action: terms.action };
  const record = {
    readings: rows("readings"),
    diary: rows("diary"),
    doses: rows("doses"),
    conditions: rows("conditions", conditions),
    visits: rows("visits"),
    end: rows("follow_up")[0],
    truth: rows("truth/proteinuria"),
    events: rows("truth/events"),
  };
  const last = Math.max(followUpDays, 30);
  const x = scaleLinear([0, last], [LEFT, WIDTH - RIGHT]);
  const parts = [urine, dipstick, albumin, steroid, agents, noted, visits];
  let top = 8;
  const drawn = parts.flatMap((part) => {
    const { height, elements } = part(record, x, top, content);
    top += height;
    return elements;
  });
  const axis = days(x, last, top);
  const marked = content.day === null ? [] : [svg("line", { class: "marked", x1: x(content.day), x2: x(content.day), y1: 8, y2: top })];
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${top + 30}`, role: "img", "aria-label": spoken(record, content), class: "timeline" }, ...ended(record, x, top), ...drawn, ...axis, ...marked);
}

function spoken({ readings, doses, end }, { patient }) {
  const urines = readings.filter((/** @type {any} */ row) => row.analyte === "upcr").length;
  const drugs = [...new Set(doses.map((/** @type {any} */ row) => words(row.drug)))].join(", ");
  return `Record of patient ${patient}: ${urines} urine ratios; treated with ${drugs || "nothing"}; follow-up ends on day ${end?.end_days} (${words(end?.reason ?? "")}). The same rows are in the tables below.`;
}

function ended({ end }, x, bottom) {
  if (!end || x(end.end_days) >= WIDTH - RIGHT - 2) return [];
  return [svg("rect", { class: "after", x: x(end.end_days), y: 8, width: WIDTH - RIGHT - x(end.end_days), height: bottom - 8 }, svg("title", { text: `follow-up ended on day ${end.end_days}: ${words(end.reason)}` }))];
}

function name(text, y, unit = "") {
  return [svg("text", { x: LEFT - 8, y, "text-anchor": "end", class: "row", text }), ...(unit ? [svg("text", { x: LEFT - 8, y: y + 12, "text-anchor": "end", class: "unit", text: unit })] : [])];
}

function urine(record, x, top, { reveal }) {
  const height = 150;
  const y = scaleLog([LEAST_UPCR, MOST_UPCR], [top + height - 14, top]).clamp(true);
  const rows = record.readings.filter((/** @type {any} */ row) => row.analyte === "upcr" && row.value !== null);
  const band = (/** @type {any} */ { from, to, kind }) => svg("rect", { class: kind, x: LEFT, width: WIDTH - LEFT - RIGHT, y: y(to), height: y(from) - y(to) });
  const grid = [0.05, 0.2, 1, 3.5, 10].flatMap((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end", class: "unit", text: short(value) }),
  ]);
  const line = rows.map((/** @type {any} */ row, /** @type {number} */ k) => `${k ? "L" : "M"}${x(row.taken_days).toFixed(1)} ${y(row.value).toFixed(1)}`).join("");
  const dots = rows.map((/** @type {any} */ row) => svg("circle", { class: "reading", cx: x(row.taken_days), cy: y(row.value), r: 3 }, svg("title", { text: `day ${row.taken_days}: UPCR ${short(row.value)} mg/mg` })));
  const heading = svg("text", { x: 2, y: top + 10, class: "row", text: "UPCR, mg/mg" });
  const truth = reveal ? [svg("path", { class: "truth", d: truePath(record.truth, x, y) }), ...trueEvents(record.events, x, top)] : [];
  return { height: height + 6, elements: [...BANDS.map(band), ...grid, heading, ...truth, svg("path", { class: "line", d: line }), ...dots] };
}

/**
 * The true ratio, which falls or rises exponentially to a target and then stays.
 *
 * @param {any[]} segments
 * @param {any} x
 * @param {any} y
 */
function truePath(segments, x, y) {
  const points = [];
  const end = x.domain()[1];
  for (const [place, segment] of segments.entries()) {
    const { start_days: start, upcr_start_mg_per_mg: from, log_slope_per_day: slope, upcr_target_mg_per_mg: target } = segment;
    const until = Math.min(segments[place + 1]?.start_days ?? end, end);
    const reached = slope ? start + Math.log(target / from) / slope : start;
    points.push([start, from]);
    if (slope && reached < until) points.push([reached, target], [until, target]);
    else points.push([until, slope ? from * Math.exp(slope * (until - start)) : from]);
  }
  return points.map(([day, value], k) => `${k ? "L" : "M"}${x(day).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

function trueEvents(events, x, top) {
  const signs = { relapse: "▲", complete_remission: "▽", partial_remission: "▿", response_begins: "·" };
  return events
    .filter((/** @type {any} */ row) => row.event in signs)
    .map((/** @type {any} */ row) => svg("text", { class: "truth-sign", x: x(row.time_days), y: top + 10, "text-anchor": "middle" }, signs[/** @type {keyof typeof signs} */ (row.event)], svg("title", { text: `truth: ${words(row.event)} on day ${short(row.time_days)}` })));
}

function dipstick(record, x, top) {
  const spans = record.diary.map((/** @type {any} */ row) => ({ first: row.first_days, last: row.last_days + 1, grade: row.grade }));
  const clinic = record.readings.filter((/** @type {any} */ row) => row.analyte === "dipstick" && row.value !== null);
  if (!spans.length && !clinic.length) return { height: 0, elements: [] };
  const shade = (/** @type {string|number} */ grade) => DIPSTICK_SHADES[typeof grade === "number" ? Math.round(grade) : ["negative", "trace", "1+", "2+", "3+", "4+"].indexOf(grade)] ?? DIPSTICK_SHADES[0];
  const strips = [
    ...spans.map((/** @type {any} */ { first, last, grade }) => svg("rect", { x: x(first), width: Math.max(1, x(last) - x(first)), y: top, height: 10, fill: shade(grade) }, svg("title", { text: `home dipstick ${grade}, day ${first} to ${last - 1}` }))),
    ...clinic.map((/** @type {any} */ row) => svg("rect", { class: "strip", x: x(row.taken_days) - 2, width: 4, y: top - 1, height: 12, fill: shade(row.value) }, svg("title", { text: `day ${row.taken_days}: dipstick ${["negative", "trace", "1+", "2+", "3+", "4+"][row.value] ?? row.value}` }))),
  ];
  return { height: 22, elements: [...name("dipstick", top + 9), ...strips] };
}

function albumin(record, x, top) {
  const rows = record.readings.filter((/** @type {any} */ row) => row.analyte === "albumin" && row.value !== null);
  if (!rows.length) return { height: 0, elements: [] };
  const y = scaleLinear([1, 5], [top + 44, top]).clamp(true);
  const line = rows.map((/** @type {any} */ row, /** @type {number} */ k) => `${k ? "L" : "M"}${x(row.taken_days).toFixed(1)} ${y(row.value).toFixed(1)}`).join("");
  const grid = [2, 3, 4].flatMap((value) => [svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }), svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end", class: "unit", text: value })]);
  const dots = rows.map((/** @type {any} */ row) => svg("circle", { class: "albumin", cx: x(row.taken_days), cy: y(row.value), r: 2.2 }, svg("title", { text: `day ${row.taken_days}: albumin ${short(row.value)} g/dL` })));
  return { height: 66, elements: [...grid, svg("text", { x: 2, y: top - 2, class: "row", text: "albumin, g/dL" }), svg("path", { class: "line albumin", d: line }), ...dots] };
}

function steroid(record, x, top) {
  const rows = record.doses.filter((/** @type {any} */ row) => row.drug === "prednisone" || row.drug === "methylprednisolone");
  const most = Math.max(20, ...rows.map((/** @type {any} */ row) => Math.min(row.mean_mg_per_day, 100)));
  const y = scaleLinear([0, most], [top + 44, top + 8]).clamp(true);
  const steps = rows.map((/** @type {any} */ row) =>
    svg(
      "rect",
      { class: row.schedule === "alternate_day" ? "steroid alternate" : "steroid", x: x(row.first_days), width: Math.max(1, x(row.last_days + 1) - x(row.first_days)), y: y(row.mean_mg_per_day), height: y(0) - y(row.mean_mg_per_day) },
      svg("title", { text: `day ${row.first_days} to ${row.last_days}: ${words(row.drug)} ${short(row.dose_mg)} mg, ${words(row.schedule)}` }),
    ),
  );
  const axis = [0, most].map((value) => svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end", class: "unit", text: short(value) }));
  return { height: 62, elements: [svg("text", { x: 2, y: top - 4, class: "row", text: "steroid, mg a day" }), ...axis, ...steps, svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0) })] };
}

function agents(record, x, top) {
  const others = record.doses.filter((/** @type {any} */ row) => row.drug !== "prednisone" && row.drug !== "methylprednisolone");
  const drugs = [...new Set(others.map((/** @type {any} */ row) => row.drug))];
  const elements = drugs.flatMap((drug, lane) => [
    ...name(words(drug), top + lane * LANE + 10),
    ...others
      .filter((/** @type {any} */ row) => row.drug === drug)
      .map((/** @type {any} */ row) => svg("rect", { class: "agent", x: x(row.first_days), width: Math.max(3, x(row.last_days + 1) - x(row.first_days)), y: top + lane * LANE + 1, height: LANE - 5 }, svg("title", { text: `day ${row.first_days} to ${row.last_days}: ${words(drug)} ${short(row.dose_mg)} mg, ${words(row.schedule)}` }))),
  ]);
  return { height: drugs.length ? drugs.length * LANE + 8 : 0, elements };
}

function noted(record, x, top) {
  if (!record.conditions.length) return { height: 0, elements: [] };
  const signs = { infection: "✱", contraindication: "✕", toxicity: "!", agent_toxicity: "!", complication: "◆" };
  const marks = record.conditions.map((/** @type {any} */ row) =>
    svg("text", { class: "noted", x: x(row.noted_days), y: top + 11, "text-anchor": "middle" }, signs[/** @type {keyof typeof signs} */ (row.kind)] ?? "●", svg("title", { text: `day ${row.noted_days}: ${words(row.condition)} (${words(row.kind)})` })),
  );
  return { height: 20, elements: [...name("noted", top + 10), ...marks] };
}

function visits(record, x, top) {
  const ticks = record.visits.map((/** @type {any} */ row) => {
    const day = row.missed ? row.planned_days : row.actual_days;
    return svg("line", { class: row.missed ? "missed" : "visit", x1: x(day), x2: x(day), y1: top + 2, y2: top + 12 }, svg("title", { text: `day ${short(day)}: ${words(row.kind)} visit${row.missed ? ", missed" : ""}` }));
  });
  return { height: 20, elements: [...name("visits", top + 11), ...ticks] };
}

function days(x, last, top) {
  const step = last > 2000 ? 365 : last > 1000 ? 180 : last > 400 ? 90 : 30;
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, k) => k * step);
  return ticks.flatMap((day) => [
    svg("line", { class: "grid", x1: x(day), x2: x(day), y1: top, y2: top + 5 }),
    svg("text", { x: x(day), y: top + 18, "text-anchor": "middle", class: "unit", text: day === 0 ? "day 0" : day }),
  ]);
}
