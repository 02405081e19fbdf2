// Opens a page as a notebook does, in a frame without an address: node notebook.mjs BROWSER FRAME; prints what it saw as JSON.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../tools/page/package.json", import.meta.url));
const { default: puppeteer } = await import(require.resolve("puppeteer-core"));
const [executable, file] = process.argv.slice(2);
const seen = { errors: [] };

const browser = await puppeteer.launch(
  /firefox/.test(executable) ? { browser: "firefox", executablePath: executable, headless: true } : { executablePath: executable, headless: true, args: ["--no-sandbox", "--disable-gpu"] },
);
const page = await browser.newPage();
page.on("pageerror", (error) => seen.errors.push(error.message));
page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
await page.goto(`file://${file}`);
const frame = await (await page.waitForSelector("iframe")).contentFrame();
await frame.waitForFunction(() => document.documentElement.dataset.ready === "yes", { timeout: 60_000 });
await frame.evaluate(() => document.querySelector("#guess button.main").click());
await frame.waitForFunction(() => !document.body.classList.contains("busy") && document.querySelector("#map circle"), { timeout: 60_000 });
seen.failed = await frame.$eval("#failed", (element) => element.textContent);
seen.answer = await frame.$eval("#share .answer", (element) => element.textContent);
seen.buttons = await frame.$$eval("#take button", (buttons) => buttons.map((button) => button.textContent));
await browser.close();
console.log(JSON.stringify(seen));
