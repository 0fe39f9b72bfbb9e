"use strict";

// The frame writes the name of a chosen file into a text field beside its own file fields. Ours show the name themselves and
// have no such field, on which its script would fall over; it leaves alone what bears its own mark.
(() => {
  const mark = () => {
    for (const input of document.querySelectorAll("input[type=file]")) {
      if (!input.parentNode.parentNode?.parentNode?.querySelector("input[type=text]")) input.hasChangeListener = true;
    }
  };
  new MutationObserver(mark).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", mark);
})();

// The frame hides the whole page until its own scripts run. A browser that looks for the field to begin in before that
// finds nothing to put the cursor into and does not look again, so it is done here once the page is there to be seen.
document.addEventListener("alpine:initialized", () => {
  requestAnimationFrame(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    document.querySelector("[autofocus]")?.focus();
  });
});
