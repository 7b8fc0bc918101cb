// The list of messages: where each one stands, what belongs to its day, and how one that is further up is reached.
import { messageView } from "/page/message.js";

const PAGE = 100;

export function messages({ list, older, call, hooks }) {
  const views = new Map();
  let oldest = Infinity;

  function place(event) {
    if (views.has(event.message_id)) { replace(event); return; }
    const album = event.album && [...views.values()].find((view) => view.event.album === event.album);
    if (album) { album.join(event); views.set(event.message_id, album); return; }
    const view = messageView(event, hooks);
    views.set(event.message_id, view);
    view.element.dataset.day = dayOf(event.date);
    if (list.lastElementChild?.dataset.day !== view.element.dataset.day) list.append(separator(event.date));
    list.append(view.element);
  }

  function replace(event) { views.get(event.message_id)?.update(event); }

  function remove(id) {
    const view = views.get(id);
    if (!view) return;
    views.delete(id);
    for (const other of views.values()) other.forget(id);
    if (view.leave(id)) return;
    const { element } = view, day = element.previousElementSibling, next = element.nextElementSibling;
    element.remove();
    if (day?.classList.contains("day") && next?.dataset.day !== day.dataset.day) day.remove();
  }

  // earlier messages go above what is there: an album that was cut in two is put together, and so is a day
  function drawOlder(page) {
    const rest = [...list.children];
    list.replaceChildren();
    for (const event of page.messages) place(event);
    const first = rest[0];
    if (first?.classList.contains("day") && list.lastElementChild?.dataset.day === first.dataset.day) rest.shift();
    list.append(...rest);
    if (page.messages.length) oldest = page.messages[0].message_id;
    older.hidden = !page.has_more;
  }

  async function loadOlder() {
    const page = await call(`/chat/messages?before=${oldest}&limit=${PAGE}`);
    drawOlder(page);
    return page.messages.length > 0;
  }

  // the view of a message, after as many earlier ones as it takes were drawn; undefined when it is gone
  async function reach(id) {
    while (!views.has(id) && id < oldest && !older.hidden) {
      if (!(await loadOlder())) break;
    }
    return views.get(id);
  }

  return { place, replace, remove, drawOlder, loadOlder, reach, get: (id) => views.get(id) };
}

const dayOf = (date) => new Date(date * 1000).toDateString();
function separator(date) {
  const item = document.createElement("li"), at = new Date(date * 1000), now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  item.className = "day";
  item.dataset.day = at.toDateString();
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const named = { [now.toDateString()]: "Today", [yesterday.toDateString()]: "Yesterday" };
  item.textContent = named[at.toDateString()] ?? at.toLocaleDateString(undefined, { day: "numeric", month: "long", year });
  return item;
}
