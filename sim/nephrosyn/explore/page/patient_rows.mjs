// The rows of one patient in the tables of the cohort, which are in order of patient.

/**
 * The rows of a patient as objects; terms in words, missing values as null.
 *
 * @param {any} table - columns of one length
 * @param {number} patient
 * @param {Record<string, readonly string[]>} terms - words of codes, by column
 * @returns {Record<string, any>[]}
 */
export function rowsOf(table, patient, terms = {}) {
  const [first, last] = bounds(table.patient, patient);
  const names = Object.keys(table).filter((name) => name !== "patient");
  const rows = [];
  for (let row = first; row < last; row++) {
    rows.push(Object.fromEntries(names.map((name) => [name, value(table[name][row], terms[name])])));
  }
  return rows;
}

/**
 * @param {any} raw
 * @param {readonly string[]|undefined} words
 */
function value(raw, words) {
  const number = typeof raw === "bigint" ? Number(raw) : raw;
  if (words) return words[number] ?? null;
  return number === -2147483648 || Number.isNaN(number) ? null : number;
}

/**
 * First row of a patient, and the row after the last.
 *
 * @param {Int32Array} patients - in order
 * @param {number} patient
 * @returns {[number, number]}
 */
export function bounds(patients, patient) {
  const before = (/** @type {number} */ limit) => {
    let [low, high] = [0, patients.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (patients[middle] < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [before(patient), before(patient + 1)];
}
