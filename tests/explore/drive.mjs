// Drives a page in Chromium or Firefox as a reader would: node drive.mjs BROWSER PAGE WIDTH HEIGHT SCREENSHOT; prints what it saw as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../../tools/page/package.json", import.meta.url));
const { default: puppeteer } = await import(require.resolve("puppeteer-core"));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [executable, file, width, height, screenshot] = process.argv.slice(2);
const seen = { requests: [], errors: [], shares: {} };

const isFirefox = /firefox/.test(executable);
const browser = await puppeteer.launch(
  isFirefox ? { browser: "firefox", executablePath: executable, headless: true } : { executablePath: executable, headless: true, args: ["--no-sandbox", "--disable-gpu"] },
);

async function opened(fragment = "", scripts = true) {
  const page = await browser.newPage();
  await page.setViewport({ width: Number(width), height: Number(height) });
  if (!scripts) await page.setJavaScriptEnabled(false);
  page.on("request", (request) => /^(file|blob|data):/.test(request.url()) || seen.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  await page.goto(`file://${file}${fragment}`);
  if (scripts) await ready(page);
  return page;
}

const ready = (page) => page.waitForFunction(() => document.documentElement.dataset.ready === "yes", { timeout: 60_000 });
const settled = (page) => page.waitForFunction(() => !document.body.classList.contains("busy") && document.querySelector("#map circle"), { timeout: 60_000 });
const text = (page, selector) => page.$eval(selector, (element) => element.innerText.replace(/\s+/g, " ").trim());
const answer = (page) => text(page, "#share .answer");

async function slide(page, id, keys) {
  await page.focus(id);
  for (const key of keys) await page.keyboard.press(key);
  await settled(page);
}

const page = await opened();
seen.before = await text(page, "#guess");
seen.hidden = await page.$eval("#shown", (element) => element.hidden);
await slide(page, "#guess-input", ["ArrowLeft", "ArrowLeft"]).catch(() => {});
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await settled(page);
seen.shares.opened = await answer(page);
seen.guess = await text(page, "#guess");
seen.counts = await page.$$eval("#counts tbody tr", (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

for (const [name, id, keys] of [["follow_up", "#s-follow_up", ["Home"]], ["relapse_rate", "#s-relapse_rate", ["End"]], ["second_agents", "#s-second_agents", ["Home"]]]) {
  await slide(page, id, keys);
  seen.shares[name] = await answer(page);
}
seen.status = await text(page, "#status");
seen.command = await text(page, "#take pre");
seen.rings = await page.$$eval("#map .ghosts circle", (rings) => rings.length);
await page.select("#set-select", "kdigo-2021-adults");
await settled(page);
await slide(page, "#t-resistance\\.course", ["Home"]);
seen.own = await page.$$eval("#take pre", (parts) => parts.map((part) => part.textContent));
await page.evaluate(() => document.querySelector("#map svg").focus());
for (const key of ["End", "ArrowLeft", "Enter"]) await page.keyboard.press(key);
seen.patient = await page.$eval("#patient-number", (input) => input.value);
seen.clauses = await page.$$eval("#verdict tbody tr", (rows) => rows.length);
await page.focus("#check-reveal"); // a click may miss while the page scrolls to it
await page.keyboard.press(" ");
seen.truth = await page.$$eval("#timeline .truth", (paths) => paths.length);
await page.focus("#clock-details summary");
await page.keyboard.press("Enter");
seen.event = await text(page, "#clocks p");
await page.evaluate(() => [...document.querySelectorAll("#clocks button")].find((button) => button.textContent === "next event").click());
seen.nextEvent = await text(page, "#clocks p");
seen.fragment = await page.evaluate(() => location.hash);
seen.last = await answer(page);
await page.evaluate(axe);
seen.violations = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html.slice(0, 200)}`));
seen.widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
await page.screenshot({ path: screenshot, fullPage: true });

const chapters = await page.$$eval("#chapters button", (buttons) => buttons.length);
seen.chapters = [];
for (let k = 0; k < chapters; k++) {
  await page.evaluate((place) => document.querySelectorAll("#chapters button")[place].click(), k);
  await settled(page);
  seen.chapters.push([await text(page, "#chapter"), await page.evaluate(() => location.hash)]);
}

const again = await opened(seen.fragment);
await settled(again);
seen.restored = await answer(again);
const nonsense = await opened("#shown=1&colour=red&s.relapse_rate=99");
await settled(nonsense);
seen.nonsense = await nonsense.evaluate(() => document.body.innerText.includes("colour=red"));
if (!isFirefox) {
  const plain = await opened("", false); // which puppeteer cannot ask of Firefox
  seen.withoutScripts = await text(plain, "main");
}

await browser.close();
console.log(JSON.stringify(seen));
