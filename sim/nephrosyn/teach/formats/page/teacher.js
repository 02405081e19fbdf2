// The teacher's copy: keys to show or hide, and codes to mark.
const cover = query("#cover");
cover.addEventListener("click", () => {
  const covered = root.classList.toggle("covered");
  cover.setAttribute("aria-pressed", String(covered));
  cover.textContent = covered ? "Show keys" : "Hide keys";
});

// E-mail breaks long lines, so a code ends where the next one begins.
function codesIn(text) {
  return text.split(/(?=NEPH1\.)/u).map((part) => part.replaceAll(/\s+/gu, "")).filter(Boolean);
}

function markAll() {
  const read = codesIn(query("#codes").value).map((code, i) => ({ number: i + 1, ...decode(code) }));
  const good = read.filter(({ problem }) => !problem);
  const bad = read.filter(({ problem }) => problem);
  const parts = bad.map(({ number, problem }) => create("p", { class: "problem" }, `Code ${number}: ${problem}.`));
  if (!read.length) parts.push(create("p", { class: "problem" }, "Paste at least one code."));
  if (good.length) parts.push(people(good), items(good), spreadsheet(good));
  query("#marked").replaceChildren(...parts);
}

const share = (part, whole) => `${Math.round((100 * part) / whole)}%`;

function grid(caption, heads, rows) {
  const head = create("tr", {}, heads.map((text) => create("th", { scope: "col" }, text)));
  const body = rows.map((cells) => create("tr", {}, cells.map((text, i) => create("td", { class: i ? "n" : "" }, text))));
  const table = create("table", {}, create("caption", {}, caption), create("thead", {}, head), create("tbody", {}, body));
  return create("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Table: ${caption}` }, table);
}

const nameOf = ({ who, number }) => who || `code ${number}`;

function people(read) {
  const rows = read.map((student) => {
    const got = score(questions, student.answers);
    const given = Object.keys(student.answers).length;
    return [nameOf(student), `${points(got)} of ${questions.length}`, share(got, questions.length), `${given} of ${questions.length}`];
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
  const rows = read.map((student) => {
    const got = questions.map((question) => points(credit(question, student.answers[question.at])));
    return [nameOf(student).replaceAll(/[\t\r\n]/gu, " ").replace(/^[=+@-]/u, "'$&"), points(score(questions, student.answers)), ...got];
  });
  const text = [heads, ...rows].map((cells) => cells.join("\t")).join("\n");
  const area = create("textarea", { id: "table-text", readonly: "", rows: "4" });
  area.value = text;
  return create("div", {}, create("h3", {}, create("label", { for: "table-text" }, "For a spreadsheet")), area);
}

query("#mark").addEventListener("click", markAll);
for (const question of questions) question.form.addEventListener("submit", (event) => event.preventDefault());

load();
showUnits(state.units);
save();
show(false);
