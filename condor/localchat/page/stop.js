// Stop everything: the first click arms the button for a few seconds, the second one does it.
const ARMED_MS = 5000;

export function stopButton({ call, say, alertBox, urgent }) {
  const stop = document.getElementById("stop"), idle = stop.textContent;
  let armed = 0;

  function disarm() { clearTimeout(armed); armed = 0; stop.textContent = idle; stop.classList.remove("armed"); }
  function arm() {
    armed = setTimeout(disarm, ARMED_MS);
    stop.textContent = "Really stop everything?";
    stop.classList.add("armed");
    urgent("Press again within five seconds to stop everything");
  }

  stop.addEventListener("keydown", (press) => { if (press.key === "Escape") disarm(); });
  stop.addEventListener("click", async () => {
    if (!armed) { arm(); return; }
    disarm();
    try { await call("/chat/panic", { flatten: false, from: "page" }); }
    catch (error) { alertBox(`Not stopped: ${error.message}`); return; }
    say("/panic");
  });
}
