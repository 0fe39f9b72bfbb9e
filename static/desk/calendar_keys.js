"use strict";
// The calendar by keys: j and k go through it, m takes a publication, arrows choose its new place, Enter puts it there.
(() => {
  const calendar = document.querySelector("[data-calendar]");
  if (!calendar || !window.calendar) return;
  const { put, mark, wordsOf, isOwn } = window.calendar;
  const status = calendar.querySelector("[data-says]");
  const keys = calendar.querySelector("[data-keys]");
  const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  let moving = null;

  const word = (name) => calendar.querySelector(`[data-word=${name}]`).content.textContent;
  const say = (text) => { status.textContent = text; };
  const isSeen = (one) => one.offsetParent !== null;

  function step(by) {
    const stops = [...calendar.querySelectorAll("[data-open], a.cal-place")].filter(isSeen);
    const at = stops.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : stops.length - 1) : at + by;
    if (stops[next]) stops[next].focus();
  }

  function take(card) {
    moving = { card, at: card.closest("td") || card, target: null };
    card.classList.add("is-held");
    calendar.classList.add("is-moving");
    say(word("taken"));
  }

  function leave(words) {
    moving.card.classList.remove("is-held");
    calendar.classList.remove("is-moving");
    mark(null);
    moving = null;
    say(words);
  }

  /** The next hour or day of the table in a direction that takes publications. */
  function cellFrom(cell, [down, right]) {
    const rows = cell.closest("table").rows;
    let row = cell.parentElement.rowIndex + down, column = cell.cellIndex + right;
    while (rows[row] && rows[row].cells[column]) {
      if ("drop" in rows[row].cells[column].dataset) return rows[row].cells[column];
      row += down;
      column += right;
    }
    return null;
  }

  /** In a list the free places follow each other, those of other channels too. */
  function placeFrom(at, [down, right]) {
    const places = [...calendar.querySelectorAll("a.cal-place")].filter(isSeen);
    const by = down + right;
    if (places.includes(at)) return places[places.indexOf(at) + by] || null;
    const after = places.filter((one) => at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    const before = places.filter((one) => at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING);
    return (by > 0 ? after[0] : before[before.length - 1]) || null;
  }

  function go(direction) {
    const next = moving.at.matches("td") ? cellFrom(moving.at, direction) : placeFrom(moving.at, direction);
    if (!next) return say(word("nowhere"));
    moving.at = moving.target = next;
    mark(next);
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
    return say(wordsOf(moving.card, next));
  }

  function whileMoving(event) {
    if (ARROWS[event.key]) go(ARROWS[event.key]);
    else if (event.key === "Enter" && moving.target && !isOwn(moving.card, moving.target)) {
      const { card, target } = moving;
      leave(wordsOf(card, target));
      put(card, target);
    } else if (event.key === "Enter" || event.key === "Escape") leave(word("left"));
    else if (event.key !== "Tab") return;
    else leave(word("left"));
    if (event.key !== "Tab") event.preventDefault();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (moving) { whileMoving(event); return; }
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const card = document.activeElement && document.activeElement.closest("[data-card]");
    const link = calendar.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (event.key === "m" && card) take(card);
    else if (event.key === "?") keys.showModal();
    else if (link) link.click();
    else return;
    event.preventDefault();
  });

  const show = calendar.querySelector("[data-keys-show]");
  if (show) {
    show.hidden = false;
    show.addEventListener("click", () => keys.showModal());
  }
  calendar.dataset.ready = "";
})();
