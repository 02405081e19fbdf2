// What a reader takes away: pictures, tables, the command and the link.

/** Properties of style that a picture outside the page needs. */
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-family", "font-weight", "text-anchor", "transform", "display"];

/**
 * A picture of the page as a document of its own, with its notice.
 *
 * @param {any} picture
 * @param {string} notice
 */
export function standalone(picture, notice) {
  const copy = picture.cloneNode(true);
  const originals = [picture, ...picture.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  copies.forEach((/** @type {any} */ element, k) => {
    const style = getComputedStyle(originals[k]);
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      if (value) element.style.setProperty(name, value);
    }
  });
  const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
  copy.setAttribute("viewBox", `0 0 ${width} ${height + 20}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height + 20));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x: 0, y: 0, width, height: height + 20, fill: getComputedStyle(document.body).backgroundColor })) ground.setAttribute(name, String(value));
  copy.prepend(ground);
  const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
  text.textContent = notice;
  for (const [name, value] of Object.entries({ x: 4, y: height + 14, "font-size": 11, "font-family": "sans-serif", fill: getComputedStyle(document.body).color })) text.setAttribute(name, String(value));
  copy.append(text);
  return new XMLSerializer().serializeToString(copy);
}

/**
 * Save a text or blob as a file.
 *
 * @param {string|Blob} content
 * @param {string} type
 * @param {string} name
 */
export function save(content, type, name) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * Save a picture as PNG, twice its size.
 *
 * @param {string} document - of SVG
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function savePng(document, name) {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([document], { type: "image/svg+xml" }));
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = () => reject(new Error("this browser cannot draw the picture"));
    image.src = address;
  });
  const canvas = Object.assign(globalThis.document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser cannot draw the picture");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  save(/** @type {Blob} */ (blob), "image/png", name);
}

/**
 * Columns as CSV, with the notice in a first line of comment.
 *
 * @param {Record<string, ArrayLike<any>>} columns
 * @param {string} notice
 */
export function csv(columns, notice) {
  const names = Object.keys(columns);
  const lines = [`# ${notice}`, names.join(",")];
  const rows = columns[names[0]].length;
  for (let row = 0; row < rows; row++) lines.push(names.map((name) => cell(columns[name][row])).join(","));
  return lines.join("\n") + "\n";
}

/** @param {any} value */
function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
