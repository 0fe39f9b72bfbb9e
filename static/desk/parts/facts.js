// After a correction the page opens at the sources, on a phone too, where they are a tab of their own.
"use strict";

(() => {
  const open = () => {
    const place = location.hash.slice(1);
    if (place !== "sources" && !place.startsWith("post-")) return;
    window.workbench?.openTab?.("sources");
    if (place !== "sources") document.getElementById(place)?.scrollIntoView({ block: "start" });
  };
  window.addEventListener("hashchange", open);
  open();
})();
