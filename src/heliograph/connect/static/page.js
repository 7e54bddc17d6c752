// Times in the viewer's zone; and in a popup (?popup=1) the answer goes to the window that opened it.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
}
const back = document.querySelector("a[data-message]");
if (back) {
  const tell = () => {
    // To that origin and nobody else: the browser drops the message when another page is in the opener.
    window.opener.postMessage(JSON.parse(back.dataset.message), back.dataset.origin);
    window.close();
  };
  if (window.opener) {
    back.addEventListener("click", (event) => {
      event.preventDefault();
      tell();
    });
  }
  if (back.dataset.at === "once") {
    if (window.opener) tell();
    else location.replace(back.href);
  }
}
