// The refractory share as a bar, with its interval, one third, the reader's guess and where it was before; and the interval
// with the scenario's uncertain numbers, where the shipped analysis has it.
import { html, svg } from "./elements.mjs";
import { percent } from "./wording.mjs";

const HEIGHT = 80;
const [TOP, THICK] = [22, 20];

/** @typedef {{low: number, high: number, draws: number}} Known - what is known of the share with uncertain numbers */

/**
 * @param {import("./shares.mjs").Summary} summary
 * @param {import("./shares.mjs").Summary|null} before
 * @param {number|null} guess - 0 to 1
 * @param {number} width - in pixels
 * @param {Known|null} known
 */
export function shareBar(summary, before, guess, width, known) {
  const x = (/** @type {number} */ share) => 6 + share * (width - 12);
  const mark = (/** @type {number} */ share, /** @type {string} */ kind, /** @type {string} */ text, /** @type {number} */ y) => marked(x(share), kind, text, y, width);
  const [low, high] = summary.interval;
  const label = `${percent(summary.share)} refractory, 95% interval ${percent(low)} to ${percent(high)}; one third is marked`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label, class: "share-bar" });
  picture.append(
    svg("rect", { class: "track", x: x(0), y: TOP, width: width - 12, height: THICK, rx: 3 }),
    svg("rect", { class: "share", x: x(0), y: TOP, width: Math.max(0, x(summary.share || 0) - x(0)), height: THICK, rx: 3 }),
    ...(known ? [svg("rect", { class: "known", x: x(known.low), y: TOP + THICK - 5, width: x(known.high) - x(known.low), height: 5 }, svg("title", { text: `with the scenario’s uncertain numbers ${percent(known.low)} to ${percent(known.high)}` }))] : []),
    svg("line", { class: "interval", x1: x(low), x2: x(high), y1: TOP + THICK / 2, y2: TOP + THICK / 2 }),
    ...mark(1 / 3, "third", "one third", 12),
    ...(before && Math.abs(before.share - summary.share) > 1e-9 ? mark(before.share, "before", "as opened", HEIGHT - 5) : []),
    ...(guess === null ? [] : mark(guess, "guess", "your guess", HEIGHT - 20)),
  );
  return picture;
}

/**
 * @param {number} x
 * @param {string} kind
 * @param {string} text
 * @param {number} y - of the text
 * @param {number} width
 */
function marked(x, kind, text, y, width) {
  const anchor = x > width - 80 ? "end" : x < 80 ? "start" : "middle";
  return [
    svg("line", { class: kind, x1: x, x2: x, y1: TOP - 6, y2: y < TOP ? TOP + THICK + 6 : y - 11 }),
    svg("text", { class: kind, x, y, "text-anchor": anchor, text }),
  ];
}

/**
 * The share in words, with its denominators.
 *
 * @param {import("./shares.mjs").Summary} summary
 * @param {Known|null} known
 * @param {boolean} uncertain - whether the scenario has uncertain numbers
 */
export function shareSentences(summary, known, uncertain) {
  const { patients, refractory, judged, outside, interval, intervalOfJudged } = summary;
  if (!patients) return html("p", { text: "This definition set applies to none of these patients." });
  const range = (/** @type {number[]} */ [low, high]) => `${percent(low)} to ${percent(high)}`;
  const rest = [
    `Of the ${judged} who can be judged it is ${percent(summary.shareOfJudged)} (${range(intervalOfJudged)}).`,
    outside ? `The set is not for ${outside} further patients.` : "",
    known
      ? `These intervals are of chance alone. With the scenario’s uncertain numbers the share lies between ${percent(known.low)} and ${percent(known.high)} (narrow bar; shipped analysis of ${known.draws} draws).`
      : `These intervals are of chance alone${uncertain ? "; the command below with --uncertainty 200 also draws the scenario’s uncertain numbers" : ""}.`,
  ];
  return html(
    "div",
    {},
    html("p", { class: "answer" }, html("b", { text: percent(summary.share) }), ` refractory: ${refractory} of ${patients} patients, 95% interval ${range(interval)}.`),
    html("p", { class: "muted", text: rest.join(" ").trim() }),
  );
}
