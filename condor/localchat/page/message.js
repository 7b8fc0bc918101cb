// One message on the page: bubble, media, quote, keyboard. `update` redraws it in place when the bot edits it.
const BUSY_MS = 15000;

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

export function messageView(event, hooks) {
  const root = element("li", `message ${event.from === "user" ? "mine" : "theirs"}`);
  const view = { element: root, event, parts: [], update, settle, join, leave, forget };

  function update(next) {
    const at = view.parts.findIndex((part) => part.message_id === next.message_id);
    if (at >= 0) view.parts[at] = next; else view.event = next;
    if (view.parts[0]) view.event = view.parts[0];
    draw();
  }

  function join(next) {
    if (!view.parts.length) view.parts.push(view.event);
    view.parts.push(next);
    view.parts.sort((one, other) => one.message_id - other.message_id);
    view.event = view.parts[0];
    draw();
  }

  // one picture of an album is gone; false when nothing of the message is left
  function leave(id) {
    view.parts = view.parts.filter((part) => part.message_id !== id);
    if (!view.parts.length) return false;
    view.event = view.parts[0];
    draw();
    return true;
  }

  // what this one answers is gone, and so are its words here
  function forget(id) {
    if (view.event.reply_to?.message_id !== id) return;
    view.event = { ...view.event, reply_to: null };
    if (view.parts.length) view.parts[0] = view.event;
    draw();
  }

  function settle() {
    for (const key of root.querySelectorAll('[aria-busy="true"]')) key.removeAttribute("aria-busy");
  }

  function draw() {
    const place = placeOfFocus(root);
    root.id = `m${view.event.message_id}`;
    root.replaceChildren(bubble(view.event));
    if (view.event.buttons.length) root.append(keyboard(view.event));
    if (place) (root.querySelector(place) ?? root.querySelector(".key") ?? root.querySelector(".act")).focus();
  }

  function bubble(shown) {
    const box = element("div", "bubble");
    box.setAttribute("role", "article");
    box.setAttribute("aria-label", `${shown.from === "user" ? "You" : shown.name}, ${clock(shown.date)}`);
    if (shown.from === "second") box.append(element("strong", "name", shown.name));
    if (shown.reply_to) {
      const quote = element("button", "quote", shown.reply_to.text);
      quote.type = "button";
      quote.setAttribute("aria-label", `In reply to: ${shown.reply_to.text}`);
      quote.addEventListener("click", () => hooks.jump(shown.reply_to.message_id));
      box.append(quote);
    }
    box.append(...media(shown));
    // an album has the words of whichever of its pictures has some
    const worded = view.parts.find((part) => part.text) ?? shown;
    const body = element("div", "body");
    body.innerHTML = worded.html; // built by the server from entities, everything else escaped
    for (const hidden of body.querySelectorAll(".spoiler, .expandable")) openable(hidden);
    const act = element("button", "act", "↩");
    act.type = "button";
    act.title = "Reply";
    act.setAttribute("aria-label", "Reply to this message");
    act.addEventListener("click", () => hooks.reply(shown));
    const small = meta(shown);
    small.append(act);
    body.append(small);
    box.append(body);
    return box;
  }

  function media(shown) {
    const pictures = view.parts.length ? view.parts.map((part) => part.media) : [shown.media];
    const photos = pictures.filter((item) => item?.type === "photo");
    const made = pictures.filter((item) => item?.type === "document").map(documentLink);
    if (photos.length > 1) {
      const grid = element("div", photos.length % 2 ? "album odd" : "album");
      grid.append(...photos.map((item) => photo(item, shown)));
      made.unshift(grid);
    } else if (photos.length) {
      made.unshift(photo(photos[0], shown));
    }
    return made;
  }

  function photo(item, shown) {
    const frame = element("button", "photo");
    frame.type = "button";
    const image = element("img");
    image.src = `/chat/file/${encodeURIComponent(item.file_id)}`;
    image.width = item.width;
    image.height = item.height;
    image.alt = shown.text.split("\n")[0] || "Picture";
    image.decoding = "async";
    frame.append(image);
    frame.addEventListener("click", () => hooks.zoom(image.src, image.alt));
    return frame;
  }

  function documentLink(item) {
    const link = element("a", "document");
    link.href = `/chat/file/${encodeURIComponent(item.file_id)}`;
    link.download = item.name;
    const words = element("span");
    words.append(element("b", "", item.name), element("small", "", size(item.size)));
    const sheet = element("span", "sheet", "↓");
    sheet.setAttribute("aria-hidden", "true");
    link.append(sheet, words);
    link.setAttribute("aria-label", `Save ${item.name}, ${size(item.size)}`);
    return link;
  }

  function keyboard(shown) {
    const keys = element("div", "keys");
    keys.setAttribute("role", "group");
    keys.setAttribute("aria-label", "Buttons");
    shown.buttons.forEach((row, rowIndex) => {
      const line = element("div", "row");
      row.forEach((button, column) => line.append(key(shown, button, rowIndex, column)));
      keys.append(line);
    });
    return keys;
  }

  function key(shown, button, row, column) {
    const style = ["danger", "success", "primary"].includes(button.style) ? ` ${button.style}` : "";
    if (button.kind === "url") {
      const link = element("a", `key${style}`, button.text);
      link.href = button.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.dataset.row = row;
      link.dataset.column = column;
      link.append(mark("↗"));
      link.title = button.url;
      return link;
    }
    const made = element("button", `key${style}`, button.text);
    made.type = "button";
    made.dataset.row = row;
    made.dataset.column = column;
    if (button.kind === "copy") {
      made.append(mark("⧉"));
      made.title = "Copies a text";
      made.addEventListener("click", () => hooks.copy(button.copy));
      return made;
    }
    made.addEventListener("click", async () => {
      if (made.getAttribute("aria-busy")) return;
      made.setAttribute("aria-busy", "true");
      const sent = await hooks.tap(shown, row, column);
      if (!sent) { made.removeAttribute("aria-busy"); return; }
      setTimeout(() => made.removeAttribute("aria-busy"), BUSY_MS);
    });
    return made;
  }

  draw();
  return view;
}

// what has the focus within a message, as a selector that finds its successor after a redraw
function placeOfFocus(root) {
  const focused = document.activeElement;
  if (!root.contains(focused) || focused === root) return null;
  if (focused.dataset.row !== undefined) return `[data-row="${focused.dataset.row}"][data-column="${focused.dataset.column}"]`;
  return [".act", ".quote", ".photo", ".document"].find((name) => focused.matches(name)) ?? ".key";
}

function mark(sign) {
  const made = element("span", "mark", sign);
  made.setAttribute("aria-hidden", "true");
  return made;
}

// hidden words are not read out before they are opened; the text of a long quote is
function openable(hidden) {
  const isSpoiler = hidden.classList.contains("spoiler"), words = element("span");
  words.append(...hidden.childNodes);
  hidden.append(words);
  const show = (on) => {
    hidden.classList.toggle("open", on);
    hidden.setAttribute("aria-expanded", String(on));
    words.setAttribute("aria-hidden", String(isSpoiler && !on));
    if (isSpoiler && !on) hidden.setAttribute("aria-label", "Hidden text"); else hidden.removeAttribute("aria-label");
  };
  const turn = () => show(!hidden.classList.contains("open"));
  show(false);
  hidden.addEventListener("click", turn);
  hidden.addEventListener("keydown", (press) => { if (press.key === "Enter" || press.key === " ") { press.preventDefault(); turn(); } });
}

const clock = (date) => new Date(date * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

function meta(shown) {
  const made = element("span", "meta");
  if (shown.silent) {
    const bell = element("span", "", "🔕");
    bell.title = "Sent silently";
    bell.setAttribute("role", "img");
    bell.setAttribute("aria-label", "Sent silently");
    made.append(bell);
  }
  if (shown.edited) made.append(element("span", "", "edited"));
  const time = element("time", "", clock(shown.date));
  time.dateTime = new Date(shown.date * 1000).toISOString();
  time.title = new Date(shown.date * 1000).toLocaleString();
  made.append(time);
  return made;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}
