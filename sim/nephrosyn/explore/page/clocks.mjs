// The model as states and clocks: which event came next for one patient, and how long each clock still had to run.
import { html, svg } from "./elements.mjs";
import { rowsOf } from "./patient_rows.mjs";
import { short, words } from "./wording.mjs";

const DISEASE = [
  { id: "active", text: "proteinuria", events: ["onset", "relapse", "late_resistance", "immunological_relapse"] },
  { id: "falling", text: "proteinuria falls", events: ["response_begins", "agent_response_begins", "spontaneous_fall_begins"] },
  { id: "partial", text: "partial remission", events: ["partial_remission"] },
  { id: "remission", text: "complete remission", events: ["complete_remission"] },
];
const CARE = [
  { id: "unseen", text: "not yet seen", events: ["onset"] },
  { id: "full", text: "full dose of steroid", events: ["presentation", "declared_relapse"] },
  { id: "taper", text: "taper", events: ["taper_started", "declared_remission", "declared_partial_remission"] },
  { id: "resistant", text: "declared resistant", events: ["declared_resistant"] },
  { id: "agent", text: "second agent", events: ["agent_started"] },
  { id: "off", text: "off steroid", events: ["steroid_stopped"] },
];
const ENDS = ["dropout", "death", "end_of_study", "kidney_failure", "discharged"];
const CLOCKS = [
  { text: "disease", events: ["response_begins", "complete_remission", "partial_remission", "spontaneous_fall_begins", "relapse", "late_resistance", "resistance_reversed"] },
  { text: "triggers", events: ["infection", "exertion"] },
  { text: "care", events: ["presentation", "biopsy", "declared_remission", "declared_partial_remission", "declared_relapse", "declared_resistant", "taper_started", "steroid_stopped"] },
  { text: "agents", events: ["agent_started", "agent_in_effect", "agent_response_begins", "agent_stopped", "agent_failed", "agent_toxicity", "agent_effect_ends"] },
  { text: "complications", events: ["steroid_toxicity", "venous_thrombosis", "renal_vein_thrombosis", "serious_infection"] },
  { text: "the end", events: ENDS },
];

/**
 * @param {object} content
 * @param {Record<string, any>} content.tables
 * @param {Record<string, readonly string[]>} content.terms
 * @param {number} content.patient
 * @param {number} content.step - number of the event
 * @param {(step: number) => void} content.go
 */
export function clocks({ tables, terms, patient, step, go }) {
  const events = rowsOf(tables["truth/events"], patient, terms);
  if (!events.length) return html("p", { text: "Nothing happened to this patient." });
  const at = Math.min(step, events.length - 1);
  const now = events[at];
  const past = events.slice(0, at + 1);
  const next = events[at + 1];
  const button = (/** @type {string} */ text, /** @type {number} */ to) => html("button", { type: "button", text, disabled: to < 0 || to >= events.length || to === at, onclick: () => go(to) });
  const sentence = next
    ? `The next event is ${words(next.event)}, ${short(next.time_days - now.time_days)} days later: of all clocks that run, its time is the earliest.`
    : "No clock is left: the follow-up is over.";
  return html(
    "div",
    { class: "clocks" },
    html("p", {}, html("b", { text: `Event ${at + 1} of ${events.length}, day ${short(now.time_days)}: ${words(now.event)}. ` }), sentence),
    html("p", { class: "buttons" }, button("first", 0), button("back", at - 1), button("next event", at + 1), button("last", events.length - 1)),
    chart(past),
    clockTable(events, at),
    html("p", { class: "muted", text: "The days are those at which each event came to pass. In the model a clock is set again whenever what drives it changes: a relapse clock, for example, when the dose falls or an infection begins." }),
  );
}

/** @param {any[]} past */
function chart(past) {
  const current = (/** @type {any[]} */ states) => [...past].reverse().map(({ event }) => states.find(({ events }) => events.includes(event))?.id).find(Boolean);
  const [disease, care] = [current(DISEASE), current(CARE)];
  const spoken = `disease: ${DISEASE.find(({ id }) => id === disease)?.text}; care: ${CARE.find(({ id }) => id === care)?.text}`;
  return svg("svg", { viewBox: "0 0 860 128", role: "img", "aria-label": `States: ${spoken}`, class: "states" }, ...lane("disease", DISEASE, disease, 4), ...lane("care", CARE, care, 68));
}

function lane(title, states, current, top) {
  const width = (860 - 74) / states.length - 18;
  return [
    svg("text", { x: 2, y: top + 30, class: "row", text: title }),
    ...states.flatMap((/** @type {any} */ state, /** @type {number} */ k) => {
      const x = 74 + k * (width + 18);
      return [
        svg("rect", { class: state.id === current ? "state current" : "state", x, y: top, width, height: 48, rx: 8 }),
        svg("text", { class: "state", x: x + width / 2, y: top + 29, "text-anchor": "middle", text: state.text }),
        ...(k ? [svg("text", { class: "arrow", x: x - 9, y: top + 29, "text-anchor": "middle", text: "⇄" })] : []),
      ];
    }),
  ];
}

/**
 * @param {any[]} events
 * @param {number} at
 */
function clockTable(events, at) {
  const now = events[at].time_days;
  const row = (/** @type {{text: string, events: string[]}} */ clock) => {
    const next = events.slice(at + 1).find(({ event }) => clock.events.includes(event));
    const soonest = next && next === events[at + 1];
    return html("tr", { class: soonest ? "met" : "" }, html("th", { scope: "row", text: clock.text }), html("td", { text: next ? words(next.event) : "not before the end" }), html("td", { text: next ? `in ${short(next.time_days - now)} days` : "" }));
  };
  return html(
    "table",
    {},
    html("caption", { text: "Clocks of this patient: the next event of each" }),
    html("thead", {}, html("tr", {}, ...["clock", "next event", "time"].map((text) => html("th", { scope: "col", text })))),
    html("tbody", {}, ...CLOCKS.map(row)),
  );
}
