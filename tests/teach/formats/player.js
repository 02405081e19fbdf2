// Shows one QTI item after another and answers as a learner would: by clicks and keys. Asked by test_qti.py.
"use strict";

const settled = () => new Promise((resolve) => setTimeout(resolve, 60));

async function shown(address) {
  document.body.replaceChildren();
  const frame = document.createElement("qti-item");
  const holder = document.createElement("item-container");
  frame.append(holder);
  const ready = new Promise((resolve) =>
    frame.addEventListener("qti-assessment-item-connected", (event) => resolve(event.detail), { once: true }));
  holder.setAttribute("item-url", address);
  document.body.append(frame);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("the player shows no item")), 10000));
  const item = await Promise.race([ready, late]);
  await settled();
  return item;
}

function answer(item, choices) {
  for (const choice of choices) {
    const [kind, value] = choice;
    if (kind === "choice") {
      item.querySelectorAll("qti-simple-choice")[value].click();
    } else if (kind === "text") {
      const entry = item.querySelector("qti-text-entry-interaction").shadowRoot.querySelector("input");
      entry.value = value;
      entry.dispatchEvent(new Event("change"));
    } else {
      item.querySelector("qti-match-interaction").shadowRoot.querySelectorAll("tr[part=row]")[value[0]]
        .querySelectorAll("input")[value[1]].click();
    }
  }
}

async function play(address, choices) {
  const item = await shown(address);
  answer(item, choices);
  await settled();
  item.processResponse();
  await settled();
  const open = [...item.querySelectorAll("qti-modal-feedback")].filter((one) => one.shadowRoot.querySelector("dialog").open);
  const images = [...item.querySelectorAll("img")];
  await Promise.all(images.map((image) => image.decode().catch(() => null)));
  return {
    score: Number(item.getOutcome("SCORE").value),
    feedback: open.map((one) => one.textContent.replace(/\s+/g, " ").trim()),
    images: images.map((image) => [image.naturalWidth, image.naturalHeight, image.alt]),
    text: item.querySelector("qti-item-body").textContent,
  };
}
