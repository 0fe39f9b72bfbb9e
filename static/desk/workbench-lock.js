// Who has the text open: told every few seconds while the page is on a screen, and when it goes.
"use strict";

(() => {
  const { root, form, words, ask, banner, unbanner, mayEdit, compareWith, version } = window.workbench;
  if (!mayEdit) return;
  const BEAT_MS = 15000;
  const SOON_MS = 2000; // the farewell of the page before this one may come after the first beat
  let isFirst = true;
  let wasMine = null;
  let timer = 0;

  async function beat(act = "touch") {
    clearTimeout(timer);
    const body = new FormData();
    body.append("act", act);
    const answer = await ask(root.dataset.lockUrl, { body });
    timer = setTimeout(beat, isFirst ? SOON_MS : BEAT_MS);
    isFirst = false;
    if (!answer.ok) return;
    show(answer);
    if (wasMine && !answer.mine) banner("lock", words.taken_over.replace("%s", answer.who));
    if (answer.mine) unbanner("lock");
    wasMine = answer.mine;
    if (answer.version > version() && !root.dataset.writing) newer(answer);
  }

  function show(answer) {
    const place = root.querySelector("[data-lock]");
    place.hidden = answer.mine;
    place.querySelector("[data-lock-words]").textContent = answer.words ?? "";
  }

  function newer(answer) {
    root.dataset.version = answer.version;
    if (Number(form.elements.based_on.value) >= answer.version) return;
    const sentence = words.newer.replace("%n", answer.version).replace("%s", answer.by);
    banner("newer", sentence, { buttons: [[words.compare, () => compareWith(answer.version)]] });
  }

  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-lock-take]")) beat("take");
  });
  window.addEventListener("pagehide", () => {
    clearTimeout(timer);
    const body = new FormData();
    body.append("act", "leave");
    ask(root.dataset.lockUrl, { body, keepalive: true });
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
  root.addEventListener("workbench:renewed", () => beat());
  beat();
})();
