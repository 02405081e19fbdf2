// The state of the page: its questions, the answers so far and the units shown. Stored between visits where possible.
const root = document.documentElement;
const query = (selector, within = document) => within.querySelector(selector);
const queryAll = (selector, within = document) => [...within.querySelectorAll(selector)];

const questions = queryAll("form.question").map((form) => {
  const [caseNumber, stage, place] = form.dataset.at.split(".").map(Number);
  return { at: form.dataset.at, caseNumber, stage, place, kind: form.dataset.kind, form };
});
const cases = queryAll("article.case").map((article, number) => ({
  number,
  article,
  stages: queryAll("section.stage", article),
  caseQuestions: questions.filter((question) => question.caseNumber === number),
}));

const emptyState = () => ({ answers: {}, reached: {}, who: "" });
let state = emptyState();

// Stores answers between visits: the storage of this browser, separate for each set of cases. Another script may replace
// it. `read` returns what was stored; `write` returns a message on where the answers are stored.
const storageKey = `nephrosyn:${root.dataset.copy}:${root.dataset.digest}`;
let storage = {
  read: () => JSON.parse(localStorage.getItem(storageKey)),
  write: () => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(state));
      return "Your progress is stored in this browser, for this set of cases only.";
    } catch {
      // a browser may deny storage to a file from disk
      return "This browser stores nothing for a file from disk: your progress is lost when you close the page.";
    }
  },
  warn: (count, who) => {
    const answers = count === 1 ? ["1 answer"] : count ? [`${count} answers`] : [];
    const parts = [...answers, ...(who ? [`the name “${who}”`] : [])].join(", ");
    if (parts) showNote(`Stored in this browser from an earlier visit: ${parts}. Not yours? Press “Start over”.`);
  },
};

function load() {
  try {
    const saved = storage.read() || {};
    state = { ...emptyState(), units: saved.units, who: typeof saved.who === "string" ? saved.who : "" };
    for (const question of questions) {
      const answer = (saved.answers || {})[question.at];
      if (fits(question, answer)) state.answers[question.at] = answer;
    }
    for (const { number, stages } of cases) {
      const reached = (saved.reached || {})[number];
      if (Number.isInteger(reached) && reached > 0 && reached < stages.length) state.reached[number] = reached;
    }
  } catch {
    state = emptyState();
  }
  storage.warn?.(Object.keys(state.answers).length, state.who);
}

// Gets the question that was just answered, if any.
function save(question) {
  const where = storage.write(question);
  if (root.dataset.copy !== "teacher") query("#keeping").textContent = where;
}

// Adds to the note above the list of cases; an empty text clears it.
function showNote(text) {
  query("#note").textContent = text && `${query("#note").textContent} ${text}`.trim();
  query("#note").hidden = !text;
}

// An answer is {value, units}: a place, a list of places, or the text of a number, and the units it was given in.
function fits(question, answer) {
  if (!answer || typeof answer !== "object" || !["conventional", "si"].includes(answer.units)) return false;
  const { value } = answer;
  const select = query("select", question.form);
  const most = select ? select.options.length - 1 : queryAll("input", question.form).length;
  const place = (n) => Number.isInteger(n) && n >= 0 && n < most;
  if (question.kind === "single") return place(value);
  if (question.kind === "numeric") return typeof value === "string" && readNumber(value) !== null;
  if (!Array.isArray(value) || !value.every(place)) return false;
  if (question.kind === "multiple") return value.length > 0 && new Set(value).size === value.length;
  return value.length === queryAll("select", question.form).length;
}

// A number as people type it: a decimal point or comma, a sign, a unit after it, no power of ten. Eight
// digits and six decimals are more than any answer needs, and keep what is stored of it short.
function readNumber(text) {
  const found = /^([+−-]?)(\d+(?:[.,]\d*)?|[.,]\d+)(?:\s*(?!e[+−-]?\d)[^\d\s.,+−-].*)?$/iu.exec(text.trim());
  if (!found) return null;
  const size = Number(Number(Number(found[2].replace(",", ".")).toPrecision(8)).toFixed(6));
  if (size >= 1e8) return null;
  return found[1] && found[1] !== "+" ? -size : size;
}

const readUnits = () => root.dataset.units;

function showUnits(units) {
  const buttons = queryAll("input[name=units]");
  if (!buttons.some((button) => button.value === units)) return;
  root.dataset.units = units;
  for (const button of buttons) button.checked = button.value === units;
  for (const option of queryAll("option[data-conventional]")) option.textContent = option.dataset[units];
}

for (const button of queryAll("input[name=units]")) {
  button.addEventListener("change", () => {
    showUnits(button.value);
    state.units = button.value;
    save();
    document.dispatchEvent(new Event("units"));
  });
}

// A text of the key, in one or both systems of units, as nodes; it is never parsed as HTML.
function words(text) {
  if (typeof text !== "object") return [document.createTextNode(String(text))];
  return Object.entries(text).map(([units, said]) => create("span", { "data-in": units }, String(said)));
}

function create(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside.flat());
  return element;
}

const isDone = ({ caseQuestions }) => caseQuestions.every((question) => state.answers[question.at]);
