// Keys of the story queue: j k move, Enter opens, x chooses, a approves, d puts aside, m merges, / searches, ? tells.
"use strict";

(() => {
  const PLACE = "pult.queue.place";

  const start = () => {
    const form = document.getElementById("changelist-form");
    const help = document.getElementById("queue-keys");
    if (!form || !help) return;
    const rows = [...document.querySelectorAll("#result_list tr.data-row")];
    let place = -1;

    const show = (next, { scroll = true } = {}) => {
      if (!rows.length) return;
      rows[place]?.classList.remove("queue-here");
      place = Math.max(0, Math.min(next, rows.length - 1));
      const row = rows[place];
      row.classList.add("queue-here");
      const link = row.querySelector("th a, td a");
      link?.focus({ preventScroll: true });
      if (scroll) row.scrollIntoView({ block: "nearest" });
    };

    const boxOf = (row) => row.querySelector("input.action-select");
    const choose = () => boxOf(rows[place] ?? document.createElement("i"))?.click();

    // Runs an action on the chosen rows; where none is chosen, on the row under the cursor.
    const run = (name) => {
      const select = form.querySelector("select[name=action]");
      if (!select || ![...select.options].some((option) => option.value === name)) return;
      if (!rows.some((row) => boxOf(row)?.checked)) {
        const box = rows[place] && boxOf(rows[place]);
        if (!box) return;
        box.checked = true;
      }
      sessionStorage.setItem(PLACE, JSON.stringify({ at: location.href, place }));
      select.value = name;
      const index = document.createElement("input");
      Object.assign(index, { type: "hidden", name: "index", value: "0" });
      form.append(index);
      form.submit();
    };

    const actions = {
      j: () => show(place + 1),
      k: () => show(place < 0 ? 0 : place - 1),
      x: choose,
      a: () => run("approve"),
      d: () => run("put_aside"),
      m: () => run("merge"),
      "/": () => document.querySelector("#searchbar, input[name=q]")?.focus(),
      "?": () => help.showModal(),
    };

    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
      if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
      if (event.key === "Enter" && place >= 0 && !event.target.closest("a, button")) {
        rows[place].querySelector("th a, td a")?.click();
        return;
      }
      const act = actions[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });

    document.getElementById("queue-keys-open")?.addEventListener("click", () => help.showModal());

    // After an action the cursor stays where it was: the next story has moved up under it.
    const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    sessionStorage.removeItem(PLACE);
    if (kept && kept.at === location.href) show(kept.place, { scroll: false });
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
