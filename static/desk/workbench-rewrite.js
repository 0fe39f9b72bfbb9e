// Rewriting: the exact prompt, shown and sent as edited; progress while it runs.
"use strict";

(() => {
  const { root, words, changed, ask, banner, renew, openTab } = window.workbench;

  const rewrite = document.getElementById("wb-rewrite");
  const prompt = document.querySelector("[data-prompt]");
  const parts = () => ["system_prompt", "user_prompt", "prompt_kind"].map((name) => rewrite.elements[name]).filter(Boolean);
  async function showPrompt() {
    const query = new URLSearchParams({
      preset: rewrite.elements.preset.value,
      comment: rewrite.elements.comment.value,
      kind: rewrite.elements.prompt_kind?.value ?? "write",
    });
    const answer = await ask(`${rewrite.dataset.promptUrl}?${query}`);
    const told = prompt.querySelector("[data-prompt-error]");
    told.hidden = Boolean(answer.ok);
    if (!answer.ok) {
      told.textContent = answer.detail ?? words.no_prompt;
      return;
    }
    for (const area of parts()) area.disabled = false;
    rewrite.elements.system_prompt.value = answer.system;
    rewrite.elements.user_prompt.value = answer.user;
  }
  if (prompt) {
    prompt.addEventListener("toggle", () => {
      if (prompt.open) {
        if (rewrite.elements.prompt_kind) rewrite.elements.prompt_kind.disabled = false;
        showPrompt();
      } else for (const area of parts()) area.disabled = true;
    });
    for (const name of ["preset", "comment", "prompt_kind"]) {
      rewrite.elements[name]?.addEventListener("change", () => { if (prompt.open) showPrompt(); });
    }
  }

  // Progress: asked for while something is being written
  let misses = 0;
  async function watch() {
    const state = await ask(root.dataset.stateUrl);
    if (!state.ok) {
      misses += 1;
      setTimeout(watch, Math.min(15000, 2000 * misses));
      return;
    }
    misses = 0;
    const place = document.querySelector("[data-progress]");
    if (place && place.innerHTML !== state.html) place.innerHTML = state.html;
    const fetching = document.querySelector("[data-fetch]");
    if (fetching && fetching.innerHTML !== state.fetch) fetching.innerHTML = state.fetch;
    if (state.writing) {
      setTimeout(watch, document.hidden ? 4000 : 1000);
      return;
    }
    delete root.dataset.writing;
    landed(state);
  }
  function landed(state) {
    const url = `${root.dataset.url}?landed=1`;
    if (!changed()) {
      root.dataset.leaving = "1";
      location.replace(url);
      return;
    }
    const show = async () => {
      await window.workbench.flush?.();
      root.dataset.leaving = "1";
      location.replace(url);
    };
    const isNewer = state.version > Number(window.workbench.form.elements.based_on.value);
    const buttons = [[words.show, show]];
    if (isNewer) buttons.unshift([words.compare, () => window.workbench.compareWith(state.version)]);
    banner("ready", isNewer ? words.ready : words.variants_ready, { buttons });
    renew();
    openTab("text");
  }
  if (root.dataset.writing) setTimeout(watch, 700);
})();
