// What is typed is kept: on the server a moment after typing, on leaving a field and on leaving the page; in this browser
// from the first letter until the server has it. `workbench.flush()` waits until the server has it.
"use strict";

(() => {
  const { root, form, words, text, change, changed, ask, textForm, banner, unbanner, mayEdit } = window.workbench;
  if (!mayEdit) return;
  const WAIT_MS = 1500;
  const AGAIN_MS = 8000;
  const GOING_MS = 10000;
  const key = `pult.typed.${root.dataset.user}.${root.dataset.story}`;
  const otherKey = `${key}.other`;
  const note = document.querySelector("[data-kept-words]");
  let mark = root.dataset.mark;
  let timer = 0;
  let running = null;
  let sent = changed() ? JSON.stringify(text()) : "";
  let stopped = false;
  // The next page may have been made before the last words arrived: it is left the copy here, and lets go of it itself
  let going = false;

  function tell(name) {
    if (note) note.textContent = name ? words[name] : "";
  }
  // What this browser holds. A closed storage holds nothing
  function held(name) {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "null");
    } catch {
      return null;
    }
  }
  function hold(name, kept) {
    try {
      localStorage.setItem(name, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }
  function release(name) {
    try {
      localStorage.removeItem(name);
    } catch {
      // nothing is there
    }
  }
  const keepHere = () => hold(key, { text: text(), based_on: form.elements.based_on.value, mark, at: Date.now() });
  const forgetHere = () => release(key);
  const isKept = () => (changed() ? JSON.stringify(text()) === sent : sent === "");

  // One request at a time: the mark that the server gives goes with the next
  async function send() {
    clearTimeout(timer);
    if (stopped || isKept()) return true;
    tell("keeping");
    const body = textForm();
    body.append("seen", mark);
    const sending = changed() ? JSON.stringify(text()) : "";
    const answer = await ask(root.dataset.unsavedUrl, { body });
    if (answer.ok) {
      mark = answer.mark;
      sent = sending;
      unbanner("keep");
      if (isKept() && !going) forgetHere();
      tell(answer.mark ? "kept" : "");
      return isKept() ? true : send();
    }
    const isHere = keepHere();
    tell("");
    if (answer.text) return typedElsewhere(answer);
    const why = { network: "not_kept", logged_out: "logged_out", refused: "not_allowed" }[answer.failed] ?? "not_kept";
    const link = answer.failed === "logged_out" ? [words.log_in, root.dataset.listUrl] : null;
    banner("keep", words[isHere ? why : "nowhere"], { error: true, link });
    timer = setTimeout(flush, AGAIN_MS);
    return false;
  }
  function flush() {
    running = (running ?? Promise.resolve()).then(send, send);
    return running;
  }

  function typedElsewhere({ text: other, mark: theirMark }) {
    stopped = true;
    const go = (act) => () => {
      stopped = false;
      mark = theirMark;
      unbanner("keep");
      act();
      flush();
    };
    const takeOther = go(() => {
      form.elements.based_on.value = other.based_on;
      change(other);
      sent = JSON.stringify(text());
      forgetHere();
    });
    banner("keep", words.elsewhere, { error: true, buttons: [[words.use_other, takeOther], [words.use_this, go(() => {})]] });
    return false;
  }

  root.addEventListener("workbench:typed", () => {
    clearTimeout(timer);
    if (isKept()) {
      tell(changed() ? "kept" : "");
      return;
    }
    tell("");
    keepHere();
    timer = setTimeout(flush, WAIT_MS);
  });
  form.addEventListener("focusout", () => { if (!isKept()) flush(); });

  // The last words before the page goes: a request that outlives it, and the copy here in case it does not arrive
  function last() {
    if (stopped || isKept() || root.dataset.leaving) return;
    keepHere();
    const body = textForm();
    body.append("seen", mark);
    ask(root.dataset.unsavedUrl, { body, keepalive: true });
  }
  window.addEventListener("pagehide", last);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && !isKept()) flush(); });
  window.addEventListener("beforeunload", (event) => {
    going = true;
    setTimeout(() => { going = false; }, GOING_MS); // whoever stays after all
    if (!isKept() && !root.dataset.leaving && !keepHere()) event.preventDefault();
  });
  window.addEventListener("online", () => flush());

  // What only this browser has: it could not be sent when it was typed. Where something else was typed elsewhere since,
  // it stays here until somebody chooses, whatever is typed meanwhile
  function restoreHere() {
    const kept = held(key);
    let other = held(otherKey);
    if (kept && differs(kept)) {
      if (mark && kept.mark !== mark) {
        other = kept;
        if (hold(otherKey, kept)) forgetHere();
      } else {
        form.elements.based_on.value = kept.based_on;
        change(kept.text);
        const told = document.querySelector("[data-restored]");
        const place = told.querySelector("[data-restored-words]");
        if (place) place.textContent = words.restored_here;
        told.hidden = false;
      }
    } else if (kept) forgetHere();
    if (other && differs(other)) offer(other);
    else if (other) release(otherKey);
  }
  // The server gives tags back in its own spelling
  const read = (name, value) => (name !== "tags" ? value
    : [...new Set(value.split(",").map((tag) => tag.trim().replace(/^#+/, "")).filter(Boolean))].join());
  const differs = (kept) => Object.entries(kept.text).some(([name, value]) => read(name, form.elements[name]?.value ?? "") !== read(name, value));
  function offer(other) {
    const drop = () => {
      unbanner("other");
      release(otherKey);
    };
    const use = () => {
      drop();
      form.elements.based_on.value = other.based_on;
      change(other.text);
    };
    banner("other", words.elsewhere, { buttons: [[words.use_other, use], [words.use_this, drop]] });
  }
  if (new URLSearchParams(location.search).has("version") === false && !root.dataset.conflict) restoreHere();

  document.getElementById("wb-discard").addEventListener("submit", (event) => {
    if (changed() && !window.confirm(words.discard)) {
      event.preventDefault();
      return;
    }
    stopped = true;
    root.dataset.leaving = "1";
    clearTimeout(timer);
    forgetHere();
  });

  Object.assign(window.workbench, {
    flush,
    mark: () => mark,
    // The text has become a version: nothing of it is unsaved
    settled(savedText, seen) {
      stopped = false;
      if (mark === seen) { // else more was kept while it was being saved, and the server still has that
        mark = "";
        sent = "";
      }
      if (JSON.stringify(text()) === JSON.stringify(savedText)) {
        if (isKept()) {
          clearTimeout(timer);
          forgetHere();
        }
        document.querySelector("[data-restored]").hidden = true;
        tell("saved");
      }
      unbanner("keep");
    },
  });
})();
