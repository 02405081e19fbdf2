// A stand-in for a learning management system: the SCORM 1.2 run-time interface, strict about its data model.
// Records are plain objects of element and value; whoever drives this page keeps them, one a learner.
const DIGIT = "[0-9a-z]";
const PAIR = `${DIGIT}\\.${DIGIT}`;
const listed = (one) => new RegExp(`^${one}(,${one})*$`);
const set = (one) => new RegExp(`^(${one}|\\{${one}(,${one})+\\})$`);
const FEEDBACK = {
  choice: { student_response: listed(DIGIT), pattern: set(DIGIT) },
  matching: { student_response: listed(PAIR), pattern: set(PAIR) },
  numeric: { student_response: /^-?\d+(\.\d+)?$/, pattern: /^-?\d+(\.\d+)?$/ },
};
const text = (most) => (value) => value.length <= most;
const like = (pattern) => (value) => pattern.test(value);
const oneOf = (...words) => (value) => words.includes(value);
const identifier = like(/^[A-Za-z0-9_-]{1,255}$/);
const decimal = like(/^-?\d{0,3}(\.\d+)?$/);
const percent = (value) => value !== "" && decimal(value) && Number(value) >= 0 && Number(value) <= 100;
const time = like(/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,2})?$/);
const span = like(/^\d{2,4}:[0-5]\d:[0-5]\d(\.\d{1,2})?$/);
const status = oneOf("passed", "completed", "failed", "incomplete", "browsed");
const types = oneOf("true-false", "choice", "fill-in", "matching", "performance", "sequencing", "likert", "numeric");
const result = (value) => oneOf("correct", "wrong", "unanticipated", "neutral")(value) || (value !== "" && decimal(value));

// Element: who may do what with it, and what it may hold.
const MODEL = {
  "cmi.core.student_id": ["r"],
  "cmi.core.student_name": ["r"],
  "cmi.core.lesson_location": ["rw", text(255)],
  "cmi.core.credit": ["r"],
  "cmi.core.lesson_status": ["rw", status],
  "cmi.core.entry": ["r"],
  "cmi.core.score.raw": ["rw", percent],
  "cmi.core.score.min": ["rw", percent],
  "cmi.core.score.max": ["rw", percent],
  "cmi.core.total_time": ["r"],
  "cmi.core.lesson_mode": ["r"],
  "cmi.core.exit": ["w", oneOf("time-out", "suspend", "logout", "")],
  "cmi.core.session_time": ["w", span],
  "cmi.suspend_data": ["rw", text(4096)],
  "cmi.launch_data": ["r"],
  "cmi.interactions.n.id": ["w", identifier],
  "cmi.interactions.n.time": ["w", time],
  "cmi.interactions.n.type": ["w", types],
  "cmi.interactions.n.correct_responses.n.pattern": ["w", text(255)],
  "cmi.interactions.n.weighting": ["w", decimal],
  "cmi.interactions.n.student_response": ["w", text(255)],
  "cmi.interactions.n.result": ["w", result],
  "cmi.interactions.n.latency": ["w", span],
};
const CORE = ["student_id", "student_name", "lesson_status", "credit", "entry", "lesson_mode", "total_time"];

// What a new attempt holds.
function enrolled(id) {
  return {
    "cmi.core.student_id": id,
    "cmi.core.student_name": `Learner, ${id}`,
    "cmi.core.lesson_status": "not attempted",
    "cmi.core.credit": "credit",
    "cmi.core.entry": "ab-initio",
    "cmi.core.lesson_mode": "normal",
    "cmi.core.total_time": "0000:00:00",
  };
}

// One launch: `stored` is what has been committed, `held` what this session has set.
class Session {
  // `refuses` maps elements, or parts of them, to the error they are refused with; `without` names what is not there.
  constructor(stored, { refuses = {}, without = [], mute = false } = {}) {
    Object.assign(this, { stored: { ...stored }, held: { ...stored }, refuses, without, mute, state: "new", error: 0, calls: [] });
  }

  say(code, answer) {
    this.error = code;
    return code ? (answer === undefined ? "false" : "") : (answer ?? "true");
  }

  initialize(given) {
    this.calls.push("initialize");
    if (given !== "") return this.say(201);
    if (this.state !== "new" || this.mute) return this.say(101);
    this.state = "running";
    return this.say(0);
  }

  count(list) {
    const found = Object.keys(this.held).filter((name) => name.startsWith(`${list}.`));
    return Math.max(-1, ...found.map((name) => Number(name.slice(list.length + 1).split(".")[0]))) + 1;
  }

  missing(element) {
    return this.without.some((part) => element.startsWith(part));
  }

  get(element) {
    this.calls.push(`get ${element}`);
    if (this.state !== "running") return this.say(301, "");
    if (this.missing(element)) return this.say(401, "");
    const list = /^(cmi\.interactions)\._count$/.exec(element);
    if (list) return this.say(0, String(this.count(list[1])));
    const rule = MODEL[element.replace(/\.\d+(?=\.)/g, ".n")];
    if (!rule) return this.say(201, "");
    return rule[0] === "w" ? this.say(404, "") : this.say(0, this.held[element] ?? "");
  }

  set(element, value) {
    this.calls.push(`set ${element}`);
    if (this.state !== "running") return this.say(301);
    if (this.missing(element)) return this.say(401);
    if (/\._(count|children|version)$/.test(element)) return this.say(402);
    const rule = MODEL[element.replace(/\.\d+(?=\.)/g, ".n")];
    if (!rule || !this.inOrder(element)) return this.say(201);
    if (rule[0] === "r") return this.say(403);
    const refused = Object.entries(this.refuses).find(([part]) => element.includes(part));
    if (refused) return this.say(refused[1]);
    if (typeof value !== "string" || !rule[1](value) || !this.fits(element, value)) return this.say(405);
    this.held[element] = value;
    return this.say(0);
  }

  // Lists grow by one at a time.
  inOrder(element) {
    const parts = element.split(".");
    return parts.every((part, i) => !/^\d+$/.test(part) || Number(part) <= this.count(parts.slice(0, i).join(".")));
  }

  // A response is in the form of the type, which comes first.
  fits(element, value) {
    const found = /^(cmi\.interactions\.\d+)\..*?(student_response|pattern)$/.exec(element);
    if (!found) return true;
    const forms = FEEDBACK[this.held[`${found[1]}.type`]];
    return Boolean(forms) && forms[found[2]].test(value);
  }

  commit(given) {
    this.calls.push("commit");
    if (given !== "") return this.say(201);
    if (this.state !== "running") return this.say(301);
    if (this.refuses.commit) return this.say(this.refuses.commit);
    this.stored = { ...this.held };
    return this.say(0);
  }

  finish(given) {
    this.calls.push("finish");
    if (given !== "") return this.say(201);
    if (this.state !== "running") return this.say(301);
    this.state = "finished";
    const held = this.held;
    if (held["cmi.core.lesson_status"] === "not attempted") held["cmi.core.lesson_status"] = "completed";
    const suspended = held["cmi.core.exit"] === "suspend";
    held["cmi.core.entry"] = suspended ? "resume" : "";
    if (!suspended) delete held["cmi.suspend_data"];
    held["cmi.core.total_time"] = added(held["cmi.core.total_time"], held["cmi.core.session_time"]);
    for (const name of ["exit", "session_time"]) delete held[`cmi.core.${name}`];
    this.stored = { ...held };
    return this.say(0);
  }

  api() {
    return {
      LMSInitialize: (given) => this.initialize(given),
      LMSGetValue: (element) => this.get(element),
      LMSSetValue: (element, value) => this.set(element, value),
      LMSCommit: (given) => this.commit(given),
      LMSFinish: (given) => this.finish(given),
      LMSGetLastError: () => String(this.error),
      LMSGetErrorString: (code) => (code === "0" ? "No error" : `Error number ${code}`),
      LMSGetDiagnostic: () => "",
    };
  }
}

function added(total, session = "0000:00:00") {
  const seconds = [total, session].map((one) => one.split(":").reduce((sum, part) => 60 * sum + Number(part), 0));
  const sum = Math.floor(seconds[0] + seconds[1]);
  return [Math.floor(sum / 3600), Math.floor(sum / 60) % 60, sum % 60]
    .map((part, i) => String(part).padStart(i ? 2 : 4, "0"))
    .join(":");
}

// ---- what a test asks of this page ----
let session = null;
let inner = null; // the window of the quiz
const ready = async () => {
  while (inner.document.readyState !== "complete" || !inner.document.querySelector("#total-words")?.textContent) {
    await new Promise((go) => setTimeout(go, 10));
  }
};

// Opens the quiz for a learner, in a frame within a frame, or in a window of its own.
async function launch(record, how = {}) {
  session = new Session(record, how);
  window.API = session.api();
  if (how.popup) {
    inner = window.open("index.html");
  } else {
    const outer = document.createElement("iframe");
    outer.srcdoc = '<!doctype html><iframe src="index.html" style="width:1100px;height:850px"></iframe>';
    outer.style = "width:1150px;height:900px";
    document.body.replaceChildren(outer);
    await new Promise((go) => outer.addEventListener("load", go, { once: true }));
    inner = outer.contentWindow.frames[0];
  }
  await ready();
  return { ...session.held };
}

// Closes the quiz and returns what the system keeps.
async function leave() {
  const gone = new Promise((go) => inner.addEventListener("pagehide", go, { once: true }));
  inner.location.replace("about:blank");
  await gone;
  return { ...session.stored };
}

// Answers a question as a learner would: a place, places, or the text of a number.
function answer(at, value) {
  const form = inner.document.querySelector(`form.question[data-at="${at}"]`);
  const given = [value].flat();
  if (form.dataset.kind === "numeric") form.querySelector("input").value = value;
  else if (form.dataset.kind === "matching") [...form.querySelectorAll("select")].forEach((one, i) => (one.value = String(given[i])));
  else [...form.querySelectorAll("input")].forEach((one, i) => (one.checked = given.includes(i)));
  form.requestSubmit();
  return { ...session.stored };
}

const calls = (verb) => session.calls.filter((call) => call.startsWith(verb));
const seen = (selector) => inner.document.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim() ?? "";
const visible = (selector) => inner.document.querySelector(selector)?.checkVisibility() ?? false;
const stored = () => ({ ...session.stored });
const browserKeeps = () => Object.keys(localStorage);
