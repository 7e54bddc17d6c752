// Lists that change under the reader: what did not change is not touched, and the focus stays where it was.

const known = new WeakMap(); // list -> Map of key -> {state, node}

/**
 * Make the children of `list` those of `wanted`: [{key, state, make, dress?}]. A node is made anew only when its state
 * changed; `dress(node)` then puts on it what may change without that, such as a mark.
 */
export function keep(list, wanted) {
  const before = known.get(list) ?? new Map();
  const after = new Map();
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  let lostFocus = null;
  for (const { key, state, make, dress } of wanted) {
    const words = JSON.stringify(state);
    const old = before.get(key);
    const same = old?.state === words;
    const node = same ? old.node : make();
    dress?.(node);
    if (!same && focused && old?.node.contains(focused)) lostFocus = { node, at: indexIn(old.node, focused) };
    after.set(key, { state: words, node });
  }
  const nodes = [...after.values()].map((one) => one.node);
  const staying = new Set(nodes);
  for (const child of [...list.children]) if (!staying.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  known.set(list, after);
  if (lostFocus) (reachable(lostFocus.node)[lostFocus.at] ?? reachable(lostFocus.node)[0])?.focus();
}

const reachable = (node) => [...node.querySelectorAll("button, a, input, [tabindex]")];
const indexIn = (node, focused) => reachable(node).indexOf(focused);

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * Arrow keys, Home and End move through the `selector` elements of `list`; only one of them is in the order of tabbing.
 * `across` is for rows; with `last` one enters the list at its end, as in a conversation.
 */
export function rove(list, selector, { across = false, last = false } = {}) {
  const steps = across ? { ArrowRight: 1, ArrowLeft: -1 } : { ArrowDown: 1, ArrowUp: -1 };
  const all = () => [...list.querySelectorAll(selector)];
  const only = (chosen) => all().forEach((one) => { one.tabIndex = one === chosen ? 0 : -1; });
  list.addEventListener("focusin", (event) => {
    const one = event.target.closest(selector);
    if (one) only(one);
  });
  list.addEventListener("keydown", (event) => {
    const items = all();
    const at = items.indexOf(event.target);
    if (at < 0) return;
    const to = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : steps[event.key] ? at + steps[event.key] : -1;
    if (to < 0 || to >= items.length) return;
    event.preventDefault();
    only(items[to]);
    items[to].focus();
  });
  new MutationObserver(() => {
    const items = all();
    const entry = last ? items.at(-1) : items.find((one) => one.matches("[aria-pressed=true]")) ?? items.find((one) => one.tabIndex === 0) ?? items[0];
    only(items.find((one) => one.contains(document.activeElement)) ?? entry);
  }).observe(list, { childList: true, subtree: true });
}
