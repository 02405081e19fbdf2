// Shows one view at a time: list, case or sheet. The address names it, so that the browser's back button works.
const views = queryAll("main > .view");

function show(focus) {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name === "main") return query("#main").focus();
  const view = views.find(({ id }) => id === name) || query("#list");
  for (const other of views) other.classList.toggle("on", other === view);
  document.dispatchEvent(new CustomEvent("view", { detail: view }));
  if (!focus) return undefined;
  window.scrollTo(0, 0);
  return query("h2", view).focus({ preventScroll: true });
}

window.addEventListener("hashchange", () => show(true));
query("#print").addEventListener("click", () => window.print());

// Keys choose options only while the focus is in the case, and never while text is typed.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  const within = event.target instanceof Element ? event.target : document.body;
  if (within.closest("input[type=text], textarea, select, dialog, button, a")) return;
  const form = within.closest("form.question") || nextOpen(within.closest("article.case"));
  const place = "123456789".includes(event.key) ? Number(event.key) - 1 : event.key.toLowerCase().charCodeAt(0) - 97;
  const input = form && queryAll("input[type=radio], input[type=checkbox]", form)[place];
  if (!input || input.matches(":disabled") || !input.offsetParent) return;
  event.preventDefault();
  input.focus();
  input.click();
});

function nextOpen(article) {
  if (!article) return null;
  return queryAll("form.question", article).find((form) => form.offsetParent && !state.answers[form.dataset.at]) || null;
}

// Enter on a question or on a select list submits its form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof Element)) return;
  if (!event.target.matches("form.question fieldset, form.question select")) return;
  event.preventDefault();
  event.target.closest("form").requestSubmit();
});
