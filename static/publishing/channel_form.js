// Shows only the fields of the chosen kind; without it all are shown and the server sorts them out.
(() => {
  "use strict";
  const fields = { telegram: ["bot", "chat_id"], preview: ["is_public"] };

  const start = () => {
    const kind = document.getElementById("id_kind");
    if (!kind) return;
    const row = (name) => document.querySelector(`.field-${name}`);
    const show = () => {
      for (const [owner, names] of Object.entries(fields)) {
        for (const name of names) {
          const found = row(name);
          if (found) found.hidden = owner !== kind.value;
          if (found) found.style.display = owner === kind.value ? "" : "none";
        }
      }
    };
    kind.addEventListener("change", show);
    show();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
