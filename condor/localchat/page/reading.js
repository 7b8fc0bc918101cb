// How far the chat has been read: the line above the first unread message, the count on the button down, and the one in the title while the page is out of sight.
const $ = (id) => document.getElementById(id);
const NEAR = 120, KEY = "condor-read";

export function reading({ scroller, list }) {
  const title = document.title;
  let unread = 0, line = null, newest = 0;

  const nearBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
  const sees = () => nearBottom() && !document.hidden;

  function show(count) {
    unread = count;
    $("unread").textContent = count ? String(count) : "";
    $("down").setAttribute("aria-label", count ? `To the newest message, ${count} unread` : "To the newest message");
    document.title = count && document.hidden ? `(${count}) ${title}` : title;
  }
  function remember() { localStorage.setItem(KEY, String(newest)); }
  function toBottom() { scroller.scrollTop = scroller.scrollHeight; if (!document.hidden) read(); }
  function read() { show(0); remember(); }

  function markFrom(element) {
    line?.remove();
    line = document.createElement("li");
    line.className = "new";
    line.textContent = "New messages";
    line.dataset.day = element.dataset.day;
    element.before(line);
  }

  // a message has come; what nobody has seen is counted, and the first of it has the line above it
  function came(element, id, isOwn) {
    newest = Math.max(newest, id);
    if (isOwn) { line?.remove(); line = null; return; }
    if (sees() || !element) return;
    if (!unread) markFrom(element);
    show(unread + 1);
  }

  // where the last visit ended; the first visit has nothing that is unread
  function begin(events, elementOf) {
    const known = Number(localStorage.getItem(KEY));
    newest = Math.max(0, ...events.map((event) => event.message_id));
    const missed = known ? events.filter((event) => event.message_id > known && event.from === "bot") : [];
    if (missed.length && elementOf(missed[0].message_id)) {
      markFrom(elementOf(missed[0].message_id));
      line.scrollIntoView({ block: "start" });
      scroller.scrollTop -= 8;
      if (!nearBottom()) { show(missed.length); $("down").hidden = false; return; }
    }
    toBottom();
    $("down").hidden = true;
  }

  scroller.addEventListener("scroll", () => { $("down").hidden = nearBottom(); if (sees()) read(); }, { passive: true });
  document.addEventListener("visibilitychange", () => { if (sees()) read(); });
  $("down").addEventListener("click", () => { toBottom(); $("text").focus(); });
  // a picture that has just loaded makes the list longer
  list.addEventListener("load", () => { if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 700 && $("down").hidden) toBottom(); }, true);

  return { nearBottom, toBottom, came, begin };
}
