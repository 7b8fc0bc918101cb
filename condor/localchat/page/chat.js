// The page of the local chat: draws what /chat/transcript tells and sends what the person does. Everything that people or bots wrote is put in as text, except
// the `html` of a message, which the server has built from entities with everything else escaped.
import { completion } from "/page/completion.js";
import { composer } from "/page/composer.js";
import { messages } from "/page/messages.js";
import { more } from "/page/more.js";
import { notices } from "/page/notices.js";
import { phone } from "/page/phone.js";
import { reading } from "/page/reading.js";
import { search } from "/page/search.js";
import { stopButton } from "/page/stop.js";
import { trouble } from "/page/trouble.js";

const $ = (id) => document.getElementById(id);
const scroller = $("scroller"), list = $("messages"), field = $("text");
const PAUSE_MS = 500, LONGEST_PAUSE_MS = 8000, TYPING_MS = 6000;
const DOING = { typing: "typing …", upload_photo: "sending a picture …", upload_document: "sending a file …" };
let seq = 0, pins = [], typingTimer = 0, trying = "";

// ---- server ------------------------------------------------------------------------------------------------------
async function call(path, body) {
  const options = {};
  if (body !== undefined) options.method = "POST";
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(path, options).catch(() => { throw new Error("Condor can't be reached"); });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.error || `the server said ${answer.status}`), { status: answer.status });
  return data;
}

async function listen() {
  for (let pause = PAUSE_MS; ; ) {
    try {
      const news = await call(`/chat/transcript?after=${seq}&wait=25`);
      if (!$("lost").hidden) notes.announce("Connected again");
      $("lost").hidden = true;
      pause = PAUSE_MS;
      for (const event of news.events) take(event);
      seq = Math.max(seq, news.seq);
    } catch (error) {
      if (error.status === 401) { $("lost").textContent = "This page is signed out: run `condor link` for a new address."; $("lost").hidden = false; return; }
      $("lost").hidden = false;
      await new Promise((wake) => setTimeout(wake, pause));
      pause = Math.min(pause * 1.6, LONGEST_PAUSE_MS);
    }
  }
}

// What stands in the way of a chat elsewhere, such as a second program that reads the same bot's messages: said here, where it can't be read by that program.
async function lookAround() {
  const health = await fetch("/healthz").then((answer) => answer.json()).catch(() => ({}));
  const wrong = Object.values(health.chats ?? {}).join("; ");
  $("wrong").textContent = wrong ? `Telegram: ${wrong}` : "";
  $("wrong").hidden = !wrong;
  setTimeout(lookAround, 10_000);
}

// ---- events ------------------------------------------------------------------------------------------------------
function take(event) {
  const takes = { message: arrived, sent: arrived, edited, deleted, answered, action, commands, pinned, keyboard };
  takes[event.kind]?.(event);
}

function arrived(event) {
  const isOwn = event.from !== "bot";
  if (event.from === "bot") showDoing("");
  const stays = isOwn || (at.nearBottom() && !document.hidden);
  chat.place(event);
  at.came(chat.get(event.message_id)?.element, event.message_id, isOwn);
  if (stays) at.toBottom();
  if (event.from === "bot") notes.announce(`${event.name}: ${spoken(event)}`, event.message_id);
}

function edited(event) {
  const stays = at.nearBottom();
  chat.replace(event);
  pinned({ pins: pins.map((pin) => (pin.message_id === event.message_id ? { ...pin, text: event.text || "file" } : pin)) });
  if (stays) at.toBottom();
  // a card that a tap has turned is read; one that turns by itself is not
  if (tapped.delete(event.message_id)) notes.announce(spoken(event), event.message_id);
}

function deleted(event) {
  tapped.delete(event.message_id);
  notes.unsay(event.message_id);
  writing.unreply(event.message_id);
  const hadFocus = chat.get(event.message_id)?.element.contains(document.activeElement);
  chat.remove(event.message_id);
  if (hadFocus && document.activeElement === document.body) field.focus();
}

async function answered(event) {
  chat.get(event.message_id)?.settle();
  if (!event.alert && !event.toast) return;
  // another page's tap is answered there; our own may be answered before we have its number
  await Promise.allSettled(sending);
  if (!taps.delete(event.callback_id)) return;
  if (event.alert) notes.alertBox(event.alert); else notes.toast(event.toast);
}

function action(event) {
  const isFresh = Date.now() / 1000 - event.date < TYPING_MS / 1000;
  showDoing(isFresh && event.action !== "cancel" ? DOING[event.action] ?? "busy …" : "");
}
function commands(event) { menu.set(event.commands); }
function keyboard(event) { writing.offer(event.keyboard); }

const spoken = (event) => [event.text, event.media && (event.media.name || "a picture")].filter(Boolean).join(", ");

// ---- what a message can do ---------------------------------------------------------------------------------------
const notes = notices();
const taps = new Set(), sending = new Set(), tapped = new Set();

async function tap(body) {
  const sent = call("/chat/tap", body);
  sending.add(sent);
  try { taps.add((await sent).callback_id); }
  finally { sending.delete(sent); }
}

async function jump(id) {
  const view = await chat.reach(id);
  if (!view) { notes.toast("That message is no longer there"); return; }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  view.element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  view.element.classList.remove("flash");
  requestAnimationFrame(() => view.element.classList.add("flash"));
}

const hooks = {
  async tap(event, row, column) {
    const { twice, second } = line.taps();
    const body = { message_id: event.message_id, row, column, second };
    tapped.add(event.message_id);
    try { await Promise.all(twice ? [tap(body), tap(body)] : [tap(body)]); }
    catch (error) { notes.toast(error.message); return false; }
    return true;
  },
  copy(text) { navigator.clipboard?.writeText(text).then(() => notes.toast("Copied"), () => notes.alertBox(text)); },
  reply(event) { writing.reply(event.message_id, event.text || event.media?.name || "Picture"); },
  jump,
  zoom(source, title) {
    $("zoom-image").src = source;
    $("zoom-image").alt = title;
    enlarge(false);
    $("zoom").showModal();
  },
};

// a tap on the picture shows it in its own size, another one the whole of it; a tap beside it closes
function enlarge(on) {
  $("zoom").classList.toggle("large", on);
  $("zoom-size").setAttribute("aria-pressed", String(on));
}
$("zoom-size").addEventListener("click", () => enlarge(!$("zoom").classList.contains("large")));
$("zoom").addEventListener("click", (click) => { if (click.target === $("zoom")) $("zoom").close(); });
// what had the focus before may have been drawn anew meanwhile
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => { if (document.activeElement === document.body) field.focus(); });

// Within a message's buttons the arrows go from one to the next; Escape goes back to the field.
list.addEventListener("keydown", (press) => {
  const key = press.target.closest?.(".key");
  if (press.key === "Escape") { field.focus(); return; }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[press.key];
  if (!key || !step) return;
  const keys = [...key.closest(".keys").querySelectorAll(".key")];
  keys[(keys.indexOf(key) + step + keys.length) % keys.length].focus();
  press.preventDefault();
});

const chat = messages({ list, older: $("older"), call, hooks });
const at = reading({ scroller, list });
$("older").addEventListener("click", async () => {
  const before = scroller.scrollHeight;
  try { await chat.loadOlder(); }
  catch (error) { notes.toast(error.message); }
  scroller.scrollTop += scroller.scrollHeight - before;
});

// ---- who is there, what is pinned --------------------------------------------------------------------------------
const presence = $("presence").textContent;
function showPresence() { $("presence").textContent = trying || presence; }
function showDoing(words) {
  const stays = at.nearBottom();
  $("typing").hidden = !words;
  if (words) $("presence").textContent = words; else showPresence();
  clearTimeout(typingTimer);
  if (words) typingTimer = setTimeout(() => showDoing(""), TYPING_MS);
  if (stays) scroller.scrollTop = scroller.scrollHeight;
}

// the newest one is shown; a tap goes there and shows the one before, as far as there are some
let pinAt = 0;
function pinned(event) {
  if (event.pins.length !== pins.length) pinAt = event.pins.length - 1;
  pins = event.pins;
  const pin = pins[pinAt];
  $("pinned").hidden = !pin;
  $("pinned-text").textContent = pin ? pin.text.split("\n")[0] : "";
}
$("pinned").addEventListener("click", async () => {
  const { message_id: id } = pins[pinAt];
  pinAt = (pinAt + pins.length - 1) % pins.length;
  pinned({ pins });
  await jump(id);
});

// ---- writing -----------------------------------------------------------------------------------------------------
const line = trouble({
  call, say: notes.toast,
  onChange(words) {
    if (words && `⚡ ${words}` !== trying) notes.announce(`Trouble on purpose: ${words}`);
    trying = words ? `⚡ ${words}` : "";
    showPresence();
  },
});
const writing = composer({ call, who: line.taps, toast: notes.toast, alertBox: notes.alertBox, textOf: (id) => chat.get(id)?.event.text || "file" });
const menu = completion({ list: $("completion"), field, button: $("menu"), choose: (command) => { writing.clear(); writing.say(`/${command}`); } });
field.addEventListener("input", () => { writing.fit(); menu.follow(field.value); });
field.addEventListener("keydown", (press) => {
  if (menu.key(press)) return;
  if (press.key === "Enter" && !press.shiftKey && !press.isComposing) { press.preventDefault(); $("composer").requestSubmit(); }
  else if (press.key === "Escape") writing.stopReply();
  else if (press.key === "PageUp" || press.key === "PageDown") { press.preventDefault(); scroller.scrollBy(0, (press.key === "PageUp" ? -0.9 : 0.9) * scroller.clientHeight); }
  else if (!press.shiftKey && writing.recall(press)) press.preventDefault();
});
$("composer").addEventListener("submit", (submit) => { submit.preventDefault(); menu.close(); writing.say(field.value); });

const finding = search({ call, jump, announce: notes.announce });
document.addEventListener("keydown", (press) => { if ((press.ctrlKey || press.metaKey) && press.key === "k") { press.preventDefault(); finding.open(); } });
more();
phone({ call });
stopButton({ call, say: writing.say, alertBox: notes.alertBox, urgent: notes.urgent });

// ---- start -------------------------------------------------------------------------------------------------------
const first = await call("/chat/messages?limit=80").catch((error) => { $("lost").textContent = error.message; $("lost").hidden = false; return null; });
if (first) {
  $("bot-name").textContent = first.bot;
  seq = first.seq;
  chat.drawOlder(first);
  menu.set(first.commands);
  pinned(first);
  for (const event of first.messages) if (event.from === "user" && event.text) writing.remember(event.text);
  writing.offer(first.keyboard);
  at.begin(first.messages, (id) => chat.get(id)?.element);
  listen();
  lookAround();
  if (matchMedia("(min-width: 700px)").matches) field.focus();
  // what was typed before all of this was there
  if (field.value) { writing.fit(); menu.follow(field.value); }
}
scroller.removeAttribute("aria-busy");
