// Counts of a cohort under one definition set, and the refractory share with its interval.
const MISSING = 255;
const SCORE = 1.959963984540054; // of the standard normal distribution, for 95%

/**
 * @typedef {object} Verdicts - the labels of each patient under one set and view
 * @property {Uint8Array} category - code, by patient
 * @property {Uint8Array} refractory - 1, 0, or 255 if it cannot be judged
 * @property {Uint8Array} applies - 1, 0 if the set is not for this patient, 255 if that is not known
 * @property {Int32Array} firstMetDays - day on which the patient became refractory
 */

/**
 * The labels under one set and view.
 *
 * @param {any} labels - columns, sorted by patient, set and view
 * @param {number} sets - number of sets in `labels`
 * @param {number} set - place of the set
 * @param {number} view - 0 for the complete record, 1 for the observed one
 * @returns {Verdicts}
 */
export function verdictsOf(labels, sets, set, view) {
  const stride = 2 * sets;
  const patients = labels.category.length / stride;
  const take = (/** @type {any} */ column) => {
    const taken = new column.constructor(patients);
    for (let i = 0; i < patients; i++) taken[i] = column[i * stride + 2 * set + view];
    return taken;
  };
  return {
    category: take(labels.category),
    refractory: take(labels.refractory),
    applies: take(labels.applies),
    firstMetDays: take(labels.first_met_days),
  };
}

/**
 * Wilson's interval of a share, 95%.
 *
 * @param {number} count
 * @param {number} of
 * @returns {[number, number]}
 */
export function interval(count, of) {
  if (!of) return [0, 1];
  const share = count / of;
  const spread = SCORE ** 2 / of;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (SCORE / (1 + spread)) * Math.sqrt((share * (1 - share)) / of + spread / (4 * of));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * @typedef {object} Summary
 * @property {number} patients - those to whom the set applies
 * @property {number} outside - those to whom it does not apply, or of whom that is not known
 * @property {number} judged - those who can be judged
 * @property {number} refractory
 * @property {number} share - refractory of all to whom the set applies
 * @property {number} shareOfJudged
 * @property {[number, number]} interval - of `share`
 * @property {[number, number]} intervalOfJudged
 * @property {number[]} counts - patients by code of the category
 */

/**
 * @param {Verdicts} verdicts
 * @param {number} categories - number of categories
 * @returns {Summary}
 */
export function summary(verdicts, categories) {
  const counts = new Array(categories).fill(0);
  let [patients, judged, refractory] = [0, 0, 0];
  verdicts.applies.forEach((applies, i) => {
    if (applies !== 1) return;
    patients++;
    counts[verdicts.category[i]]++;
    if (verdicts.refractory[i] !== MISSING) judged++;
    if (verdicts.refractory[i] === 1) refractory++;
  });
  return {
    patients,
    outside: verdicts.applies.length - patients,
    judged,
    refractory,
    share: patients ? refractory / patients : NaN,
    shareOfJudged: judged ? refractory / judged : NaN,
    interval: interval(refractory, patients),
    intervalOfJudged: interval(refractory, judged),
    counts,
  };
}

/**
 * How many patients moved from one category to another.
 *
 * @param {Verdicts} before
 * @param {Verdicts} after
 * @returns {{from: number, to: number, count: number}[]} codes of categories; the largest count first; stays included
 */
export function moves(before, after) {
  /** @type {Map<number, {from: number, to: number, count: number}>} */
  const pairs = new Map();
  after.category.forEach((to, i) => {
    if (before.applies[i] !== 1 || after.applies[i] !== 1) return;
    const from = before.category[i];
    const key = 256 * from + to;
    const pair = pairs.get(key) ?? { from, to, count: 0 };
    pair.count++;
    pairs.set(key, pair);
  });
  return [...pairs.values()].sort((a, b) => b.count - a.count || a.from - b.from || a.to - b.to);
}
