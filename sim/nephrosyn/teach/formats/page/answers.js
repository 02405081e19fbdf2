// Reads an answer from its form and fills it in again; opens stages.
function readForm({ form, kind }) {
  const units = readUnits();
  if (kind === "numeric") {
    const text = query("input", form).value.trim();
    if (!text) return { missing: "Type a number." };
    if (readNumber(text) === null) return { wrong: "Type one number, such as 1.5 or 1,5." };
    return { answer: { value: text, units } };
  }
  if (kind === "matching") {
    const chosen = queryAll("select", form).map(({ value }) => value);
    if (chosen.includes("")) return { missing: "Choose an answer for each line." };
    return { answer: { value: chosen.map(Number), units } };
  }
  const value = queryAll("input", form).flatMap((input, place) => (input.checked ? [place] : []));
  if (!value.length) return { missing: kind === "multiple" ? "Choose at least one answer." : "Choose an answer." };
  return { answer: { value: kind === "single" ? value[0] : value, units } };
}

function fillForm({ form, kind, at }) {
  const { value } = state.answers[at] || {};
  if (kind === "numeric") {
    query("input", form).value = value === undefined ? "" : value;
  } else if (kind === "matching") {
    queryAll("select", form).forEach((select, i) => (select.value = value === undefined ? "" : String(value[i])));
  } else {
    const chosen = value === undefined ? [] : [value].flat();
    queryAll("input", form).forEach((input, place) => (input.checked = chosen.includes(place)));
  }
}

function showProblem({ form }, text) {
  query(".problem", form).textContent = text;
  for (const input of queryAll("input[type=text]", form)) input.setAttribute("aria-invalid", String(Boolean(text)));
  if (text) query("input, select", form).focus();
}

function freeze({ form }, frozen) {
  query("fieldset", form).disabled = frozen;
  form.classList.toggle("frozen", frozen);
}

// A stage is shown when the one before it is answered and the reader has moved on.
function openStages({ number, stages, caseQuestions }) {
  const reached = state.reached[number] || 0;
  stages.forEach((stage, step) => {
    stage.classList.toggle("later", step > reached);
    const next = query("button.next", stage);
    if (!next) return;
    const answered = caseQuestions.every((question) => question.stage !== step || state.answers[question.at]);
    next.hidden = step !== reached || !answered;
  });
}

function openNext(thisCase, step) {
  state.reached[thisCase.number] = step + 1;
  save();
  openStages(thisCase);
  query("h3", thisCase.stages[step + 1]).focus();
}

for (const thisCase of cases) {
  thisCase.stages.forEach((stage, step) => {
    const next = query("button.next", stage);
    if (next) next.addEventListener("click", () => openNext(thisCase, step));
  });
}

function showProgress(say) {
  const done = cases.filter(isDone);
  query("#total").value = done.length;
  query("#total-words").textContent = `${done.length} of ${cases.length} done`;
  for (const thisCase of cases) {
    const given = thisCase.caseQuestions.filter((question) => state.answers[question.at]).length;
    const label = query(`[data-state="${thisCase.number}"]`);
    label.textContent = given === 0 ? "not started" : isDone(thisCase) ? say(thisCase) : `${given} of ${thisCase.caseQuestions.length} answered`;
    label.closest(".card").dataset.done = given === 0 ? "no" : isDone(thisCase) ? "yes" : "part";
  }
}

function onReset(begin) {
  const sure = query("#sure");
  query("#reset").addEventListener("click", () => sure.showModal());
  sure.addEventListener("close", () => {
    if (sure.returnValue !== "yes") return;
    sure.returnValue = "";
    state = { ...emptyState(), units: state.units };
    showNote("");
    save();
    begin();
    location.hash = "#list";
  });
}
