// Five chapters: each sets the page and asks one question.
import { html } from "./elements.mjs";

/**
 * @typedef {object} Chapter
 * @property {string} id
 * @property {string} title
 * @property {string} text
 * @property {string} question
 * @property {(state: import("./state.mjs").State, data: any) => void} set
 */

/**
 * The first of some sets that the page has and that covers any of its patients.
 *
 * @param {any} data
 * @param {string[]} names
 */
const oneOf = (data, names) => names.find((name) => data.covering.includes(name)) ?? data.sets[0].name;

/** @type {Chapter[]} */
export const CHAPTERS = [
  {
    id: "definition",
    title: "One third by definition",
    text: "The same patients, judged by another definition set. Nothing about them changes: only the words do. Choose one set after the other, and move its thresholds.",
    question: "Which threshold moves most patients, and is any set right?",
    set: (state, data) => {
      state.set = oneOf(data, ["ipna-2022", "kdigo-2021-adults"]);
    },
  },
  {
    id: "follow-up",
    title: "One third by follow-up",
    text: "A relapse that has not happened yet cannot make anyone frequently relapsing. The slider of follow-up shows the same patients seen for a shorter or longer time.",
    question: "At what follow-up does the share cross one third, and does it level off?",
    set: (state, data) => {
      const setting = data.settings.find((/** @type {any} */ each) => each.id === "follow_up");
      if (setting) state.settings.follow_up = 0;
    },
  },
  {
    id: "who",
    title: "One third of whom?",
    text: "The share has a denominator. Patients whom the set does not cover, and those who cannot be judged, are counted or left out; both shares are under the bar.",
    question: "How far apart are the two shares, and which would you quote?",
    set: (state, data) => {
      state.set = oneOf(data, ["kdigo-2021-adults", "kdigo-2021-children"]);
    },
  },
  {
    id: "record",
    title: "One third by the record",
    text: "The complete record holds every day without error; the observed record holds what the clinic saw and wrote down. Switch between the two, and move visit spacing and missed visits.",
    question: "Does a worse record make patients look better or worse than they are?",
    set: (state) => {
      state.view = "complete";
    },
  },
  {
    id: "care",
    title: "One third by care",
    text: "Care decides who relapses under the eyes of the clinic, and who is given steroid for long enough to be called resistant. Move dose, taper and second agents; each dot is its own counterfactual.",
    question: "Which change of care moves the share most, and whom does it help?",
    set: (state, data) => {
      const setting = data.settings.find((/** @type {any} */ each) => each.id === "second_agents");
      if (setting) state.settings.second_agents = setting.base === 0 ? 1 : 0;
    },
  },
];

/**
 * @param {string|null} current
 * @param {(chapter: string|null) => void} choose
 */
export function chapterBar(current, choose) {
  const button = (/** @type {string|null} */ id, /** @type {string} */ text) => html("button", { type: "button", "aria-pressed": String(id === current), text, onclick: () => choose(id) });
  return [...CHAPTERS.map(({ id, title }, k) => button(id, `${k + 1}. ${title}`)), button(null, "Explore freely")];
}

/** @param {string|null} current */
export function chapterText(current) {
  const chapter = CHAPTERS.find(({ id }) => id === current);
  return chapter ? html("div", {}, html("p", { text: chapter.text }), html("p", { class: "question" }, html("b", { text: chapter.question }))) : "";
}
