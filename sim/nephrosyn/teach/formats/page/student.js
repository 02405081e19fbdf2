// The student's copy: answers are kept, written on a sheet and turned into a code. There is no key here.
function given(question) {
  const answer = state.answers[question.at];
  if (!answer) return ["–"];
  const copies = (items) => [...items].map((node) => node.cloneNode(true));
  if (question.kind === "numeric") {
    const unit = one(".number .unit", question.form);
    return [answer.value, ...(unit ? [" ", ...copies(unit.childNodes)] : [])];
  }
  if (question.kind === "matching") {
    const [labels, pool] = [all(".pair > label", question.form), all("ol.on-paper > li", question.form)];
    return labels.map((label, i) => made("div", {}, copies(label.childNodes), ": ", copies(pool[answer.value[i]].childNodes)));
  }
  const items = all(".option", question.form);
  return [answer.value].flat().map((place) => {
    return made("div", {}, `${"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place]}. `, copies(one(".words", items[place]).childNodes));
  });
}

function showSheet() {
  const rows = questions.map((question) => {
    const cells = [question.inCase, question.stage, question.place].map((number) => made("td", {}, String(number + 1)));
    return made("tr", {}, cells, made("td", {}, given(question)));
  });
  one("#given tbody").replaceChildren(...rows);
  one("#who").value = state.who;
  one("#code").value = encode(state.who, state.answers);
}

function changed(question) {
  const { answer, wrong } = readForm(question);
  one(".problem", question.form).textContent = wrong || "";
  if (answer) state.answers[question.at] = answer;
  else delete state.answers[question.at];
  after(question.inCase);
}

function after(number) {
  save();
  lock(cases[number]);
  openStages(cases[number]);
  showProgress(() => "answered");
  showSheet();
}

// What lies before the stage reached is fixed: later findings must not change earlier answers.
function lock({ number, asked }) {
  for (const question of asked) freeze(question, question.stage < (state.reached[number] || 0));
}

function begin() {
  for (const question of questions) {
    fillForm(question);
    one(".problem", question.form).textContent = "";
  }
  for (const inCase of cases) {
    lock(inCase);
    openStages(inCase);
  }
  showProgress(() => "answered");
  showSheet();
}

for (const question of questions) {
  question.form.addEventListener("change", () => changed(question));
  question.form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed(question);
    one("button.next:not([hidden]), nav.along a.go", question.form.closest("article"))?.focus();
  });
}
for (const inCase of cases) inCase.article.addEventListener("click", () => lock(inCase));

one("#who").addEventListener("input", (event) => {
  state.who = event.target.value;
  save();
  one("#code").value = encode(state.who, state.answers);
});

one("#copy").addEventListener("click", async () => {
  const code = one("#code");
  code.select();
  let copied = false;
  try {
    await navigator.clipboard.writeText(code.value);
    copied = true;
  } catch {
    copied = document.execCommand("copy");
  }
  one("#copied").textContent = copied ? "Copied." : "Copy the selected text with Ctrl+C.";
});

load();
showUnits(state.units);
onReset(begin);
begin();
save();
show(false);
