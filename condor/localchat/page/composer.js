// The field at the bottom: what is typed, which message it answers, files, the lines that were typed before, and what the bot offers to be said.
const $ = (id) => document.getElementById(id);
const KEPT = 50;

export function composer({ call, who, toast, alertBox, textOf }) {
  const field = $("text"), placeholder = field.placeholder, said = [];
  let replyTo = null, asked = null, at = 0, draft = "";

  function fit() { field.style.height = "auto"; field.style.height = `${Math.min(field.scrollHeight + 2, 140)}px`; }
  function clear() { field.value = ""; at = said.length; fit(); }

  function reply(id, text) {
    replyTo = id;
    $("reply-text").textContent = text;
    $("reply").hidden = false;
    field.focus();
  }
  function stopReply() { replyTo = null; $("reply").hidden = true; }
  // that message is gone or has its answer: what is typed now would be refused, or say it twice
  function unreply(id) { if (replyTo === id) stopReply(); }

  function remember(text) {
    if (said[said.length - 1] !== text) said.push(text);
    if (said.length > KEPT) said.shift();
    at = said.length;
  }

  async function say(text) {
    if (!text.trim()) return;
    const body = { text, second: who().second };
    if (replyTo !== null) body.reply_to = replyTo;
    try { await call("/chat/send", body); }
    catch (error) { toast(`Not sent: ${error.message}`); return; }
    remember(text.trim());
    stopReply();
    if (field.value.trim() === text.trim()) clear();
  }

  // one after the other, so that they stand in the order in which they were chosen; words in the field go under the first
  async function upload(files) {
    for (const file of files) {
      const form = new FormData();
      form.append("file", file, file.name || "picture.png");
      if (field.value.trim()) form.append("caption", field.value.trim());
      if (replyTo !== null) form.append("reply_to", String(replyTo));
      if (who().second) form.append("second", "true");
      try { await call("/chat/upload", form); }
      catch (error) { alertBox(`${file.name || "The picture"} was not sent: ${error.message}`); return; }
      stopReply();
      clear();
    }
  }

  // lines that were typed before come back with the arrows while the field holds nothing else
  function recall(press) {
    if (press.key !== "ArrowUp" && press.key !== "ArrowDown") return false;
    const isRecalled = at < said.length && field.value === said[at];
    if (field.value && !isRecalled) return false;
    if (!isRecalled) { at = said.length; draft = field.value; }
    const next = at + (press.key === "ArrowUp" ? -1 : 1);
    if (next < 0 || next > said.length || (next === said.length && !isRecalled)) return isRecalled;
    at = next;
    field.value = at === said.length ? draft : said[at];
    fit();
    return true;
  }

  // what the bot offers: lines to tap, or a reply that it asks for
  function offer(keyboard) {
    const lines = $("lines");
    lines.replaceChildren();
    lines.hidden = keyboard?.type !== "lines";
    field.placeholder = keyboard?.placeholder || placeholder;
    unreply(asked);
    asked = keyboard?.type === "reply" ? keyboard.message_id : null;
    if (asked !== null) reply(asked, textOf(asked));
    for (const row of keyboard?.rows ?? []) {
      const made = document.createElement("div");
      made.className = "row";
      for (const text of row) {
        const key = document.createElement("button");
        key.type = "button";
        key.className = "line";
        key.textContent = text;
        key.addEventListener("click", () => { say(text); field.focus(); });
        made.append(key);
      }
      lines.append(made);
    }
  }

  $("reply-cancel").addEventListener("click", () => { stopReply(); field.focus(); });
  $("file").addEventListener("change", async (change) => { await upload([...change.target.files]); change.target.value = ""; });
  field.addEventListener("paste", (paste) => {
    const files = [...(paste.clipboardData?.files ?? [])];
    if (files.length) { paste.preventDefault(); upload(files); }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (drag) => {
      if (!drag.dataTransfer?.types.includes("Files")) return;
      drag.preventDefault();
      $("drop").hidden = kind !== "dragover";
      if (kind === "drop") upload([...drag.dataTransfer.files]);
    });
  }

  return { say, fit, clear, reply, stopReply, unreply, recall, offer, remember };
}
