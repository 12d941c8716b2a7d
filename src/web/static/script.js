// Makes some pages handier; everything works without it.
"use strict";

// Choose all rows of a table at once.
for (const table of document.querySelectorAll("table.work")) {
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  const head = table.querySelector("thead th");
  if (boxes.length < 2 || !head) continue;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", "Choose all");
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  head.append(all);
}

// Narrow the rows that are shown while typing; Enter asks the server, which knows all of them.
for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll("table.work tbody tr")];
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

// Type to find one of many lists.
for (const menu of document.querySelectorAll(".switch ul")) {
  const items = [...menu.children];
  if (items.length < 6) continue;
  const input = document.createElement("input");
  input.type = "search";
  input.setAttribute("aria-label", "Find a list");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
  const item = document.createElement("li");
  item.append(input);
  menu.prepend(item);
}

// Copy what is shown once.
for (const secret of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "secondary";
  button.textContent = "Copy";
  button.addEventListener("click", () => navigator.clipboard.writeText(secret.textContent));
  secret.after(" ", button);
}

// Keys: j and k walk through held posts, Enter opens; on one post a approves and r goes to the reason.
const links = [...document.querySelectorAll("table[data-queue] tbody a")];
const decide = document.querySelector("form[data-decide]");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const at = links.indexOf(document.activeElement);
  if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  else if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
  else if (event.key === "a" && decide) decide.querySelector("[value=approve]").focus();
  else if (event.key === "r" && decide) decide.querySelector("[name=reason]").focus();
  else return;
  event.preventDefault();
});

// Light or dark by choice; without one, as the system has it.
const root = document.documentElement;
let chosen = null;
try { chosen = localStorage.getItem("mailjam-theme"); } catch { /* kept nowhere */ }
if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
const footer = document.querySelector("footer");
if (footer) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "◐";
  button.setAttribute("aria-label", "Light or dark");
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("mailjam-theme", root.dataset.theme); } catch { /* kept nowhere */ }
  });
  footer.append(button);
}
