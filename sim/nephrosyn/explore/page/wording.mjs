// Numbers and terms as the page writes them.

/** @param {number} value */
export const whole = (value) => Math.round(value).toLocaleString("en");

/** @param {number} fraction */
export const percent = (fraction) => (Number.isFinite(fraction) ? `${Math.round(100 * fraction)}%` : "none");

/** @param {string} term */
export const words = (term) => term.replaceAll("_", " ");

/**
 * A number with few digits, as a chart or table shows it.
 *
 * @param {number} value
 */
export function short(value) {
  if (!Number.isFinite(value)) return "";
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size < 0.1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0 });
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [several]
 */
export const counted = (count, one, several = `${one}s`) => `${whole(count)} ${count === 1 ? one : several}`;
