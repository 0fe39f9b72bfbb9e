// Keys of the failures: j k move, Enter opens, x chooses, r tries again, g gives up, / searches. All works without them.
"use strict";

(() => {
  const PLACE = "pult.failures.place";
  const form = document.getElementById("failures-form");
  const rows = [...document.querySelectorAll("[data-fail]")];
  let place = -1;

  const boxOf = (row) => row?.querySelector("input[name=chosen]");
  const boxes = () => rows.map(boxOf).filter(Boolean);

  const show = (next, { scroll = true } = {}) => {
    if (!rows.length) return;
    rows[place]?.classList.remove("fail--here");
    place = Math.max(0, Math.min(next, rows.length - 1));
    const row = rows[place];
    row.classList.add("fail--here");
    row.querySelector("a.fail-link")?.focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest" });
  };

  // Presses the button of the bar where rows are chosen, else the one beside the row under the cursor.
  const press = (deed) => {
    const chosen = boxes().some((box) => box.checked);
    const button = chosen
      ? form?.querySelector(`.fails-bar button[name=do][value=${deed}]`)
      : rows[place]?.querySelector(`[data-deed=${deed}]`);
    button?.click();
  };

  const actions = {
    j: () => show(place + 1),
    k: () => show(place < 0 ? 0 : place - 1),
    x: () => boxOf(rows[place])?.click(),
    r: () => press("retry"),
    g: () => press("give_up"),
    "/": () => document.getElementById("failures-cause")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  form?.addEventListener("submit", () => sessionStorage.setItem(PLACE, String(place)));

  const all = document.getElementById("failures-all");
  if (all && boxes().length) {
    all.closest("label").hidden = false;
    all.addEventListener("change", () => boxes().forEach((box) => (box.checked = all.checked)));
    form.addEventListener("change", () => {
      all.checked = boxes().every((box) => box.checked);
      all.indeterminate = !all.checked && boxes().some((box) => box.checked);
    });
  }

  // After a button the cursor stays where it was: the next line has moved up under it.
  const kept = Number(sessionStorage.getItem(PLACE) ?? -1);
  sessionStorage.removeItem(PLACE);
  if (kept >= 0) show(kept, { scroll: false });
})();
