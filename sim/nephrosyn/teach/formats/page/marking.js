// What an answer is worth. A question is worth 1; parts of it count.
const told = JSON.parse(one("#key").textContent);
const keyOf = (question) => told.key[question.inCase][question.stage][question.place];
const inUnits = (value, units) => (value !== null && typeof value === "object" ? value[units] : value);

const SLACK = 1e-9; // what sums of shares lose as binary numbers

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
  const slack = 1e-9 * Math.max(1, Math.abs(right)); // what a decimal number loses as a binary one
  return Math.abs(readNumber(answer.value) - right) <= inUnits(key.tolerance, answer.units) + slack;
}

const score = (asked, answers) => asked.reduce((sum, question) => sum + credit(question, answers[question.at]), 0);

// Thirds add up to a whole number, and two digits are as much as anyone reads.
const points = (number) => String(Math.round(number * 100) / 100);
