// The SCORM 1.2 interface to a learning management system (LMS): finds the API, reads the attempt and records answers.
// Nothing is written before the first answer.
const lms = (() => {
  const DONE = ["passed", "completed", "failed"];
  const UNSEEN = ["", "not attempted"];
  const NOT_IMPLEMENTED = 401;

  function apiOf(place) {
    try {
      return "LMSInitialize" in place.API ? place.API : null;
    } catch {
      return null; // no API there, or a window of another origin
    }
  }

  // The API is in a window around this one, or in a window that opened one of them.
  function find(start, seen) {
    const openers = [];
    for (let place = start; place && !seen.has(place); place = place.parent) {
      seen.add(place);
      const found = apiOf(place);
      if (found) return found;
      openers.push(place.opener);
    }
    for (const opener of openers) {
      const found = opener && find(opener, seen);
      if (found) return found;
    }
    return null;
  }

  const api = find(window, new Set());
  if (!api) return null;

  let open = false;
  let began = 0;
  let written = false; // in this session
  let place = null; // of the next interaction; known once the system has given its number of interactions
  let waiting = []; // interactions not yet taken
  let unstored = false;

  function call(name, ...given) {
    try {
      return String(api[name](...given) ?? "");
    } catch {
      return "";
    }
  }

  const get = (name) => call("LMSGetValue", name);
  const lastError = () => Number(call("LMSGetLastError")) || 0;

  function begin() {
    open = call("LMSInitialize", "") === "true";
    began = Date.now();
    written = false;
    place = null;
    return open;
  }

  // Returns 0, or the code of the error.
  function set(name, value) {
    const refused = call("LMSSetValue", name, value) === "false";
    written = true;
    return lastError() || (refused ? 101 : 0);
  }

  function inWords(code) {
    const text = call("LMSGetErrorString", String(code));
    return text ? `error ${code}, ${text}` : `error ${code}`;
  }

  begin();
  const status = open ? get("cmi.core.lesson_status") : "";
  const stored = open ? get("cmi.suspend_data") : "";
  const mode = open ? get("cmi.core.lesson_mode") : "";
  // A system may report an attempt as completed that was only opened; with a score it has been marked.
  const finished = DONE.includes(status) && open && get("cmi.core.score.raw") !== "";
  const closed = !open ? "unreachable" : ["review", "browse"].includes(mode) ? mode : "";
  // A result set by the system or a teacher is not changed.
  const settled = finished || ["passed", "failed"].includes(status);

  // Optional elements that the system does not implement are skipped; any other error counts.
  function setOptional(values) {
    for (const [name, value] of Object.entries(values)) {
      const code = set(name, value);
      if (code && code !== NOT_IMPLEMENTED) return code;
    }
    return 0;
  }

  function interactionsTaken() {
    if (place === null) {
      const count = get("cmi.interactions._count");
      if (lastError() === NOT_IMPLEMENTED) waiting = [];
      place = Number(count) || 0;
    }
    for (; waiting.length; waiting.shift(), place += 1) {
      const named = Object.entries(waiting[0]).map(([name, value]) => [`cmi.interactions.${place}.${name}`, value]);
      const code = setOptional(Object.fromEntries(named));
      if (code) return code;
    }
    return 0;
  }

  // Stores all answers and the score, and an interaction if given. Returns "" or an error message.
  function record({ answers, score, complete, interaction }) {
    if (interaction) waiting.push(interaction);
    unstored = !open && !begin();
    if (unstored) return "its session has ended";
    // The score is not sent without its answers.
    const refused =
      set("cmi.suspend_data", answers) ||
      set("cmi.core.score.raw", score) ||
      setOptional({ "cmi.core.score.min": "0", "cmi.core.score.max": "100" }) ||
      (settled ? 0 : set("cmi.core.lesson_status", complete ? "completed" : "incomplete")) ||
      interactionsTaken();
    const uncommitted = call("LMSCommit", "") === "false" ? lastError() || 101 : 0;
    unstored = Boolean(refused || uncommitted);
    return unstored ? inWords(refused || uncommitted) : "";
  }

  // HHHH:MM:SS
  function span(milliseconds) {
    const seconds = Math.min(Math.max(0, Math.floor(milliseconds / 1000)), 9999 * 3600 + 3599);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return parts.map((part, i) => String(part).padStart(i === 0 ? 4 : 2, "0")).join(":");
  }

  function finish() {
    if (!open) return;
    if (!closed && written) {
      set("cmi.core.session_time", span(Date.now() - began));
      set("cmi.core.exit", "suspend");
    } else if (!closed && stored) {
      set("cmi.core.exit", "suspend"); // otherwise the system may end the attempt and lose its answers
    } else if (!closed && UNSEEN.includes(status)) {
      set("cmi.core.lesson_status", "incomplete"); // otherwise the system reports an attempt as completed that was only opened
    }
    open = false;
    call("LMSFinish", "");
  }
  window.addEventListener("pagehide", finish);
  window.addEventListener("beforeunload", (event) => (unstored ? event.preventDefault() : finish()));
  // A page restored from the browser's memory has lost its session.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());

  return { stored, finished, closed, record, span };
})();
