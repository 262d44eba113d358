// The desk with JavaScript: keys, live countdowns, the viewer's own zone, lost connections.
// Pages work without all of it. What a key does stands on the page: [data-key] names the keys of an
// element, and pressing one is a click on it.
"use strict";

document.documentElement.classList.add("scripted");

// --- keys -----------------------------------------------------------------------------------

const GENERAL_KEYS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => currentRow()?.querySelector("input[type=checkbox]")?.click(),
  "?": () => document.getElementById("keys")?.togglePopover(),
  Escape: () => document.activeElement?.blur(),
};

// A key pressed twice by mistake must not decide on a ticket that nobody has seen.
const PAUSE = 250;
let shownAt = performance.now();

// Whoever speaks or hits keys by accident turns them off, for this browser. Where it keeps nothing
// for us (private windows may refuse), keys are on.
const SWITCH = "triage-keys";
let keysAreOn = kept() !== "off";

function kept() {
  try {
    return localStorage.getItem(SWITCH);
  } catch {
    return null;
  }
}

function switchKeys(areOn) {
  keysAreOn = areOn;
  try {
    localStorage.setItem(SWITCH, areOn ? "on" : "off");
  } catch {
    // it holds until the page is left
  }
  showSwitch();
}

function showSwitch() {
  document.documentElement.classList.toggle("keys-off", !keysAreOn);
  const box = document.getElementById("keys-on");
  if (box) box.checked = keysAreOn;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "keys-on") switchKeys(event.target.checked);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input[name=note]")) {
    event.preventDefault();
    event.target.blur(); // the note is kept, and keys work again
    return;
  }
  if (!keysAreOn) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  if (isListOpen() && event.key !== "?") return; // Escape closes it without us
  if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
  if (performance.now() - shownAt < PAUSE) return;
  const element = withKey(event.key);
  if (element) press(element);
  else if (GENERAL_KEYS[event.key]) GENERAL_KEYS[event.key]();
  else return;
  event.preventDefault();
});

function isTyping(element) {
  const typed = "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]";
  return element.closest(typed) !== null;
}

function isListOpen() {
  return document.querySelector("#keys:popover-open") !== null;
}

function withKey(key) {
  const named = [...document.querySelectorAll("[data-key]")];
  return named.find((element) => element.dataset.key.split(" ").includes(key));
}

function press(element) {
  if (element.matches("select, input[type=search], p")) element.focus();
  else if (element.matches("input[type=radio]:checked")) element.checked = false;
  else element.click();
}

function currentRow() {
  return document.activeElement?.closest("tr.row");
}

function step(by) {
  const links = [...document.querySelectorAll("tr.row .row-link")];
  const here = links.indexOf(currentRow()?.querySelector(".row-link"));
  const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1);
  links[next]?.focus();
}

// --- forms that show at once what is chosen ---------------------------------------------------

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submits]");
  if (form && event.target.matches("select")) form.requestSubmit();
});

function countSelected() {
  const place = document.getElementById("selected");
  if (!place) return;
  const number = document.querySelectorAll("input[name=pick]:checked").length;
  write(place, number ? `(${number})` : "");
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[name=pick]")) countSelected();
});

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, parameters } = event.detail;
  if (verb !== "get") return;
  for (const name of [...Object.keys(parameters)]) {
    if (parameters[name] === "") delete parameters[name]; // addresses without empty fields
  }
});

// --- countdowns and zones ---------------------------------------------------------------------

const WORDS = { on_track: "left", at_risk: "left, at risk", breached: "overdue" };

function count() {
  const now = Date.now();
  for (const due of document.querySelectorAll(".due[data-due]")) {
    const left = Date.parse(due.dataset.due) - now;
    const isAtRisk = now >= Date.parse(due.dataset.risk);
    const standing = left < 0 ? "breached" : isAtRisk ? "at_risk" : "on_track";
    write(due.querySelector(".left"), spell(Math.abs(left)));
    write(due.querySelector(".standing"), WORDS[standing]);
    if (due.dataset.standing !== standing) due.dataset.standing = standing;
  }
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function spell(milliseconds) {
  const total = Math.floor(milliseconds / 60000);
  const [days, hours, minutes] = [Math.floor(total / 1440), Math.floor(total / 60) % 24, total % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : "under 1 min";
}

function showZones() {
  const desk = document.documentElement.dataset.zone;
  const short = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const here = new Intl.DateTimeFormat("en-GB", { ...short, hour12: false });
  if (here.resolvedOptions().timeZone === desk) return;
  for (const time of document.querySelectorAll("time:not([data-zones])")) {
    time.dataset.zones = "both";
    const own = here.format(new Date(time.dateTime)).replace(",", "");
    const { day, clock } = time.dataset;
    const desks = document.createElement("span");
    desks.className = "desk-time";
    desks.textContent = own.startsWith(day) ? ` (${clock})` : ` (${day} ${clock})`;
    time.title = time.textContent;
    time.replaceChildren(own, desks);
  }
}

function renew() {
  count();
  showZones();
  showSwitch();
  countSelected();
}

document.addEventListener("htmx:afterSettle", (event) => {
  const { target } = event.detail;
  if (target === document.body) {
    shownAt = performance.now();
    goToHeading();
  }
  if (target.id === "deliberation") sayOutcome();
  renew();
});

// For screen readers: another page begins at its heading, and a correction says what it makes.
function goToHeading() {
  const heading = document.querySelector("main h1");
  if (!heading || document.activeElement !== document.body) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function sayOutcome() {
  const title = document.getElementById("decide-title").innerText;
  const due = document.querySelector(".decide .deadline .due")?.innerText ?? "";
  document.getElementById("told").textContent = `${title}. ${due}`;
}

renew(); // deferred, this runs when the page is there
setInterval(count, 10000);

// --- lost connections ---------------------------------------------------------------------------

let lost = null; // the link or form whose request failed
const submitters = new WeakMap();

document.addEventListener("submit", (event) => submitters.set(event.target, event.submitter), true);

function tell(event, words) {
  const banner = document.getElementById("lost");
  lost = event.detail.elt.closest("[data-quiet]") ? null : event.detail.elt;
  document.getElementById("lost-words").textContent = words;
  document.getElementById("try-again").hidden = lost === null;
  banner.hidden = false;
}

document.addEventListener("htmx:sendError", (event) => {
  tell(event, "The desk cannot be reached. Nothing was changed; what you have entered is still here.");
});

document.addEventListener("htmx:timeout", (event) => {
  tell(event, "The desk did not answer in time. Try again: the same decision is never made twice.");
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const why = status === 403 ? "The desk refused it; load the page again." : "The desk could not do it.";
  tell(event, `${why} Nothing was changed (status ${status}).`);
});

document.addEventListener("htmx:afterOnLoad", () => {
  const banner = document.getElementById("lost");
  if (banner) banner.hidden = true;
});

document.addEventListener("click", (event) => {
  if (event.target.id !== "try-again" || lost === null) return;
  document.getElementById("lost").hidden = true;
  (submitters.get(lost) ?? lost).click(); // htmx learns from the click which button was meant
});
