// The words of a topic, tried on the latest posts before they are saved.
"use strict";

(() => {
  const start = () => {
    const place = document.querySelector("[data-topic-try]");
    const form = place?.closest("form");
    const tried = place?.querySelector("[data-tried]");
    if (!form || !place.querySelector("[data-try]")) return;
    let show = "found";
    let asked = 0;
    let waiting = 0;

    const tell = (words) => {
      tried.hidden = false;
      tried.textContent = words;
    };

    async function tryOut({ scroll = false } = {}) {
      const ticket = ++asked;
      const workspace = form.querySelector("select[name=workspace]");
      if (workspace && !workspace.value) return tell(place.dataset.choose);
      const body = new FormData(form);
      body.set("topic", place.dataset.topic);
      body.set("show", show);
      tried.setAttribute("aria-busy", "true");
      let html = "";
      try {
        const reply = await fetch(place.dataset.topicTry, { method: "POST", body });
        if (reply.ok && !reply.redirected) html = await reply.text();
      } catch {
        // Told below.
      }
      if (ticket !== asked) return;
      tried.removeAttribute("aria-busy");
      tried.hidden = false;
      if (html) tried.innerHTML = html;
      else tell(place.dataset.failed);
      if (scroll) tried.scrollIntoView({ block: "start", behavior: "smooth" });
    }

    place.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.try !== undefined) tryOut({ scroll: true });
      else if (button?.dataset.show) {
        show = button.dataset.show;
        tryOut();
      }
    });
    form.addEventListener("input", () => {
      if (tried.hidden) return;
      clearTimeout(waiting);
      waiting = setTimeout(tryOut, 700);
    });
    form.addEventListener("keydown", (event) => {
      if (!(event.metaKey || event.ctrlKey) || event.key !== "Enter") return;
      event.preventDefault();
      tryOut({ scroll: true });
    });
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
