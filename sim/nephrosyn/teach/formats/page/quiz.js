// The quiz: an answer is checked, told, and stays; the score goes to whoever listens.
function showQuestion(question) {
  const answer = state.answers[question.at];
  fillForm(question);
  freeze(question, Boolean(answer));
  one("button[type=submit]", question.form).hidden = Boolean(answer);
  if (answer) verdict(question, answer);
  else forget(question);
}

function showSummary(inCase) {
  const box = one(`[data-summary="${inCase.number}"]`);
  const done = isDone(inCase);
  box.hidden = !done;
  for (const old of all("p", box)) old.remove();
  if (!done) return;
  const got = `${points(score(inCase.asked, state.answers))} of ${inCase.asked.length} points`;
  const near = made("p", {}, made("strong", {}, "How near another answer is:"), " ", words(told.margins[inCase.number]));
  box.append(made("p", { class: "got" }, got), made("p", {}, words(told.summaries[inCase.number])), near);
}

function showScore() {
  const raw = score(questions, state.answers);
  const complete = cases.every(isDone);
  showProgress((inCase) => `${points(score(inCase.asked, state.answers))} of ${inCase.asked.length} points`);
  const given = questions.filter((question) => state.answers[question.at]).length;
  one("#total-words").textContent += given ? ` · ${points(raw)} points of ${given} answered` : "";
  if (typeof window.nephrosynScore === "function") window.nephrosynScore({ raw, max: questions.length, complete });
}

function check(question) {
  const { answer, missing, wrong } = readForm(question);
  complain(question, missing || wrong || "");
  if (!answer) return;
  const inCase = cases[question.inCase];
  state.answers[question.at] = answer;
  save(question);
  showQuestion(question);
  openStages(inCase);
  showSummary(inCase);
  showScore();
  // The next thing to do gets the focus, so that Enter goes on.
  const open = inCase.asked.find((other) => other.stage === question.stage && !state.answers[other.at]);
  const next = one("button.next:not([hidden])", inCase.article);
  if (open) one("fieldset", open.form).focus({ preventScroll: true });
  else (next || one("nav.along a.go, nav.along a:last-of-type", inCase.article)).focus({ preventScroll: true });
  one(".verdict", question.form).scrollIntoView({ block: "nearest" });
}

function begin() {
  for (const question of questions) {
    complain(question, "");
    showQuestion(question);
  }
  for (const inCase of cases) {
    openStages(inCase);
    showSummary(inCase);
  }
  showScore();
}

for (const question of questions) {
  question.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!state.answers[question.at]) check(question);
  });
}

load();
showUnits(state.units);
document.addEventListener("units", () => questions.filter((question) => state.answers[question.at]).forEach(showQuestion));
onReset(begin);
begin();
save();
show(false);
