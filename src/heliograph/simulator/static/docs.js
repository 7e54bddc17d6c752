// The control API's reference, drawn from its own OpenAPI description.

import { byId, copyButton, el } from "./dom.js";

const EXAMPLES = { account_id: "17841…", person: "…", mid: "aWdf…", text: "Hello", app_id: "…", page_id: "…", access_token: "EAA…" };

async function draw() {
  const answer = await fetch("/_simulator/openapi.json");
  const api = await answer.json();
  byId("about").textContent = api.info.description;
  const base = location.origin + api.servers[0].url;
  const groups = new Map();
  for (const [path, verbs] of Object.entries(api.paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(one(api, base, path, verb, operation));
    }
  }
  for (const [tag, operations] of groups) byId("operations").append(el("section", {}, el("h2", { text: tag }), operations));
}

function one(api, base, path, verb, operation) {
  const inputs = [...parameters(operation), ...fields(api, operation)];
  const command = curl(base, path, verb, inputs);
  return el("details", { class: "operation" },
    el("summary", {}, el("span", { class: "verb", text: verb.toUpperCase() }), el("code", { text: api.servers[0].url + path }), el("span", { class: "soft", text: operation.description.split("\n")[0] })),
    el("div", { class: "operation-body" },
      inputs.length ? table(inputs) : null,
      el("div", { class: "command" }, el("code", { text: command }), copyButton(() => command))));
}

const parameters = (operation) =>
  (operation.parameters ?? []).map((one) => ({
    name: one.name, place: one.in, required: one.required, type: type(one.schema), words: one.description ?? "",
  }));

function fields(api, operation) {
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const found = schema && resolve(api, schema.anyOf?.[0] ?? schema);
  if (!found?.properties) return [];
  return Object.entries(found.properties).map(([name, one]) => ({
    name, place: "body", required: found.required?.includes(name), type: type(one), words: one.description ?? "",
    fallback: one.default,
  }));
}

const resolve = (api, schema) => (schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema);

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(type).filter((name) => name !== "null").join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${type(schema.items ?? {})}`;
  return schema.type ?? "any";
}

const table = (inputs) =>
  el("table", { class: "inputs" }, el("tbody", {}, inputs.map((one) =>
    el("tr", {},
      el("th", { scope: "row" }, el("code", { text: one.name }), el("span", { class: "small soft", text: one.required ? " required" : "" })),
      el("td", { class: "small", text: `${one.type}${one.fallback !== undefined && one.fallback !== null ? `, by default ${JSON.stringify(one.fallback)}` : ""}` }),
      el("td", { class: "small soft", text: one.words })))));

function curl(base, path, verb, inputs) {
  const body = Object.fromEntries(inputs.filter((one) => one.place === "body" && (one.required || one.name === "text")).map((one) => [one.name, EXAMPLES[one.name] ?? "…"]));
  const method = verb === "get" ? "" : ` -X ${verb.toUpperCase()}`;
  const json = Object.keys(body).length ? ` -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'` : "";
  return `curl${method} '${base}${path}'${json}`;
}

draw();
