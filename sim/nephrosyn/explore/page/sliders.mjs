// Sliders over a few values each: of thresholds, and of settings of the scenario.
import { html } from "./elements.mjs";

/**
 * @typedef {object} Choice - a threshold or setting that the page can change
 * @property {string} id
 * @property {string} label
 * @property {string} [unit]
 * @property {string} [group]
 * @property {string[]} labels - text of each value
 * @property {number} base - place of the value that the page was made with
 */

/**
 * Sliders in groups.
 *
 * @param {string} prefix - of the ids of the inputs
 * @param {Choice[]} choices
 * @param {Record<string, number>} places - chosen places by id; those that are missing stand at the base
 * @param {(id: string, place: number) => void} change
 */
export function sliders(prefix, choices, places, change) {
  const groups = new Map();
  for (const choice of choices) {
    const group = choice.group ?? "";
    groups.set(group, [...(groups.get(group) ?? []), slider(prefix, choice, places[choice.id] ?? choice.base, change)]);
  }
  return [...groups].map(([group, inputs]) =>
    group ? html("fieldset", {}, html("legend", { text: group }), ...inputs) : html("div", { class: "sliders" }, ...inputs),
  );
}

/**
 * @param {string} prefix
 * @param {Choice} choice
 * @param {number} place
 * @param {(id: string, place: number) => void} change
 */
function slider(prefix, choice, place, change) {
  const id = `${prefix}-${choice.id}`;
  const value = (/** @type {number} */ at) => [choice.labels[at], choice.unit].filter(Boolean).join(" ");
  const output = html("output", { for: id, text: value(place) });
  const back = html("button", { type: "button", class: "back", title: `back to ${value(choice.base)}`, "aria-label": `${choice.label}: back to ${value(choice.base)}`, text: "↺" });
  const input = html("input", { type: "range", id, min: 0, max: choice.labels.length - 1, step: 1, value: place, "aria-valuetext": value(place) });
  const show = (/** @type {number} */ at) => {
    input.value = String(at);
    output.textContent = value(at);
    input.setAttribute("aria-valuetext", value(at));
    back.disabled = at === choice.base;
  };
  input.addEventListener("input", () => {
    show(Number(input.value));
    change(choice.id, Number(input.value));
  });
  back.addEventListener("click", () => {
    show(choice.base);
    change(choice.id, choice.base);
    input.focus();
  });
  show(place);
  return html("div", { class: "slider" }, html("label", { for: id, text: choice.label }), output, input, back);
}
