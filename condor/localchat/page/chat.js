// The page of the local chat: draws what /chat/transcript tells and sends what the person does. Everything that people or bots wrote is put in as text, except
// the `html` of a message, which the server has built from entities with everything else escaped.
import { messageView } from "/page/message.js";
import { completion } from "/page/completion.js";
import { phone } from "/page/phone.js";
import { trouble } from "/page/trouble.js";

const $ = (id) => document.getElementById(id);
const scroller = $("scroller"), list = $("messages"), field = $("text");
const views = new Map();
let seq = 0, oldest = Infinity, unread = 0, replyTo = null, pinned = [], typingTimer = 0, toastTimer = 0;

// ---- server ------------------------------------------------------------------------------------------------------
async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.error || `The server said ${answer.status}`), { status: answer.status });
  return data;
}

async function listen() {
  for (let pause = 500; ; ) {
    try {
      const news = await call(`/chat/transcript?after=${seq}&wait=25`);
      $("lost").hidden = true;
      pause = 500;
      for (const event of news.events) take(event);
      seq = Math.max(seq, news.seq);
    } catch (error) {
      if (error.status === 401) { $("lost").textContent = "This page is signed out: run `condor link` for a new address."; $("lost").hidden = false; return; }
      $("lost").hidden = false;
      await new Promise((wake) => setTimeout(wake, pause));
      pause = Math.min(pause * 1.6, 8000);
    }
  }
}

// What stands in the way of a chat elsewhere, such as a second program that reads the same bot's messages: said here, where it can't be read by that program.
async function lookAround() {
  const health = await fetch("/healthz").then((answer) => answer.json()).catch(() => ({}));
  const trouble = Object.values(health.chats ?? {}).join("; ");
  $("wrong").textContent = trouble ? `Telegram: ${trouble}` : "";
  $("wrong").hidden = !trouble;
  setTimeout(lookAround, 10_000);
}

// ---- events ------------------------------------------------------------------------------------------------------
function take(event) {
  if (event.kind === "message" || event.kind === "sent") {
    if (event.kind === "message") showTyping(false);
    const stays = nearBottom() || event.kind === "sent";
    place(event, list.lastElementChild);
    if (stays) toBottom(); else if (event.kind === "message") setUnread(unread + 1);
  } else if (event.kind === "edited") {
    replace(event);
  } else if (event.kind === "deleted") {
    remove(event.message_id);
  } else if (event.kind === "answered") {
    views.get(event.message_id)?.settle();
    if (event.alert) showAlert(event.alert); else if (event.toast) showToast(event.toast);
  } else if (event.kind === "action") {
    showTyping(Date.now() / 1000 - event.date < 6);
  } else if (event.kind === "commands") {
    menu.set(event.commands);
  } else if (event.kind === "pinned") {
    setPinned(event.message_ids);
  }
}

function place(event) {
  if (views.has(event.message_id)) return replace(event);
  const album = event.album && [...views.values()].find((view) => view.event.album === event.album);
  if (album) { album.join(event); views.set(event.message_id, album); return; }
  const view = messageView(event, hooks);
  views.set(event.message_id, view);
  const last = list.querySelector("li:last-of-type");
  const day = dayOf(event.date);
  if (!last || last.dataset.day !== day) list.append(separator(day, event.date));
  view.element.dataset.day = day;
  list.append(view.element);
}

function replace(event) {
  const view = views.get(event.message_id);
  if (!view) return;
  const stays = nearBottom();
  view.update(event);
  if (stays) toBottom();
}

function remove(id) {
  const view = views.get(id);
  if (!view) return;
  views.delete(id);
  view.element.remove();
}

const dayOf = (date) => new Date(date * 1000).toDateString();
function separator(day, date) {
  const item = document.createElement("li");
  item.className = "day";
  item.dataset.day = day;
  const today = new Date().toDateString() === day;
  item.textContent = today ? "Today" : new Date(date * 1000).toLocaleDateString(undefined, { day: "numeric", month: "long" });
  return item;
}

// ---- what a message can do ---------------------------------------------------------------------------------------
const hooks = {
  async tap(event, row, column) {
    const { twice, second } = line.taps();
    const body = { message_id: event.message_id, row, column, second };
    try { await Promise.all(twice ? [call("/chat/tap", body), call("/chat/tap", body)] : [call("/chat/tap", body)]); }
    catch (error) { showToast(error.message); return false; }
    return true;
  },
  copy(text) { navigator.clipboard?.writeText(text).then(() => showToast("Copied"), () => showAlert(text)); },
  reply(event) {
    replyTo = event.message_id;
    $("reply-text").textContent = event.text || "file";
    $("reply").hidden = false;
    field.focus();
  },
  jump(id) {
    const view = views.get(id);
    if (!view) { showToast("That message is further up"); return; }
    view.element.scrollIntoView({ block: "center", behavior: "smooth" });
    view.element.classList.remove("flash");
    requestAnimationFrame(() => view.element.classList.add("flash"));
  },
  zoom(source, title) { $("zoom-image").src = source; $("zoom-image").alt = title; $("zoom").classList.remove("large"); $("zoom").showModal(); },
  failed(text) { showToast(text); },
};

// a tap on the picture shows it in its own size, another one the whole of it; a tap beside it closes
$("zoom-image").addEventListener("click", () => $("zoom").classList.toggle("large"));
$("zoom").addEventListener("click", (tap) => { if (tap.target === $("zoom")) $("zoom").close(); });

// ---- scrolling ---------------------------------------------------------------------------------------------------
const nearBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
function toBottom() { scroller.scrollTop = scroller.scrollHeight; setUnread(0); }
function setUnread(count) { unread = count; $("unread").textContent = count ? String(count) : ""; }
scroller.addEventListener("scroll", () => { $("down").hidden = nearBottom(); if (nearBottom()) setUnread(0); }, { passive: true });
$("down").addEventListener("click", toBottom);
// a picture that has just loaded makes the list longer
list.addEventListener("load", () => { if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 700 && $("down").hidden) toBottom(); }, true);

$("older").addEventListener("click", async () => {
  const before = scroller.scrollHeight;
  const page = await call(`/chat/messages?before=${oldest}&limit=100`);
  drawOlder(page);
  scroller.scrollTop += scroller.scrollHeight - before;
});

function drawOlder(page) {
  const rest = [...list.children];
  list.replaceChildren();
  for (const event of page.messages) place(event);
  const first = rest[0];
  if (first?.classList.contains("day") && list.lastElementChild?.dataset.day === first.dataset.day) rest.shift();
  list.append(...rest);
  if (page.messages.length) oldest = page.messages[0].message_id;
  $("older").hidden = !page.has_more;
}

// ---- toast, alert, typing, pinned --------------------------------------------------------------------------------
function showToast(text) {
  const toast = $("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.hidden = true; }, 3500);
}
function showAlert(text) { $("alert-text").textContent = text; if (!$("alert").open) $("alert").showModal(); }
function showTyping(on) {
  const stays = nearBottom();
  $("typing").hidden = !on;
  clearTimeout(typingTimer);
  if (on) typingTimer = setTimeout(() => showTyping(false), 6000);
  if (stays) scroller.scrollTop = scroller.scrollHeight;
}
function setPinned(ids) {
  pinned = ids;
  const top = ids.map((id) => views.get(id)).filter(Boolean).pop();
  $("pinned").hidden = !top;
  if (top) $("pinned-text").textContent = top.event.text.split("\n")[0] || "Pinned message";
}
$("pinned").addEventListener("click", () => hooks.jump(pinned[pinned.length - 1]));

// ---- writing -----------------------------------------------------------------------------------------------------
function fit() { field.style.height = "auto"; field.style.height = `${Math.min(field.scrollHeight + 2, 140)}px`; }
async function say(text) {
  if (!text.trim()) return;
  const body = { text, second: line.taps().second };
  if (replyTo !== null) body.reply_to = replyTo;
  try { await call("/chat/send", body); }
  catch (error) { showToast(error.message); return; }
  stopReply();
  if (field.value.trim() === text.trim()) { field.value = ""; fit(); }
}
function stopReply() { replyTo = null; $("reply").hidden = true; }
async function upload(file) {
  const form = new FormData();
  form.append("file", file);
  if (field.value.trim()) form.append("caption", field.value.trim());
  const answer = await fetch("/chat/upload", { method: "POST", body: form });
  if (!answer.ok) { showToast((await answer.json().catch(() => ({}))).error || "The file was not sent"); return; }
  field.value = "";
  fit();
}
const menu = completion({ list: $("completion"), field, button: $("menu"), choose: (command) => { field.value = ""; fit(); say(`/${command}`); } });
field.addEventListener("input", () => { fit(); menu.follow(field.value); });
field.addEventListener("keydown", (press) => {
  if (menu.key(press)) return;
  if (press.key === "Enter" && !press.shiftKey && !press.isComposing) { press.preventDefault(); $("composer").requestSubmit(); }
  if (press.key === "Escape") stopReply();
});
$("composer").addEventListener("submit", (submit) => { submit.preventDefault(); menu.close(); say(field.value); });
$("reply-cancel").addEventListener("click", stopReply);
$("file").addEventListener("change", (change) => { for (const file of change.target.files) upload(file); change.target.value = ""; });
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (drag) => {
    if (!drag.dataTransfer?.types.includes("Files")) return;
    drag.preventDefault();
    $("drop").hidden = kind !== "dragover";
    if (kind === "drop") for (const file of drag.dataTransfer.files) upload(file);
  });
}

// ---- stop everything: the first click arms the button for a few seconds, the second one does it ---------------------
const stop = $("stop"), idle = stop.textContent;
let armed = 0;
function disarm() { clearTimeout(armed); armed = 0; stop.textContent = idle; stop.classList.remove("armed"); }
stop.addEventListener("click", async () => {
  if (!armed) { armed = setTimeout(disarm, 5000); stop.textContent = "Really stop everything?"; stop.classList.add("armed"); return; }
  disarm();
  try { await call("/chat/panic", { flatten: false, from: "page" }); }
  catch (error) { showAlert(`Not stopped: ${error.message}`); return; }
  say("/panic");
});

// ---- a bad line, on purpose ----------------------------------------------------------------------------------------
const presence = $("presence").textContent;
const line = trouble({ call, say: showToast, onChange(words) { $("presence").textContent = words ? `⚡ ${words}` : presence; } });

// ---- more: the phone, and trouble ----------------------------------------------------------------------------------
const more = $("more"), moreMenu = $("more-menu");
function openMore(on) {
  moreMenu.hidden = !on;
  more.setAttribute("aria-expanded", String(on));
  if (on) moreMenu.querySelector("button").focus();
}
more.addEventListener("click", () => openMore(moreMenu.hidden));
moreMenu.addEventListener("click", () => openMore(false));
moreMenu.addEventListener("keydown", (press) => {
  const items = [...moreMenu.querySelectorAll("button")], at = items.indexOf(document.activeElement);
  if (press.key === "Escape") { openMore(false); more.focus(); }
  if (press.key === "ArrowDown") items[(at + 1) % items.length].focus();
  if (press.key === "ArrowUp") items[(at + items.length - 1) % items.length].focus();
});
document.addEventListener("click", (click) => { if (!moreMenu.hidden && !moreMenu.contains(click.target) && !more.contains(click.target)) openMore(false); });
phone({ call });

// ---- start -------------------------------------------------------------------------------------------------------
const first = await call("/chat/messages?limit=80").catch((error) => { $("lost").textContent = error.message; $("lost").hidden = false; return null; });
if (first) {
  $("bot-name").textContent = first.bot;
  seq = first.seq;
  drawOlder(first);
  menu.set(first.commands);
  setPinned(first.pinned);
  toBottom();
  $("down").hidden = true;
  listen();
  lookAround();
  if (matchMedia("(min-width: 700px)").matches) field.focus();
}
