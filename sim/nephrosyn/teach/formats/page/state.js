// What the page knows: its questions, the answers given so far, the units shown. Kept between visits where possible.
const root = document.documentElement;
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const questions = all("form.question").map((form) => {
  const [inCase, stage, place] = form.dataset.at.split(".").map(Number);
  return { at: form.dataset.at, inCase, stage, place, kind: form.dataset.kind, form };
});
const cases = all("article.case").map((article, number) => ({
  number,
  article,
  stages: all("section.stage", article),
  asked: questions.filter((question) => question.inCase === number),
}));

const fresh = () => ({ answers: {}, reached: {}, who: "" });
let state = fresh();

// Where answers stay between visits: the storage of this browser, apart for each content. Another script may put
// another keeper in its place. `read` returns what was kept, `write` says in words where answers are.
const keptAs = `nephrosyn:${root.dataset.copy}:${root.dataset.digest}`;
let keeper = {
  read: () => JSON.parse(localStorage.getItem(keptAs)),
  write: () => {
    try {
      localStorage.setItem(keptAs, JSON.stringify(state));
      return "Your progress is kept in this browser, for this set of cases only.";
    } catch {
      // a browser may refuse a file from disk its storage
      return "This browser keeps nothing for a file like this one: your progress is lost when you close the page.";
    }
  },
  warn: (count, who) => {
    const answers = count === 1 ? ["1 answer"] : count ? [`${count} answers`] : [];
    const all = [...answers, ...(who ? [`the name “${who}”`] : [])].join(", ");
    if (all) showNote(`Kept in this browser from an earlier visit: ${all}. Not yours? Press “Start over”.`);
  },
};

function load() {
  try {
    const found = keeper.read() || {};
    state = { ...fresh(), units: found.units, who: typeof found.who === "string" ? found.who : "" };
    for (const question of questions) {
      const answer = (found.answers || {})[question.at];
      if (fits(question, answer)) state.answers[question.at] = answer;
    }
    for (const { number, stages } of cases) {
      const reached = (found.reached || {})[number];
      if (Number.isInteger(reached) && reached > 0 && reached < stages.length) state.reached[number] = reached;
    }
  } catch {
    state = fresh();
  }
  keeper.warn?.(Object.keys(state.answers).length, state.who);
}

// With the question that was just answered, if one was.
function save(question) {
  const where = keeper.write(question);
  if (root.dataset.copy !== "teacher") one("#keeping").textContent = where;
}

// Adds to what the list of cases says of kept answers; an empty text takes all of it away.
function showNote(text) {
  one("#note").textContent = text && `${one("#note").textContent} ${text}`.trim();
  one("#note").hidden = !text;
}

// An answer is {value, units}: a place, a list of places, or the text of a number, and the units it was given in.
function fits(question, answer) {
  if (!answer || typeof answer !== "object" || !["conventional", "si"].includes(answer.units)) return false;
  const { value } = answer;
  const select = one("select", question.form);
  const most = select ? select.options.length - 1 : all("input", question.form).length;
  const place = (n) => Number.isInteger(n) && n >= 0 && n < most;
  if (question.kind === "single") return place(value);
  if (question.kind === "numeric") return typeof value === "string" && readNumber(value) !== null;
  if (!Array.isArray(value) || !value.every(place)) return false;
  if (question.kind === "multiple") return value.length > 0 && new Set(value).size === value.length;
  return value.length === all("select", question.form).length;
}

// A number as people type it: a decimal point or a decimal comma, a sign, a unit behind it, no power of ten. Eight
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
  const buttons = all("input[name=units]");
  if (!buttons.some((button) => button.value === units)) return;
  root.dataset.units = units;
  for (const button of buttons) button.checked = button.value === units;
  for (const option of all("option[data-conventional]")) option.textContent = option.dataset[units];
}

for (const button of all("input[name=units]")) {
  button.addEventListener("change", () => {
    showUnits(button.value);
    state.units = button.value;
    save();
    document.dispatchEvent(new Event("units"));
  });
}

// A text of the key, in one or both systems of units, as nodes; it is never read as HTML.
function words(text) {
  if (typeof text !== "object") return [document.createTextNode(String(text))];
  return Object.entries(text).map(([units, said]) => made("span", { "data-in": units }, String(said)));
}

function made(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside.flat());
  return element;
}

const isDone = ({ asked }) => asked.every((question) => state.answers[question.at]);
