// What the quiz says to an answer: how many points, and to every option why.
function verdict(question, answer) {
  const key = keyOf(question);
  const got = credit(question, answer);
  const title = got === 1 ? "Right" : got === 0 ? "Wrong" : "Partly right";
  const box = one(".verdict", question.form);
  box.dataset.got = got === 1 ? "all" : got === 0 ? "none" : "some";
  const lead = made("p", { class: "lead" }, made("strong", {}, title), ` · ${points(got)} of 1 point`);
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
    made("p", {}, `Your answer: ${typed}${other}. Right: `, made("strong", {}, of(key.value), unit), within, "."),
    made("p", {}, words(got === 1 ? key.feedback_right : key.feedback_wrong)),
  ];
}

const NAMES = { conventional: "conventional", si: "SI" };

function ofPairs(question, key, answer) {
  const labels = all(".pair > label", question.form).map((label) => [...label.childNodes].map((node) => node.cloneNode(true)));
  const pool = all("ol.on-paper > li", question.form).map((item) => [...item.childNodes]);
  const copied = (place) => pool[place].map((node) => node.cloneNode(true));
  const rows = key.right.map((place, i) => {
    const right = answer.value[i] === place;
    const yours = right ? [] : [made("span", { class: "yours" }, "your answer: ", copied(answer.value[i]))];
    return made("li", { class: right ? "hit" : "miss" }, sign(right), made("div", {}, made("strong", {}, labels[i], ": ", copied(place)), " ", yours, made("span", { class: "why" }, words(key.feedback[i]))));
  });
  return [made("ul", { class: "told" }, rows)];
}

function sign(right) {
  return made("span", { class: `mark ${right ? "right" : "wrong"}` }, right ? "right" : "wrong");
}

function ofOptions(question, key, answer) {
  const chosen = [answer.value].flat();
  all("li.option", question.form).forEach((item, place) => {
    const right = key.credits[place] > 0;
    const taken = chosen.includes(place);
    item.dataset.is = right ? "right" : "wrong";
    item.dataset.taken = String(taken);
    one(".why", item)?.remove();
    const yours = taken ? [made("span", { class: "yours" }, "your answer")] : [];
    item.append(made("div", { class: "why" }, sign(right), " ", yours, " ", words(key.options[place])));
  });
  const hits = chosen.filter((place) => key.credits[place] > 0).length;
  const whole = key.credits.filter((one) => one > 0).length;
  const count = `${hits} of ${whole} right ones chosen, ${chosen.length - hits} wrong. A wrong one takes points away.`;
  const parts = question.kind === "multiple" ? [made("p", {}, count)] : [made("p", { class: "vh" }, spoken(question, key, chosen))];
  return key.feedback ? [...parts, made("p", {}, words(key.feedback))] : parts;
}

// For those who hear the page: the reason beside the chosen option, which stands outside the live part.
function spoken(question, key, chosen) {
  return words(key.options[chosen[0]]);
}

function forget(question) {
  const box = one(".verdict", question.form);
  box.replaceChildren();
  delete box.dataset.got;
  for (const item of all("li.option", question.form)) {
    delete item.dataset.is;
    delete item.dataset.taken;
    one(".why", item)?.remove();
  }
}
