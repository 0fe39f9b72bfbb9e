// How a text comes out in the ticked channels, looked at while it is typed.
"use strict";

(() => {
  const workbench = window.workbench;
  if (!workbench) return;
  const root = document.querySelector(".wb");
  const PAUSE = 900;
  const KEY = "pult-preview-dark";
  let timer = 0;
  let asked = 0;
  let isDark = null; // as the editor chose; else as the page is

  const form = () => document.getElementById("wb-publish");
  const panel = () => document.querySelector("[data-preflight]");

  function paint() {
    if (!panel()) return;
    const dark = isDark ?? document.documentElement.classList.contains("dark");
    panel().classList.toggle("tg-dark", dark);
    const button = panel().querySelector("[data-pf-dark]");
    button?.setAttribute("aria-pressed", String(dark));
  }

  async function look() {
    if (!form() || !panel()) return;
    const body = new FormData(form());
    for (const [name, value] of Object.entries(workbench.text())) body.set(name, value);
    const mine = (asked += 1);
    const reply = await workbench.ask(panel().dataset.preflight, { body });
    if (mine !== asked || !panel()) return; // a later question is under way
    const result = panel().querySelector("[data-pf-result]");
    if (reply.ok) result.innerHTML = reply.html;
    else if (reply.detail) result.textContent = reply.detail;
    panel().dataset.looked = String(mine);
    paint();
  }
  function soon(wait = PAUSE) {
    clearTimeout(timer);
    timer = setTimeout(look, wait);
  }

  root.addEventListener("workbench:typed", () => soon());
  root.addEventListener("workbench:renewed", () => soon(0));
  root.addEventListener("input", (event) => { if (event.target.closest("#wb-publish, #wb-text")) soon(); });
  root.addEventListener("change", (event) => { if (event.target.closest("#wb-publish")) soon(0); });
  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-pf-dark]")) {
      isDark = !(isDark ?? document.documentElement.classList.contains("dark"));
      try { sessionStorage.setItem(KEY, String(isDark)); } catch { /* kept for this page only */ }
      paint();
    }
    if (event.target.closest("[data-pf-split]")) {
      const choice = form().elements.splits;
      choice.value = "1";
      choice.closest("details").open = true;
      soon(0);
    }
  });
  try {
    const kept = sessionStorage.getItem(KEY);
    isDark = kept === null ? null : kept === "true";
  } catch { /* as the page is */ }
  soon(0);
})();
