// Keys: everything on the workbench without a mouse.
"use strict";

(() => {
  const { root, openTab } = window.workbench;
  const help = document.querySelector("[data-keys]");
  const openHelp = () => help.showModal();
  document.querySelector("[data-keys-open]").addEventListener("click", openHelp);

  const visible = (element) => element.offsetParent !== null;
  function press(selector) {
    const all = [...document.querySelectorAll(selector)];
    const button = all.find((one) => !one.disabled && visible(one)) ?? all.find((one) => !one.disabled);
    button?.click();
  }
  function panel(number) {
    const target = document.querySelector(`[data-panel="${number}"]`);
    if (!target) return;
    openTab(target.closest("[data-tab]").dataset.tab);
    target.scrollIntoView({ block: "nearest" });
    const first = number === "2" ? document.getElementById("wb-body") : number === "3" ? document.getElementById("wb-comment") : target;
    (first ?? target).focus({ preventScroll: first === target });
  }

  // The list that the editor came from: its query stands in the address that its links have, and is kept for this tab
  // while one goes from one page of a story to another
  const LIST = "_changelist_filters";
  const KEPT = "pult.queue.list";
  function listOf() {
    const asked = new URLSearchParams(location.search).get(LIST);
    const before = root.dataset.listUrl.replace(/stories\/story\/$/, "desk/stories/");
    const isOnward = document.referrer.startsWith(location.origin + before);
    let list = asked ?? "";
    try {
      if (asked === null && isOnward) list = sessionStorage.getItem(KEPT) ?? "";
      sessionStorage.setItem(KEPT, list);
    } catch {
      // a closed storage keeps nothing
    }
    return list;
  }
  const list = listOf();
  const listUrl = list ? `${root.dataset.listUrl}?${list}` : root.dataset.listUrl;
  const nextUrl = (back) => {
    const query = new URLSearchParams({ ...(list && { [LIST]: list }), ...(back && { back: "1" }) });
    return query.size ? `${root.dataset.nextUrl}?${query}` : root.dataset.nextUrl;
  };
  const backLink = () => { root.querySelector(".wb-back").href = listUrl; };
  root.addEventListener("workbench:renewed", backLink);
  backLink();

  async function go(url) {
    if (window.workbench.flush && !(await window.workbench.flush())) return;
    root.dataset.leaving = "1";
    location.assign(url);
  }

  const single = {
    j: () => go(nextUrl(false)),
    k: () => go(nextUrl(true)),
    u: () => go(listUrl),
    "?": openHelp,
  };

  document.addEventListener("keydown", (event) => {
    if (help.open || event.isComposing) return;
    const command = event.metaKey || event.ctrlKey;
    const act = chosen(event, command);
    if (!act) return;
    event.preventDefault();
    act();
  });

  function chosen(event, command) {
    if (command && !event.altKey && event.code === "KeyS") return () => press("[data-key-save]");
    if (command && event.shiftKey && event.key === "Enter") return () => press("[data-key-main]");
    if (command && event.key === "Enter") return () => press("[data-key-rewrite]");
    const digit = event.code.startsWith("Digit") ? event.code.slice(5) : "";
    if (event.altKey && !command && digit) {
      if (event.shiftKey) return digit <= "4" && digit >= "1" ? () => press(`[data-key-kind="${digit}"]`) : null;
      return digit >= "1" && digit <= "5" ? () => panel(digit) : null;
    }
    if (event.altKey && !command && event.code === "KeyV") return versions;
    const field = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (event.key === "Escape" && field && root.contains(field)) return () => field.blur();
    if (field || command || event.altKey) return null;
    return single[event.key] ?? single[{ KeyJ: "j", KeyK: "k", KeyU: "u" }[event.code]] ?? null;
  }

  function versions() {
    openTab("text");
    const fold = root.querySelector("[data-fold=versions]");
    if (!fold) return;
    fold.open = !fold.open;
    fold.querySelector("summary").focus();
  }
})();
