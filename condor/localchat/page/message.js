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
  const view = { element: root, event, parts: [], update, settle, join };

  function update(next) {
    const at = view.parts.findIndex((part) => part.message_id === next.message_id);
    if (at >= 0) view.parts[at] = next; else view.event = next;
    if (view.parts[0]) view.event = view.parts[0];
    draw();
  }

  function join(next) {
    if (!view.parts.length) view.parts.push(view.event);
    view.parts.push(next);
    draw();
  }

  function settle() {
    for (const key of root.querySelectorAll('[aria-busy="true"]')) key.removeAttribute("aria-busy");
  }

  function draw() {
    const focused = root.contains(document.activeElement) ? keyPosition(document.activeElement) : null;
    root.id = `m${view.event.message_id}`;
    root.replaceChildren(bubble(view.event));
    if (view.event.buttons.length) root.append(keyboard(view.event));
    if (focused) root.querySelector(`[data-row="${focused.row}"][data-column="${focused.column}"]`)?.focus();
  }

  function bubble(shown) {
    const box = element("div", "bubble");
    if (shown.from === "second") box.append(element("strong", "name", shown.name));
    if (shown.reply_to) {
      const quote = element("button", "quote", shown.reply_to.text);
      quote.type = "button";
      quote.setAttribute("aria-label", `In reply to: ${shown.reply_to.text}`);
      quote.addEventListener("click", () => hooks.jump(shown.reply_to.message_id));
      box.append(quote);
    }
    box.append(...media(shown));
    const body = element("div", "body");
    body.innerHTML = shown.html; // built by the server from entities, everything else escaped
    for (const hidden of body.querySelectorAll(".spoiler, .expandable")) openable(hidden);
    body.append(meta(shown));
    box.append(body);
    const act = element("button", "act", "↩");
    act.type = "button";
    act.setAttribute("aria-label", "Reply to this message");
    act.addEventListener("click", () => hooks.reply(shown));
    box.append(act);
    return box;
  }

  function media(shown) {
    const pictures = view.parts.length ? view.parts.map((part) => part.media) : [shown.media];
    const photos = pictures.filter((item) => item?.type === "photo");
    const made = pictures.filter((item) => item?.type === "document").map(documentLink);
    if (photos.length > 1) {
      const grid = element("div", "album");
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
    link.append(element("span", "sheet", "↓"), words);
    return link;
  }

  function keyboard(shown) {
    const keys = element("div", "keys");
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
      link.append(element("span", "mark", "↗"));
      return link;
    }
    const made = element("button", `key${style}`, button.text);
    made.type = "button";
    made.dataset.row = row;
    made.dataset.column = column;
    if (button.kind === "copy") {
      made.append(element("span", "mark", "⧉"));
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

  view.update = update;
  draw();
  return view;
}

function keyPosition(focused) {
  return focused.dataset?.row === undefined ? null : { row: focused.dataset.row, column: focused.dataset.column };
}

function openable(hidden) {
  const open = () => hidden.classList.toggle("open");
  hidden.addEventListener("click", open);
  hidden.addEventListener("keydown", (press) => { if (press.key === "Enter" || press.key === " ") { press.preventDefault(); open(); } });
}

function meta(shown) {
  const made = element("span", "meta");
  if (shown.silent) { const mark = element("span", "", "🔕"); mark.title = "Sent silently"; made.append(mark); }
  if (shown.edited) made.append(element("span", "", "edited"));
  const time = element("time", "", new Date(shown.date * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = new Date(shown.date * 1000).toISOString();
  time.title = new Date(shown.date * 1000).toLocaleString();
  made.append(time);
  return made;
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}
