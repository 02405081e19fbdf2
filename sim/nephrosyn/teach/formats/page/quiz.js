// The quiz: an answer is checked, gets feedback and cannot be changed; the score goes to a listener, if any.
function showQuestion(question) {
  const answer = state.answers[question.at];
  fillForm(question);
  freeze(question, Boolean(answer));
  query("button[type=submit]", question.form).hidden = Boolean(answer);
  if (answer) verdict(question, answer);
  else forget(question);
}

function showSummary(thisCase) {
  const box = query(`[data-summary="${thisCase.number}"]`);
  const done = isDone(thisCase);
  box.hidden = !done;
  for (const old of queryAll("p", box)) old.remove();
  if (!done) return;
  const got = `${points(score(thisCase.caseQuestions, state.answers))} of ${thisCase.caseQuestions.length} points`;
  box.append(create("p", { class: "got" }, got), create("p", {}, words(keyContent.summaries[thisCase.number])));
  const margin = keyContent.margins[thisCase.number];
  if (!margin) return;
  box.append(create("p", {}, create("strong", {}, "What would change the answer:"), " ", words(margin)));
}

function showScore() {
  const raw = score(questions, state.answers);
  const complete = cases.every(isDone);
  showProgress((thisCase) => `${points(score(thisCase.caseQuestions, state.answers))} of ${thisCase.caseQuestions.length} points`);
  const given = questions.filter((question) => state.answers[question.at]).length;
  query("#total-words").textContent += given ? ` · ${points(raw)} points of ${given} answered` : "";
  if (typeof window.nephrosynScore === "function") window.nephrosynScore({ raw, max: questions.length, complete });
}

function check(question) {
  const { answer, missing, wrong } = readForm(question);
  showProblem(question, missing || wrong || "");
  if (!answer) return;
  const thisCase = cases[question.caseNumber];
  state.answers[question.at] = answer;
  save(question);
  showQuestion(question);
  openStages(thisCase);
  showSummary(thisCase);
  showScore();
  // The next control gets the focus, so that Enter moves on.
  const open = thisCase.caseQuestions.find((other) => other.stage === question.stage && !state.answers[other.at]);
  const next = query("button.next:not([hidden])", thisCase.article);
  if (open) query("fieldset", open.form).focus({ preventScroll: true });
  else (next || query("nav.along a.go, nav.along a:last-of-type", thisCase.article)).focus({ preventScroll: true });
  query(".verdict", question.form).scrollIntoView({ block: "nearest" });
}

function begin() {
  for (const question of questions) {
    showProblem(question, "");
    showQuestion(question);
  }
  for (const thisCase of cases) {
    openStages(thisCase);
    showSummary(thisCase);
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
