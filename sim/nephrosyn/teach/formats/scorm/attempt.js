// Answers in a learning management system: as suspend data, at most 4,096 characters in SCORM 1.2, and as interactions
// for the teacher's report.
const PACKED = `1:${root.dataset.digest}:`;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const EXACT = 8; // digits that distinguish any two typed numbers

// One cell for each question, in order: 2 for the third option, 5 for the first and the third of several, c1.5 for a
// number in conventional units, 01 for pairs.
function encoded() {
  const cells = questions.map(({ at, kind }) => {
    const { value, units } = state.answers[at] || {};
    if (value === undefined) return "";
    if (kind === "numeric") return units[0] + String(readNumber(value));
    if (kind === "matching") return value.map((i) => i.toString(36)).join("");
    if (kind === "single") return value.toString(36);
    return value.reduce((sum, i) => sum + 2 ** i, 0).toString(36);
  });
  return `${PACKED}${readUnits()[0]}:${cells.join("_").replace(/_+$/u, "")}`;
}

const SYSTEMS = { c: "conventional", s: "si" };

function decodedCell({ kind }, cell, units) {
  if (!cell) return null;
  if (kind === "numeric") return { value: cell.slice(1), units: SYSTEMS[cell[0]] };
  const given = (value) => ({ value, units });
  if (kind === "matching") return given([...cell].map((sign) => parseInt(sign, 36)));
  const number = parseInt(cell, 36);
  if (kind === "single") return given(number);
  return given([...number.toString(2)].reverse().flatMap((bit, i) => (bit === "1" ? [i] : [])));
}

// Returns null for data that this version of the cases has not written.
function decoded(text) {
  if (!text.startsWith(PACKED)) return null;
  const [letter, cells = ""] = text.slice(PACKED.length).split(":");
  const units = SYSTEMS[letter] || readUnits();
  const answers = {};
  cells.split("_").forEach((cell, i) => {
    const answer = questions[i] && decodedCell(questions[i], cell, units);
    if (answer) answers[questions[i].at] = answer;
  });
  const reached = cases.map(({ caseQuestions }) => Math.max(0, ...caseQuestions.filter(({ at }) => answers[at]).map(({ stage }) => stage)));
  return { answers, reached, units };
}

// When each question was first seen on the screen.
const seenAt = new Map();
const watch = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting && !seenAt.has(target)) seenAt.set(target, Date.now());
  }
});

const tidy = (number) => String(Number(number.toPrecision(EXACT)));
const inBraces = (parts) => (parts.length > 1 ? `{${parts.join(",")}}` : parts[0]);
const pairs = (places) => places.map((place, i) => `${(i + 1).toString(36)}.${LETTERS[place]}`);

// The given and the right answer, in the letters of SCORM 1.2.
function responses(question, { value, units }) {
  const key = keyOf(question);
  if (question.kind === "numeric") return [tidy(readNumber(value)), tidy(inUnits(key.value, units))];
  if (question.kind === "matching") return [pairs(value).join(","), inBraces(pairs(key.right))];
  const right = key.credits.flatMap((worth, i) => (worth > 0 ? [LETTERS[i]] : []));
  return [[value].flat().map((i) => LETTERS[i]).join(","), inBraces(right)];
}

const TYPES = { single: "choice", multiple: "choice", numeric: "numeric", matching: "matching" };

function interaction(question) {
  const answer = state.answers[question.at];
  const [given, right] = responses(question, answer);
  const got = credit(question, answer);
  const now = Date.now();
  const clock = new Date(now);
  return {
    id: `${cases[question.caseNumber].article.id.replace("case-", "")}-${question.stage + 1}-${question.place + 1}`,
    type: TYPES[question.kind],
    time: [clock.getHours(), clock.getMinutes(), clock.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":"),
    "correct_responses.0.pattern": right,
    weighting: "1",
    student_response: given,
    result: got === 1 ? "correct" : got === 0 ? "wrong" : got.toFixed(2),
    latency: lms.span(now - (seenAt.get(question.form) ?? now)),
  };
}

const NOTES = {
  none: "No learning management system was found: your answers are stored in this browser only, and your score is not reported.",
  unreachable: "The learning management system does not answer: nothing you do here is recorded. Close the quiz and open it again from there.",
  review: "You are reviewing this attempt: nothing you do here is recorded.",
  browse: "This is a preview: nothing you do here is recorded.",
  finished: "This attempt is complete. Its answers cannot be shown: the learning management system no longer holds them, or they were given to another version of these cases. Nothing you do here is recorded; to be marked again, begin a new attempt in the learning management system.",
  other: "This attempt holds answers to another version of these cases, which cannot be shown. Your next answer replaces them.",
};

const stored = lms && decoded(lms.stored);
const why = !lms ? "none" : lms.closed || (stored ? "" : lms.finished ? "finished" : lms.stored ? "other" : "");
const recorded = lms && !["unreachable", "review", "browse", "finished"].includes(why);
if (why) showNote(NOTES[why]);

const bar = create("div", { id: "unstored", class: "unstored", role: "alert", hidden: "" });

function send(question) {
  const problem = lms.record({
    answers: encoded(),
    score: String(Math.round((1e4 * score(questions, state.answers)) / questions.length) / 100),
    complete: cases.every(isDone),
    interaction: question && interaction(question),
  });
  bar.hidden = !problem;
  bar.replaceChildren();
  if (problem) {
    const again = create("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => (query("#keeping").textContent = send()));
    const lost = `Your answers are not stored in the learning management system: ${problem}. Leave this page open and try again; if it still fails, tell your teacher.`;
    bar.append(create("p", {}, lost), again);
  }
  return problem ? "Your latest answer is not stored." : "Your answers are stored in the learning management system.";
}

if (lms) {
  // All learners at this browser share its storage, so it is neither read nor written.
  storage = {
    read: () => stored,
    write: (question) => {
      if (!recorded) return NOTES[why];
      if (question) return send(question);
      return bar.hidden ? "Each answer is stored in the learning management system at once." : "Your latest answer is not stored.";
    },
  };
  query("#reset").hidden = true; // new attempts are started in the system
  document.body.append(bar);
  for (const { form } of questions) watch.observe(form);
}
