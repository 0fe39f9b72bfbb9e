// The screen of filters: lines of rules, moved and removed in place, tried on the latest posts before they are saved.
"use strict";

const screen_ = document.querySelector(".fl");
const form = document.getElementById("fl-form");
const list = form.querySelector("[data-rules]");
const blank = document.querySelector("[data-blank]");
const tried = document.querySelector("[data-tried]");
let show = "dropped";
let asked = 0;
let waiting = 0;
let saved = snapshot();
let leaving = false;

function snapshot() {
  return new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken")).toString();
}

function chosen(area) {
  return area.value.toLowerCase().split(/[\s,;]+/).filter(Boolean);
}

// A field is as high as what is written in it, up to a third of the screen
function grow(area) {
  area.rows = 1;
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, window.innerHeight / 3)}px`;
}

// A line shows only what its kind needs
function dress(rule) {
  const kind = rule.querySelector("[name=kind]").value;
  rule.dataset.kind = kind;
  const area = rule.querySelector("[name=value]");
  area.hidden = kind === "advert" || kind === "media";
  if (!area.hidden) grow(area);
  rule.querySelectorAll("[data-hint]").forEach((hint) => { hint.hidden = hint.dataset.hint !== kind; });
  rule.querySelectorAll("[data-chips]").forEach((chips) => {
    chips.hidden = chips.dataset.chips !== kind;
    chips.querySelectorAll("[data-value]").forEach((chip) => {
      chip.setAttribute("aria-pressed", String(!chips.hidden && chosen(area).includes(chip.dataset.value)));
    });
  });
}

function changed() {
  form.querySelector("[data-empty]").hidden = list.children.length > 0;
  if (!tried.hidden) {
    clearTimeout(waiting);
    waiting = setTimeout(() => tryOut(), 700);
  }
}

function add(kind) {
  list.append(blank.content.cloneNode(true));
  const rule = list.lastElementChild;
  rule.querySelector("[name=kind]").value = kind;
  dress(rule);
  changed();
  const field = [...rule.querySelectorAll("textarea, .fl-chip")].find((one) => one.offsetParent !== null);
  (field || rule.querySelector("select")).focus();
  rule.scrollIntoView({ block: "nearest" });
}

function move(rule, way) {
  const other = way === "up" ? rule.previousElementSibling : rule.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(rule);
  else other.after(rule);
  rule.scrollIntoView({ block: "nearest" });
  changed();
}

function step(button, rule) {
  if (button.dataset.move) {
    move(rule, button.dataset.move);
    button.focus();
  } else if (button.dataset.remove !== undefined) {
    const next = rule.nextElementSibling || rule.previousElementSibling;
    rule.remove();
    (next?.querySelector("[data-remove]") || form.querySelector("[data-add]")).focus();
    changed();
  } else if (button.dataset.off !== undefined) {
    const active = rule.querySelector("[data-active]");
    active.value = active.value === "1" ? "0" : "1";
    button.setAttribute("aria-pressed", String(active.value === "0"));
    rule.classList.toggle("fl-rule--off", active.value === "0");
    changed();
  } else if (button.dataset.value) {
    const area = rule.querySelector("[name=value]");
    const codes = chosen(area);
    const kept = codes.filter((code) => code !== button.dataset.value);
    area.value = (kept.length < codes.length ? kept : [...codes, button.dataset.value]).join(", ");
    dress(rule);
    changed();
  }
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || form.querySelector("[data-save]") === null && button.dataset.try === undefined) return;
  const rule = button.closest("[data-rule]");
  if (button.dataset.add) add(button.dataset.add);
  else if (button.dataset.try !== undefined) tryOut({ scroll: true });
  else if (rule) step(button, rule);
});
form.addEventListener("input", (event) => {
  const rule = event.target.closest("[data-rule]");
  if (rule) dress(rule);
  changed();
});
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("beforeunload", (event) => {
  if (!leaving && form.querySelector("[data-save]") && snapshot() !== saved) event.preventDefault();
});

// Trying: the page itself is not sent anywhere; the answer is a piece of HTML
async function tryOut({ most = 50, scroll = false } = {}) {
  const ticket = ++asked;
  const body = new FormData(form);
  body.set("show", show);
  body.set("most", String(most));
  // A role that may only look has its choices disabled, and disabled fields are not sent
  form.querySelectorAll("select:disabled").forEach((select) => body.append(select.name, select.value));
  tried.setAttribute("aria-busy", "true");
  let html = "";
  try {
    const reply = await fetch(screen_.dataset.tryUrl, { method: "POST", body });
    if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
    html = await reply.text();
  } catch {
    html = "";
  }
  if (ticket !== asked) return;
  tried.removeAttribute("aria-busy");
  tried.hidden = false;
  if (html) tried.innerHTML = html;
  else tried.textContent = screen_.dataset.failed;
  counts();
  if (scroll) tried.scrollIntoView({ block: "start", behavior: "smooth" });
}

// What each rule decided, beside the rule; lines that were left empty have no place in the answer
function counts() {
  const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "null");
  const decided = read("fl-decided") || {};
  const slow = read("fl-slow") || [];
  let place = 0;
  for (const rule of list.children) {
    const field = (name) => rule.querySelector(`[name=${name}]`).value;
    const empty = !field("key") && !field("value").trim() && ["words", "pattern"].includes(field("kind"));
    rule.querySelector("[data-count]").textContent = empty || !decided[place] ? "" : decided[place].toLocaleString();
    rule.querySelector("[data-slow]").hidden = empty || !slow.includes(place);
    if (!empty) place += 1;
  }
}

tried.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.show) {
    show = button.dataset.show;
    tryOut();
  } else if (button?.dataset.more) tryOut({ most: Number(button.dataset.more) });
});

document.addEventListener("keydown", (event) => {
  const rule = event.target.closest?.("[data-rule]");
  if ((event.metaKey || event.ctrlKey) && event.key === "Enter") {
    event.preventDefault();
    tryOut({ scroll: true });
  } else if ((event.metaKey || event.ctrlKey) && event.key === "s") {
    event.preventDefault();
    form.querySelector("[data-save]")?.click();
  } else if (event.altKey && rule && form.querySelector("[data-save]") && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const field = event.target;
    move(rule, event.key === "ArrowUp" ? "up" : "down");
    field.focus();
  }
});

[...list.children].forEach(dress);
saved = snapshot();
