// Parts of a page that change by themselves: [data-live] elements with an id are read again every few seconds while
// the page is looked at. data-live="tr" renews the row around it, "fieldset" the fields around it, "self" itself.
(() => {
  "use strict";
  const PAUSE = 2500;
  const marks = () => [...document.querySelectorAll("[data-live]")];
  const around = (mark) => (mark.dataset.live === "self" ? mark : mark.closest(mark.dataset.live) || mark);

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        // Away for a moment; the next look tells.
      }
    }
    wait();
  }

  function renew(page) {
    for (const mark of marks()) {
      const fresh = page.getElementById(mark.id);
      if (!fresh) continue;
      const reach = mark.dataset.live;
      const found = reach === "self" ? fresh : fresh.closest(reach) || fresh;
      around(mark).replaceWith(document.importNode(found, true));
    }
  }

  function wait() {
    if (marks().length) setTimeout(look, PAUSE);
  }

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", wait) : wait();
})();
