"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const nothing = document.getElementById("nothing");
  const contents = document.querySelector(".contents");
  const entries = new Map(all("nav [data-of]").map((entry) => [entry.dataset.of, entry]));
  const articles = all("[data-find]");
  const base = location.pathname.replace(/\/reference$/, "");

  for (const place of all("[data-origin]")) place.textContent = location.origin + base;

  // Contents are open beside the page, and closed above it.
  const narrow = matchMedia("(max-width: 759px)");
  const fold = () => { contents.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const article of articles) {
      const fits = words.every((word) => article.dataset.find.includes(word));
      article.hidden = !fits;
      if (fits && !article.classList.contains("object")) count += 1;
      const entry = entries.get(article.id);
      if (entry) entry.hidden = !fits;
    }
    for (const group of all("[data-group]")) {
      const inside = all("[data-find], [data-of]", group);
      group.hidden = inside.length ? inside.every((each) => each.hidden) : words.length > 0;
    }
    document.querySelector(".intro").hidden = words.length > 0;
    document.querySelector("nav .pages").hidden = words.length > 0;
    nothing.hidden = articles.some((article) => !article.hidden);
    found.textContent = words.length ? `${count} found` : "";
    if (narrow.matches) contents.open = words.length > 0 && document.activeElement === find;
  };
  find.addEventListener("input", filter);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { find.value = ""; filter(); }
    if (event.key === "Enter") {
      const first = articles.find((article) => !article.hidden);
      if (first) location.hash = first.id;
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === "/" && !typing) { event.preventDefault(); find.focus(); find.select(); }
  });

  // A link leads also to what the filter hides.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.closest("[hidden]")) { find.value = ""; filter(); }
    if (target) target.scrollIntoView();
    if (narrow.matches) contents.open = false;
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const code = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  const seen = new IntersectionObserver((changes) => {
    for (const change of changes) {
      const link = entries.get(change.target.id)?.querySelector("a");
      if (!link) continue;
      if (change.isIntersecting) {
        all("nav [aria-current]").forEach((each) => each.removeAttribute("aria-current"));
        link.setAttribute("aria-current", "true");
        if (!narrow.matches) link.scrollIntoView({ block: "nearest" });
      }
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  articles.forEach((article) => seen.observe(article));
})();
