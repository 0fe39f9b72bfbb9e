// The workbench's behaviour: tabs, counting, keeping what was typed, the exact prompt, progress of a rewrite, keys.
"use strict";

const page = document.querySelector(".wb");
const form = document.getElementById("wb-text");
const fields = form ? [...form.querySelectorAll("[data-kept]")] : [];
const storageKey = form ? `pult.story.${page.dataset.story}.${form.elements.based_on.value}` : "";
const initial = new Map(fields.map((field) => [field.name, field.value]));

// Tabs on a narrow screen
const tabs = [...document.querySelectorAll(".wb-tab")];
function openTab(name) {
  page.dataset.open = name;
  tabs.forEach((tab) => tab.setAttribute("aria-selected", String(tab.dataset.target === name)));
}
tabs.forEach((tab) => tab.addEventListener("click", () => openTab(tab.dataset.target)));
if (tabs.length) {
  page.classList.add("wb--tabbed");
  openTab(page.dataset.first);
}

// The length as Telegram counts it: UTF-16 units, which is what a JavaScript string's length is
const counter = document.querySelector("[data-count]");
function count() {
  if (!counter) return;
  const parts = ["title", "lead", "body"].map((name) => form.elements[name].value.trim()).filter(Boolean);
  const length = parts.join("\n\n").length;
  const limit = Number(counter.dataset.limit);
  counter.textContent = `${length.toLocaleString()} / ${limit.toLocaleString()}`;
  counter.classList.toggle("wb-count--over", length > limit);
}

// What was typed survives a closed tab and an ended session
const restored = document.querySelector("[data-restored]");
let leaving = false;
function changed() {
  return fields.some((field) => field.value !== initial.get(field.name));
}
function keep() {
  count();
  try {
    if (changed()) localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value]))));
    else localStorage.removeItem(storageKey);
  } catch {
    // a full or closed storage only costs the safety copy
  }
}
function restore() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(storageKey) || "null");
  } catch {
    kept = null;
  }
  if (!kept) return;
  const differs = fields.some((field) => kept[field.name] !== undefined && kept[field.name] !== field.value);
  if (!differs) return;
  fields.forEach((field) => {
    if (kept[field.name] !== undefined) field.value = kept[field.name];
  });
  restored.hidden = false;
}
if (form) {
  restore();
  count();
  fields.forEach((field) => field.addEventListener("input", keep));
  form.addEventListener("submit", (event) => {
    // A double click is one press: the second would be told that the story has changed meanwhile
    if (leaving) return event.preventDefault();
    leaving = true;
    setTimeout(() => { leaving = false; }, 3000);
    sessionStorage.setItem("pult.sent", storageKey);
  });
  document.querySelector("[data-discard]")?.addEventListener("click", () => {
    fields.forEach((field) => { field.value = initial.get(field.name); });
    restored.hidden = true;
    keep();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });
}
// A saved form came back as a page without an error: its safety copy has done its duty
const sent = sessionStorage.getItem("pult.sent");
if (sent && !page.dataset.conflict) localStorage.removeItem(sent);
sessionStorage.removeItem("pult.sent");
document.querySelectorAll("form:not(#wb-text)").forEach((other) => other.addEventListener("submit", (event) => {
  if (changed() && !leaving && other.dataset.leaves !== undefined) {
    event.preventDefault();
    document.querySelector("[data-unsaved]").hidden = false;
    openTab("text");
  }
}));

// The exact prompt: shown, and sent as edited
const rewrite = document.getElementById("wb-rewrite");
const prompt = document.querySelector("[data-prompt]");
async function showPrompt() {
  const query = new URLSearchParams({ preset: rewrite.elements.preset.value, comment: rewrite.elements.comment.value });
  const reply = await fetch(`${rewrite.dataset.promptUrl}?${query}`, { headers: { Accept: "application/json" } });
  const told = prompt.querySelector("[data-prompt-error]");
  if (!reply.ok) {
    told.textContent = rewrite.dataset.failed;
    told.hidden = false;
    return;
  }
  const { system, user } = await reply.json();
  told.hidden = true;
  for (const [name, text] of [["system_prompt", system], ["user_prompt", user]]) {
    const area = rewrite.elements[name];
    area.disabled = false;
    area.value = text;
  }
}
if (prompt) {
  prompt.addEventListener("toggle", () => {
    if (prompt.open) showPrompt();
    else for (const name of ["system_prompt", "user_prompt"]) rewrite.elements[name].disabled = true;
  });
  for (const name of ["preset", "comment"]) rewrite.elements[name].addEventListener("change", () => { if (prompt.open) showPrompt(); });
}

// Progress: asked for while a rewrite is under way
async function watch() {
  let state = null;
  try {
    const reply = await fetch(page.dataset.stateUrl, { headers: { Accept: "application/json" } });
    if (reply.redirected || !reply.ok) throw new Error(String(reply.status));
    state = await reply.json();
  } catch {
    setTimeout(watch, 4000);
    return;
  }
  if (state.writing) {
    setTimeout(watch, 1000);
    return;
  }
  if (changed()) document.querySelector("[data-ready]").hidden = false;
  else window.location.reload();
}
if (page.dataset.writing) setTimeout(watch, 700);

// Keys
document.addEventListener("keydown", (event) => {
  const command = event.metaKey || event.ctrlKey;
  const press = (selector) => {
    const button = document.querySelector(selector);
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  };
  if (command && event.key === "s") press("[data-key-save]");
  else if (command && event.shiftKey && event.key === "Enter") press("[data-key-main]");
  else if (command && event.key === "Enter") press("[data-key-rewrite]");
});
