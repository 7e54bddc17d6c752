// New events slide in at the top; what somebody has opened stays open.
const list = document.getElementById("seen");
const state = document.getElementById("state");
let last = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(one) {
  const summary = element("summary");
  const time = element("time", "", new Date(one.at).toLocaleTimeString());
  time.dateTime = one.at;
  time.title = new Date(one.at).toLocaleString();
  summary.append(time, element("span", "type", one.type), element("span", "gist", one.gist));
  const details = element("details");
  const body = element("pre", "", JSON.stringify(one.event, null, 2));
  body.tabIndex = 0;
  body.setAttribute("role", "region");
  body.setAttribute("aria-label", `Body of ${one.type}`);
  details.append(summary, body);
  const item = element("li");
  item.append(details);
  return item;
}

async function look() {
  try {
    const answer = await (await fetch(`/since/${last}`)).json();
    if (answer.anew) list.replaceChildren();
    for (const one of answer.seen) {
      list.prepend(row(one));
      last = one.number;
    }
    if (answer.anew && !answer.seen.length) last = 0;
    while (list.children.length > 100) list.lastElementChild.remove();
    document.getElementById("empty").hidden = list.children.length > 0;
    state.textContent = "Listening. The newest stands first.";
  } catch {
    state.textContent = "Nobody answers any more: is it still running? The page goes on by itself when it is.";
  }
  setTimeout(look, 1000);
}

look();
