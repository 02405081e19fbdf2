// Who moved: bands from the categories before to those now.
import { linkHorizontal } from "d3-shape";

import { svg } from "./elements.mjs";
import { counted } from "./wording.mjs";

const [NODE, GAP] = [12, 10];
const PIXELS = 200;
const [MOST_TEXT, SHARE_OF_TEXT] = [165, 0.4];
const [LETTER, LINE] = [6.4, 12]; // width of a letter and distance of lines, in pixels

/**
 * @param {{from: number, to: number, count: number}[]} pairs
 * @param {{plain: string, colour: string}[]} categories
 * @param {number} width - in pixels
 */
export function flows(pairs, categories, width) {
  const text = Math.min(MOST_TEXT, width * SHARE_OF_TEXT);
  const total = pairs.reduce((sum, { count }) => sum + count, 0);
  const scale = PIXELS / Math.max(1, total);
  const sides = [stacked(pairs, "from", scale), stacked(pairs, "to", scale)];
  const height = Math.max(...sides.map((side) => side.height)) + 4;
  const moved = pairs.filter(({ from, to }) => from !== to);
  const spoken = moved.map(({ from, to, count }) => `${count} from ${categories[from].plain} to ${categories[to].plain}`).join("; ");
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Who moved: ${spoken || "nobody"}`, class: "flows" });
  picture.append(...bands(pairs, sides, scale, categories, [text, width]), ...sides.flatMap((side, place) => nodes(side, place === 0, categories, [text, width])));
  return picture;
}

/**
 * @param {{from: number, to: number, count: number}[]} pairs
 * @param {"from"|"to"} side
 * @param {number} scale
 */
function stacked(pairs, side, scale) {
  /** @type {Map<number, {top: number, size: number, count: number, used: number}>} */
  const places = new Map();
  let top = 2;
  const codes = [...new Set(pairs.map((pair) => pair[side]))].sort((a, b) => a - b);
  for (const code of codes) {
    const count = pairs.reduce((sum, pair) => sum + (pair[side] === code ? pair.count : 0), 0);
    places.set(code, { top, size: count * scale, count, used: 0 });
    top += Math.max(count * scale, 12) + GAP;
  }
  return { places, height: top };
}

/** @param {any} pairs @param {any[]} sides @param {number} scale @param {any} categories @param {number[]} widths - of a text, and of all */
function bands(pairs, [left, right], scale, categories, [text, width]) {
  const link = linkHorizontal();
  const sorted = [...pairs].sort((a, b) => a.from - b.from || a.to - b.to);
  return sorted.map(({ from, to, count }) => {
    const [a, b] = [left.places.get(from), right.places.get(to)];
    const thick = Math.max(count * scale, 0.75);
    const [y1, y2] = [a.top + a.used + thick / 2, b.top + b.used + thick / 2];
    a.used += count * scale;
    b.used += count * scale;
    const path = link({ source: [text + NODE, y1], target: [width - text - NODE, y2] });
    const title = svg("title", { text: `${counted(count, "patient")}: ${categories[from].plain} to ${categories[to].plain}` });
    return svg("path", { d: path, class: from === to ? "stayed" : "moved", stroke: categories[from].colour, "stroke-width": thick }, title);
  });
}

/** @param {any} side @param {boolean} left @param {any} categories @param {number[]} widths */
function nodes(side, left, categories, [room, width]) {
  return [...side.places].flatMap(([code, { top, size, count }]) => {
    const middle = top + Math.max(size, 1) / 2 + 4;
    const text = `${categories[code].plain} ${count}`;
    return [
      svg("rect", { x: left ? room : width - room - NODE, y: top, width: NODE, height: Math.max(size, 1), fill: categories[code].colour }),
      ...label(text, left ? room - 6 : width - room + 6, middle, left ? "end" : "start", room),
    ];
  });
}

/**
 * A text, in two lines where it is too long for one.
 *
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {number} room - in pixels
 */
function label(text, x, y, anchor, room) {
  const space = text.length * LETTER > room ? text.indexOf(" ") : -1;
  const lines = space < 0 ? [text] : [text.slice(0, space), text.slice(space + 1)];
  const top = y - ((lines.length - 1) * LINE) / 2;
  return lines.map((line, place) => svg("text", { x, y: top + place * LINE, "text-anchor": anchor, text: line }));
}
