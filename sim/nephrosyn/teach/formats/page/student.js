// The student's copy: answers are stored, listed on a sheet and encoded. It has no key.
function given(question) {
  const answer = state.answers[question.at];
  if (!answer) return ["–"];
  const copies = (items) => [...items].map((node) => node.cloneNode(true));
  if (question.kind === "numeric") {
    const unit = query(".number .unit", question.form);
    return [answer.value, ...(unit ? [" ", ...copies(unit.childNodes)] : [])];
  }
  if (question.kind === "matching") {
    const [labels, pool] = [queryAll(".pair > label", question.form), queryAll("ol.on-paper > li", question.form)];
    return labels.map((label, i) => create("div", {}, copies(label.childNodes), ": ", copies(pool[answer.value[i]].childNodes)));
  }
  const items = queryAll(".option", question.form);
  return [answer.value].flat().map((place) => {
    return create("div", {}, `${"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place]}. `, copies(query(".words", items[place]).childNodes));
  });
}

function showSheet() {
  const rows = questions.map((question) => {
    const cells = [question.caseNumber, question.stage, question.place].map((number) => create("td", {}, String(number + 1)));
    return create("tr", {}, cells, create("td", {}, given(question)));
  });
  query("#given tbody").replaceChildren(...rows);
  query("#who").value = state.who;
  query("#code").value = encode(state.who, state.answers);
}

function changed(question) {
  const { answer, wrong } = readForm(question);
  query(".problem", question.form).textContent = wrong || "";
  if (answer) state.answers[question.at] = answer;
  else delete state.answers[question.at];
  after(question.caseNumber);
}

function after(number) {
  save();
  lock(cases[number]);
  openStages(cases[number]);
  showProgress(() => "answered");
  showSheet();
}

// Answers before the current stage are fixed: later findings must not change them.
function lock({ number, caseQuestions }) {
  for (const question of caseQuestions) freeze(question, question.stage < (state.reached[number] || 0));
}

function begin() {
  for (const question of questions) {
    fillForm(question);
    query(".problem", question.form).textContent = "";
  }
  for (const thisCase of cases) {
    lock(thisCase);
    openStages(thisCase);
  }
  showProgress(() => "answered");
  showSheet();
}

for (const question of questions) {
  question.form.addEventListener("change", () => changed(question));
  question.form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed(question);
    query("button.next:not([hidden]), nav.along a.go", question.form.closest("article"))?.focus();
  });
}
for (const thisCase of cases) thisCase.article.addEventListener("click", () => lock(thisCase));

query("#who").addEventListener("input", (event) => {
  state.who = event.target.value;
  save();
  query("#code").value = encode(state.who, state.answers);
});

query("#copy").addEventListener("click", async () => {
  const code = query("#code");
  code.select();
  let copied = false;
  try {
    await navigator.clipboard.writeText(code.value);
    copied = true;
  } catch {
    copied = document.execCommand("copy");
  }
  query("#copied").textContent = copied ? "Copied." : "Copy the selected text with Ctrl+C.";
});

load();
showUnits(state.units);
onReset(begin);
begin();
save();
show(false);
