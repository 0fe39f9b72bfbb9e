// Shows only the fields of the chosen kind and the chats of the chosen bot; without it all are shown and the server
// sorts them out. A channel without a name is called as its chat.
(() => {
  "use strict";
  const fields = { telegram: ["bot", "known_chat", "chat_id"], preview: ["is_public"], webhook: ["hook_address", "hook_key"] };

  const chats = () => {
    const bot = document.getElementById("id_bot");
    const list = document.getElementById("id_known_chat");
    if (!bot || !list) return;
    const every = [...list.options];
    const narrow = () => {
      const fits = every.filter((one) => !one.value || !bot.value || one.dataset.bot === bot.value);
      if (!fits.some((one) => one.value === list.value)) list.value = "";
      const chosen = list.value;
      list.replaceChildren(...fits);
      list.value = chosen;
    };
    const take = () => {
      const chosen = list.selectedOptions[0];
      if (!chosen || !chosen.value) return;
      const typed = document.getElementById("id_chat_id");
      if (typed) typed.value = "";
      if (!bot.value) {
        bot.value = chosen.dataset.bot;
        narrow();
      }
      const name = document.getElementById("id_name");
      if (name && !name.value) name.value = chosen.dataset.title.slice(0, 100);
    };
    const typed = document.getElementById("id_chat_id");
    if (typed) typed.addEventListener("input", () => { if (typed.value) list.value = ""; });
    bot.addEventListener("change", narrow);
    list.addEventListener("change", take);
    narrow();
  };

  const start = () => {
    chats();
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
