// The feedback of the quiz: points, and the reason for every option.
function verdict(question, answer) {
  const key = keyOf(question);
  const got = credit(question, answer);
  const title = got === 1 ? "Right" : got === 0 ? "Wrong" : "Partly right";
  const box = query(".verdict", question.form);
  box.dataset.got = got === 1 ? "all" : got === 0 ? "none" : "some";
  const lead = create("p", { class: "lead" }, create("strong", {}, title), ` · ${points(got)} of 1 point`);
  box.replaceChildren(lead, ...[...reasons(question, key, answer, got)]);
}

function reasons(question, key, answer, got) {
  if (key.kind === "numeric") return ofNumber(question, key, answer, got);
  if (key.kind === "matching") return ofPairs(question, key, answer);
  return ofOptions(question, key, answer);
}

function ofNumber(question, key, answer, got) {
  const of = (value) => words(typeof value === "object" ? value : String(value));
  const unit = key.unit ? [" ", ...words(key.unit)] : [];
  const read = String(readNumber(answer.value));
  const typed = answer.value === read ? read : `${answer.value} (read as ${read})`;
  const other = answer.units === readUnits() || typeof key.value !== "object" ? "" : `, answered in ${NAMES[answer.units]} units`;
  const within = key.tolerance ? [", within ± ", ...of(key.tolerance)] : [];
  return [
    create("p", {}, `Your answer: ${typed}${other}. Right: `, create("strong", {}, of(key.value), unit), within, "."),
    create("p", {}, words(got === 1 ? key.feedback_right : key.feedback_wrong)),
  ];
}

const NAMES = { conventional: "conventional", si: "SI" };

function ofPairs(question, key, answer) {
  const labels = queryAll(".pair > label", question.form).map((label) => [...label.childNodes].map((node) => node.cloneNode(true)));
  const pool = queryAll("ol.on-paper > li", question.form).map((item) => [...item.childNodes]);
  const copied = (place) => pool[place].map((node) => node.cloneNode(true));
  const rows = key.right.map((place, i) => {
    const right = answer.value[i] === place;
    const yours = right ? [] : [create("span", { class: "yours" }, "your answer: ", copied(answer.value[i]))];
    return create("li", { class: right ? "hit" : "miss" }, sign(right), create("div", {}, create("strong", {}, labels[i], ": ", copied(place)), " ", yours, create("span", { class: "why" }, words(key.feedback[i]))));
  });
  return [create("ul", { class: "reasons" }, rows)];
}

function sign(right) {
  return create("span", { class: `mark ${right ? "right" : "wrong"}` }, right ? "right" : "wrong");
}

function ofOptions(question, key, answer) {
  const chosen = [answer.value].flat();
  queryAll("li.option", question.form).forEach((item, place) => {
    const right = key.credits[place] > 0;
    const taken = chosen.includes(place);
    item.dataset.is = right ? "right" : "wrong";
    item.dataset.taken = String(taken);
    query(".why", item)?.remove();
    const yours = taken ? [create("span", { class: "yours" }, "your answer")] : [];
    item.append(create("div", { class: "why" }, sign(right), " ", yours, " ", words(key.options[place])));
  });
  const hits = chosen.filter((place) => key.credits[place] > 0).length;
  const whole = key.credits.filter((worth) => worth > 0).length;
  const count = `${hits} of ${whole} right options chosen, and ${chosen.length - hits} wrong. Wrong options subtract points.`;
  const parts = question.kind === "multiple" ? [create("p", {}, count)] : [create("p", { class: "vh" }, spoken(question, key, chosen))];
  return key.feedback ? [...parts, create("p", {}, words(key.feedback))] : parts;
}

// For screen readers: the reason for the chosen option, which is outside the live region.
function spoken(question, key, chosen) {
  return words(key.options[chosen[0]]);
}

function forget(question) {
  const box = query(".verdict", question.form);
  box.replaceChildren();
  delete box.dataset.got;
  for (const item of queryAll("li.option", question.form)) {
    delete item.dataset.is;
    delete item.dataset.taken;
    query(".why", item)?.remove();
  }
}
