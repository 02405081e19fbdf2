// The credit for an answer: at most 1 for a question, with partial credit.
const keyContent = JSON.parse(query("#key").textContent);
const keyOf = (question) => keyContent.key[question.caseNumber][question.stage][question.place];
const inUnits = (value, units) => (value !== null && typeof value === "object" ? value[units] : value);

const SLACK = 1e-9; // rounding error of sums of binary fractions

function credit(question, answer) {
  const key = keyOf(question);
  if (!answer) return 0;
  if (key.kind === "numeric") return isNear(key, answer) ? 1 : 0;
  if (key.kind === "matching") {
    return key.right.filter((place, i) => answer.value[i] === place).length / key.right.length;
  }
  const chosen = [answer.value].flat();
  const sum = chosen.reduce((whole, place) => whole + key.credits[place], 0);
  return sum < SLACK ? 0 : sum > 1 - SLACK ? 1 : sum;
}

function isNear(key, answer) {
  const right = inUnits(key.value, answer.units);
  const slack = 1e-9 * Math.max(1, Math.abs(right)); // rounding error of decimal numbers in binary
  return Math.abs(readNumber(answer.value) - right) <= inUnits(key.tolerance, answer.units) + slack;
}

const score = (list, answers) => list.reduce((sum, question) => sum + credit(question, answers[question.at]), 0);

// Two decimals, so that three thirds give a whole number.
const points = (number) => String(Math.round(number * 100) / 100);
