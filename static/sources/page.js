"use strict";
// Looking at a page takes seconds: say so, and take no second press.
const form = document.getElementById("pg-form");
let sent = false;
form.addEventListener("submit", (event) => {
  if (sent) return event.preventDefault();
  sent = true;
  form.querySelector("[data-busy]").hidden = false;
  setTimeout(() => { sent = false; }, 30000);
});
// What was asked for is what is shown
document.getElementById("pg-preview")?.focus();
document.getElementById("pg-preview")?.scrollIntoView({ block: "start" });
