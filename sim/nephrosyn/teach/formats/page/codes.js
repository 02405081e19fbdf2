// The answer code: NEPH1.<digest of the questions>.<answers>.<checksum>, in characters that are safe in e-mail.
const CODE = /^NEPH1\.([0-9a-f]+)\.([\w-]+)\.([0-9a-f]{8})$/u;

function checksum(text) {
  let sum = 0x811c9dc5; // FNV-1a: enough to detect a lost letter
  for (const sign of text) sum = Math.imul(sum ^ sign.charCodeAt(0), 0x01000193) >>> 0;
  return sum.toString(16).padStart(8, "0");
}

function encode(who, answers) {
  const given = questions.map(({ at }) => (answers[at] ? [answers[at].value, answers[at].units === "si" ? 1 : 0] : 0));
  const bytes = new TextEncoder().encode(JSON.stringify([who, given]));
  const text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `NEPH1.${root.dataset.digest}.${text}.${checksum(text)}`;
}

// Returns {who, answers}, or {problem} with a message.
function decode(code) {
  const found = CODE.exec(code);
  if (!found) return { problem: "not an answer code" };
  const [, digest, text, sum] = found;
  if (digest !== root.dataset.digest) return { problem: "made from another set of cases, or another version of this one" };
  if (checksum(text) !== sum) return { problem: "part of the code is missing or changed" };
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
    const [who, given] = JSON.parse(new TextDecoder().decode(bytes));
    const answers = {};
    questions.forEach((question, i) => {
      const answer = Array.isArray(given[i]) ? { value: given[i][0], units: given[i][1] ? "si" : "conventional" } : null;
      if (fits(question, answer)) answers[question.at] = answer;
    });
    return { who: String(who), answers };
  } catch {
    return { problem: "not an answer code" };
  }
}
