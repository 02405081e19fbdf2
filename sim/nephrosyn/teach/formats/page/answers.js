// Reading an answer from its form and putting it back; which stages are open.
function readForm({ form, kind }) {
  const units = readUnits();
  if (kind === "numeric") {
    const text = one("input", form).value.trim();
    if (!text) return { missing: "Type a number." };
    if (readNumber(text) === null) return { wrong: "Type one number, such as 1.5 or 1,5." };
    return { answer: { value: text, units } };
  }
  if (kind === "matching") {
    const chosen = all("select", form).map(({ value }) => value);
    if (chosen.includes("")) return { missing: "Choose an answer for each line." };
    return { answer: { value: chosen.map(Number), units } };
  }
  const value = all("input", form).flatMap((input, place) => (input.checked ? [place] : []));
  if (!value.length) return { missing: kind === "multiple" ? "Choose at least one answer." : "Choose an answer." };
  return { answer: { value: kind === "single" ? value[0] : value, units } };
}

function fillForm({ form, kind, at }) {
  const { value } = state.answers[at] || {};
  if (kind === "numeric") {
    one("input", form).value = value === undefined ? "" : value;
  } else if (kind === "matching") {
    all("select", form).forEach((select, i) => (select.value = value === undefined ? "" : String(value[i])));
  } else {
    const chosen = value === undefined ? [] : [value].flat();
    all("input", form).forEach((input, place) => (input.checked = chosen.includes(place)));
  }
}

function complain({ form }, text) {
  one(".problem", form).textContent = text;
  for (const input of all("input[type=text]", form)) input.setAttribute("aria-invalid", String(Boolean(text)));
  if (text) one("input, select", form).focus();
}

function freeze({ form }, frozen) {
  one("fieldset", form).disabled = frozen;
  form.classList.toggle("frozen", frozen);
}

// A stage shows when the one before it is answered and the reader has gone on.
function openStages({ number, stages, asked }) {
  const reached = state.reached[number] || 0;
  stages.forEach((stage, step) => {
    stage.classList.toggle("later", step > reached);
    const next = one("button.next", stage);
    if (!next) return;
    const answered = asked.every((question) => question.stage !== step || state.answers[question.at]);
    next.hidden = step !== reached || !answered;
  });
}

function goOn(inCase, step) {
  state.reached[inCase.number] = step + 1;
  save();
  openStages(inCase);
  one("h3", inCase.stages[step + 1]).focus();
}

for (const inCase of cases) {
  inCase.stages.forEach((stage, step) => {
    const next = one("button.next", stage);
    if (next) next.addEventListener("click", () => goOn(inCase, step));
  });
}

function showProgress(say) {
  const done = cases.filter(isDone);
  one("#total").value = done.length;
  one("#total-words").textContent = `${done.length} of ${cases.length} done`;
  for (const inCase of cases) {
    const given = inCase.asked.filter((question) => state.answers[question.at]).length;
    const label = one(`[data-state="${inCase.number}"]`);
    label.textContent = given === 0 ? "not begun" : isDone(inCase) ? say(inCase) : `${given} of ${inCase.asked.length} answered`;
    label.closest(".card").dataset.done = given === 0 ? "no" : isDone(inCase) ? "yes" : "part";
  }
}

function onReset(begin) {
  const sure = one("#sure");
  one("#reset").addEventListener("click", () => sure.showModal());
  sure.addEventListener("close", () => {
    if (sure.returnValue !== "yes") return;
    sure.returnValue = "";
    state = { ...fresh(), units: state.units };
    showNote("");
    save();
    begin();
    location.hash = "#list";
  });
}
