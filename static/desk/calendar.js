"use strict";
// The calendar: publications are moved by mouse and, after a press that lasts, by touch. What is moved where is a form
// like any other; the server answers with the page as it stands then.
(() => {
  const calendar = document.querySelector("[data-calendar]");
  if (!calendar) return;
  const form = document.getElementById("cal-move");
  const NEAR = 6, SCROLLED = 10, HOLD_MS = 350, EDGE = 56, STEP = 12;
  let held = null;

  /** What lies under a point and may take a card: a free place, also of another channel, an hour or a day. */
  function targetAt(x, y) {
    const under = document.elementFromPoint(x, y);
    return under && under.closest("[data-drop]");
  }

  /** Whether a place is another channel's: the card goes there with that channel's text. */
  function isElsewhere(card, target) {
    return Boolean(target.dataset.channel) && target.dataset.channel !== card.dataset.channel;
  }

  /** The moment that a card would get there; of an hour it keeps its own minutes. */
  function momentOf(card, target) {
    const begin = new Date(target.dataset.begin);
    return "exact" in target.dataset ? begin : new Date(begin.getTime() + Number(card.dataset.minutes) * 60000);
  }

  /** The place in words, on the workspace's clock. */
  function wordsOf(card, target) {
    if (target.dataset.words) return isElsewhere(card, target) ? `${target.dataset.name}, ${target.dataset.words}` : target.dataset.words;
    const options = { timeZone: calendar.dataset.zone, weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
    return new Intl.DateTimeFormat(document.documentElement.lang || "en", options).format(momentOf(card, target));
  }

  function isOwn(card, target) {
    return target.matches("td") && target.contains(card);
  }

  /** Put a card there: shown at once, settled by the server. */
  function put(card, target) {
    if (isOwn(card, target)) return false;
    const fields = form.elements;
    const isDay = Boolean(target.dataset.day);
    fields.day.disabled = !isDay;
    fields.to.disabled = isDay;
    fields.day.value = target.dataset.day || "";
    fields.to.value = isDay ? "" : momentOf(card, target).toISOString();
    fields.channel.disabled = !isElsewhere(card, target);
    fields.channel.value = target.dataset.channel || "";
    fields.seen.value = card.dataset.at;
    form.action = card.dataset.move;
    card.classList.add("is-going");
    (target.matches("td") ? target : target.parentElement).append(card);
    form.submit();
    return true;
  }

  function mark(target) {
    for (const one of calendar.querySelectorAll(".is-target")) if (one !== target) one.classList.remove("is-target");
    if (target) target.classList.add("is-target");
  }

  function begin(event) {
    const { card } = held;
    const box = card.getBoundingClientRect();
    const ghost = card.cloneNode(true);
    ghost.removeAttribute("data-card");
    ghost.classList.add("cal-ghost");
    ghost.style.width = `${box.width}px`;
    calendar.append(ghost);
    Object.assign(held, { ghost, left: held.x - box.left, top: held.y - box.top });
    card.classList.add("is-held");
    calendar.classList.add("is-moving");
    follow(event.clientX, event.clientY);
  }

  function follow(x, y) {
    held.ghost.style.transform = `translate(${x - held.left}px, ${y - held.top}px)`;
    held.target = targetAt(x, y);
    mark(held.target);
    if (y < EDGE) window.scrollBy(0, -STEP);
    if (y > window.innerHeight - EDGE) window.scrollBy(0, STEP);
  }

  function end(isDropped) {
    const { card, ghost, target, timer } = held;
    window.clearTimeout(timer);
    held = null;
    if (!ghost) return;
    ghost.remove();
    card.classList.remove("is-held");
    calendar.classList.remove("is-moving");
    mark(null);
    // the click that ends a drag opens nothing
    const still = (event) => { event.preventDefault(); event.stopPropagation(); };
    window.addEventListener("click", still, { capture: true, once: true });
    window.setTimeout(() => window.removeEventListener("click", still, { capture: true }), 0);
    if (isDropped && target) put(card, target);
  }

  calendar.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("[data-card]");
    if (!card || held || event.button !== 0) return;
    held = { card, x: event.clientX, y: event.clientY, pointer: event.pointerId, isTouch: event.pointerType === "touch" };
    if (held.isTouch) held.timer = window.setTimeout(() => held && begin(event), HOLD_MS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.pointer) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (held.ghost) follow(event.clientX, event.clientY);
    else if (held.isTouch && far > SCROLLED) end(false);
    else if (!held.isTouch && far > NEAR) begin(event);
  });
  document.addEventListener("pointerup", (event) => { if (held && event.pointerId === held.pointer) end(true); });
  document.addEventListener("pointercancel", (event) => { if (held && event.pointerId === held.pointer) end(false); });
  document.addEventListener("keydown", (event) => { if (held && held.ghost && event.key === "Escape") end(false); });
  // while a card hangs on a finger the page does not scroll, and a long press opens no menu
  document.addEventListener("touchmove", (event) => { if (held && held.ghost) event.preventDefault(); }, { passive: false });
  calendar.addEventListener("contextmenu", (event) => { if (held && held.isTouch) event.preventDefault(); });
  calendar.addEventListener("dragstart", (event) => event.preventDefault());
  // back from another page the browser may show this one as it was left
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

  const moved = [...calendar.querySelectorAll(".is-moved [data-open]")].find((one) => one.offsetParent);
  if (moved) moved.focus();
  window.calendar = { put, mark, wordsOf, isOwn };
})();
