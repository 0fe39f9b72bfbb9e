// Sources and versions beyond the first ones: fetched and put below the others, so that nothing of the page is lost.
"use strict";

(() => {
  const { root, openTab, banner, unbanner, words } = window.workbench;
  let busy = false;

  // Puts the next rows below; answers the first of them, or null where there are none or the server does not answer
  async function more(name) {
    const link = root.querySelector(`[data-more="${name}"] [data-more-next]`);
    if (!link || busy) return null;
    busy = true;
    link.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(link.href, { credentials: "same-origin" });
      if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      unbanner("more");
      return put(name, fresh);
    } catch {
      banner("more", words.no_more, { error: true });
      return null;
    } finally {
      busy = false;
      root.querySelector(`[data-more="${name}"] [data-more-next]`)?.removeAttribute("aria-busy");
    }
  }
  function put(name, fresh) {
    const rows = root.querySelector(`[data-rows="${name}"]`);
    const added = [...(fresh.querySelector(`[data-rows="${name}"]`)?.children ?? [])]
      .filter((row) => row.id && !document.getElementById(row.id))
      .map((row) => document.importNode(row, true));
    rows.append(...added);
    const its = fresh.querySelector(`[data-more="${name}"]`);
    its?.querySelector("[data-more-first]")?.remove(); // the beginning is still on this page
    const place = root.querySelector(`[data-more="${name}"]`);
    if (its?.querySelector("[data-more-next]")) place.replaceWith(document.importNode(its, true));
    else place.remove();
    return added[0] ?? null;
  }

  root.addEventListener("click", async (event) => {
    const next = event.target.closest("[data-more-next]");
    if (!next || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    (await more(next.closest("[data-more]").dataset.more))?.focus();
  });

  // A link to a source that is not on the page yet
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href^='#post-']");
    const name = link?.getAttribute("href").slice(1);
    if (!name || document.getElementById(name)) return;
    event.preventDefault();
    while (!document.getElementById(name) && (await more("posts"))) { /* the next rows */ }
    if (!document.getElementById(name)) return;
    openTab("sources");
    location.hash = name;
  });
})();
