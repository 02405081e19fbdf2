// The verdict on one patient, clause by clause.
import { html } from "./elements.mjs";
import { words } from "./wording.mjs";

const STATUS = { 1: "met", 0: "not met", "-1": "cannot be judged" };
const NO_DAY = 1e9;

/**
 * @param {object} content
 * @param {{code: number, plain: string, sentence: string, flag: string}[]} content.clauses
 * @param {Int8Array} content.status - of each clause; -2 where the set does not define it
 * @param {ArrayLike<number|bigint>} content.day - day on which each clause was met
 * @param {string} content.category
 * @param {string} content.title - of the definition set
 * @param {(day: number|null) => void} content.mark - mark a day in the timeline
 */
export function verdictTable({ clauses, status, day, category, title, mark }) {
  const rows = clauses
    .map((clause) => ({ ...clause, status: status[clause.code], day: Number(day[clause.code]) }))
    .filter((clause) => clause.status !== -2)
    .map((clause) => clauseRow(clause, mark));
  return html(
    "div",
    {},
    html("p", {}, `By ${title} this patient is `, html("b", { text: category }), "."),
    html(
      "table",
      { class: "clauses" },
      html("caption", { class: "vh", text: "Clauses of the definition" }),
      html("thead", {}, html("tr", {}, ...["clause", "status", "day"].map((text) => html("th", { scope: "col", text })))),
      html("tbody", {}, ...rows),
    ),
  );
}

function clauseRow({ plain, sentence, status, day, flag }, mark) {
  const known = status === 1 && Math.abs(day) < NO_DAY;
  const shown = known
    ? html("button", { type: "button", class: "day", text: `day ${day}`, onclick: () => mark(day), onmouseenter: () => mark(day), onfocus: () => mark(day), onmouseleave: () => mark(null), onblur: () => mark(null) })
    : "";
  return html("tr", { class: status === 1 ? "met" : status === -1 ? "unknown" : "" }, html("th", { scope: "row" }, html("b", { text: plain || words(flag) }), sentence ? html("span", { class: "muted", text: ` ${sentence}` }) : ""), html("td", { text: STATUS[/** @type {keyof typeof STATUS} */ (String(status))] ?? "" }), html("td", {}, shown));
}
