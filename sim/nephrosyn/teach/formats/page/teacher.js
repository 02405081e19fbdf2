// The teacher's copy: keys to show or hide, and codes to mark.
const cover = one("#cover");
cover.addEventListener("click", () => {
  const covered = root.classList.toggle("covered");
  cover.setAttribute("aria-pressed", String(covered));
  cover.textContent = covered ? "Show keys" : "Hide keys";
});

// Mail breaks long lines: a code ends where the next one begins.
function codesIn(text) {
  return text.split(/(?=NEPH1\.)/u).map((part) => part.replaceAll(/\s+/gu, "")).filter(Boolean);
}

function markAll() {
  const read = codesIn(one("#codes").value).map((code, i) => ({ number: i + 1, ...decode(code) }));
  const good = read.filter(({ problem }) => !problem);
  const bad = read.filter(({ problem }) => problem);
  const parts = bad.map(({ number, problem }) => made("p", { class: "problem" }, `Code ${number}: ${problem}.`));
  if (!read.length) parts.push(made("p", { class: "problem" }, "Paste at least one code."));
  if (good.length) parts.push(people(good), items(good), spreadsheet(good));
  one("#marked").replaceChildren(...parts);
}

const share = (part, whole) => `${Math.round((100 * part) / whole)}%`;

function grid(caption, heads, rows) {
  const head = made("tr", {}, heads.map((text) => made("th", { scope: "col" }, text)));
  const body = rows.map((cells) => made("tr", {}, cells.map((text, i) => made("td", { class: i ? "n" : "" }, text))));
  const table = made("table", {}, made("caption", {}, caption), made("thead", {}, head), made("tbody", {}, body));
  return made("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Table: ${caption}` }, table);
}

const nameOf = ({ who, number }) => who || `code ${number}`;

function people(read) {
  const rows = read.map((each) => {
    const got = score(questions, each.answers);
    const given = Object.keys(each.answers).length;
    return [nameOf(each), `${points(got)} of ${questions.length}`, share(got, questions.length), `${given} of ${questions.length}`];
  });
  return grid("Students", ["Name or number", "Points", "Share", "Answered"], rows);
}

function items(read) {
  const rows = questions.map((question) => {
    const got = read.reduce((sum, { answers }) => sum + credit(question, answers[question.at]), 0);
    return [question.at.split(".").map((n) => Number(n) + 1).join("."), share(got, read.length)];
  });
  return grid("Questions (case.stage.question)", ["Question", "Mean share of the point"], rows);
}

function spreadsheet(read) {
  const heads = ["name", "points", ...questions.map(({ at }) => at.split(".").map((n) => Number(n) + 1).join("."))];
  const rows = read.map((each) => {
    const got = questions.map((question) => points(credit(question, each.answers[question.at])));
    return [nameOf(each).replaceAll(/[\t\r\n]/gu, " ").replace(/^[=+@-]/u, "'$&"), points(score(questions, each.answers)), ...got];
  });
  const text = [heads, ...rows].map((cells) => cells.join("\t")).join("\n");
  const area = made("textarea", { id: "table-text", readonly: "", rows: "4" });
  area.value = text;
  return made("div", {}, made("h3", {}, made("label", { for: "table-text" }, "For a spreadsheet")), area);
}

one("#mark").addEventListener("click", markAll);
for (const question of questions) question.form.addEventListener("submit", (event) => event.preventDefault());

load();
showUnits(state.units);
save();
show(false);
