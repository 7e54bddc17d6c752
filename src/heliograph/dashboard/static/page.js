// Dialogs, menus, fields that depend on others, and what htmx could not do.
{
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll(".menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // What cannot be undone is confirmed by typing a name: until then there is no button.
  const confirmed = (input) => {
    input.form.querySelector(".danger").disabled = input.value.trim() !== input.dataset.must;
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-must]")) confirmed(event.target);
  });
  for (const input of document.querySelectorAll("[data-must]")) confirmed(input);

  // Fields that make sense with one choice only.
  const suit = (select) => {
    for (const part of document.querySelectorAll(`[data-shown-for="${select.id}"]`)) {
      part.hidden = select.value !== part.dataset.shownValue;
    }
  };
  for (const select of document.querySelectorAll("select")) {
    suit(select);
    select.addEventListener("change", () => suit(select));
  }

  // A second click sends nothing, until the first one is answered: by another page, or not within half a minute.
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    setTimeout(() => sent.delete(form), 30000);
  });
  addEventListener("pageshow", () => sent.clear());

  document.querySelector("[aria-invalid=true]")?.focus();

  const say = (words) => {
    const line = document.createElement("p");
    line.textContent = words;
    document.getElementById("told").append(line);
    return line;
  };
  let passing;
  const tell = (words) => {
    passing?.remove();
    const line = (passing = say(words));
    setTimeout(() => line.remove(), 10000);
  };
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const plain = xhr.getResponseHeader("content-type")?.startsWith("text/plain");
    tell(plain ? xhr.responseText : "The server could not do this. Load the page again, then repeat it.");
  });
  document.addEventListener("htmx:sendError", () => {
    tell("The server does not answer. Check that you are online, then try again.");
  });

  document.addEventListener("not-copied", () => {
    tell("The browser did not let it be copied. It is selected: copy it by hand.");
  });

  // What looks live and is not says so, as long as it stands there.
  let still;
  const stale = (words) => {
    still?.remove();
    still = words ? say(words) : null;
  };
  document.addEventListener("htmx:sseClose", (event) => {
    if (event.detail.type === "message") stale("Not live any more. Load the page again.");
  });
  document.addEventListener("htmx:sseError", () => stale("Not live just now: the server cannot be reached. It is tried again."));
  document.addEventListener("htmx:sseOpen", () => stale(""));
  // The browser goes to another page: that its streams end is nothing to tell.
  addEventListener("pagehide", () => stale(""));
}
