// Pictures of a story: the point that a cut keeps, a question before removing, and a look at what is being made.
"use strict";

(() => {
  const section = document.getElementById("wb-pictures");
  if (!section) return;
  section.addEventListener("click", (event) => {
    if (!event.target.matches("[data-whole]")) return;
    const box = event.target.getBoundingClientRect();
    const form = event.target.closest("form");
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    form.elements.x.value = x.toFixed(4);
    form.elements.y.value = y.toFixed(4);
    const point = form.querySelector("[data-point]");
    point.hidden = false;
    point.style.left = `${x * 100}%`;
    point.style.top = `${y * 100}%`;
  });
  section.addEventListener("submit", (event) => {
    const sure = event.submitter?.dataset.sure;
    if (sure && !window.confirm(sure)) event.preventDefault();
  });
  async function look() {
    if (!section.querySelector("[data-making]")) return;
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("wb-pictures");
        const before = section.querySelectorAll("[data-making]").length;
        if (fresh && fresh.querySelectorAll("[data-making]").length !== before) section.replaceChildren(...fresh.childNodes);
      }
    } catch { /* the next look may reach it */ }
    window.setTimeout(look, 2000);
  }
  window.setTimeout(look, 1500);
})();
