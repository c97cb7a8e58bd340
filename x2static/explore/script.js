"use strict";
const $ = id => document.getElementById(id);
const names = (() => {
  try {
    const shown = new Intl.DisplayNames(["en"], {type: "language"});
    return code => {
      try { const name = shown.of(code); return name === code ? "" : name; } catch { return ""; }
    };
  } catch { return () => ""; }
})();
const title = code => names(code) ? `${names(code)} (${code})` : code;
const viewNames = {before: "Before alignment", after: "After alignment", vectors: "Vectors", both: "Compare"};
let overview = null, view = "", turn = 0, wanted = null;

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function ask(path, fields) {
  const answer = await fetch(`${path}?${new URLSearchParams(fields)}`);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function languages(space) {
  return overview.spaces.find(one => one.name === space).languages;
}

function views() {
  const spaces = overview.spaces.map(one => one.name);
  return spaces.length > 1 ? [...spaces.slice().reverse(), "both"] : spaces;
}

function main_space() {
  return view === "both" ? "after" : view;
}

function build() {
  for (const name of views()) {
    const radio = make("input", {type: "radio", name: "view", value: name, checked: name === view});
    radio.addEventListener("change", () => { view = name; look(); });
    $("view").append(make("label", {}, radio, make("span", {textContent: viewNames[name] || name})));
  }
  $("view").classList.toggle("single", views().length < 2);
  const all = languages(main_space()).map(one => one.name);
  $("sentence-search").hidden = !overview.sentences.length;
  for (const place of ["language", "from", "to", "spoken"]) {
    $(place).replaceChildren(...all.map(name => make("option", {value: name, textContent: title(name)})));
  }
  if (all.length > 1) $("to").value = all[1];
  $("space").replaceChildren(...overview.spaces.map(one => one.name).reverse()
    .map(name => make("option", {value: name, textContent: viewNames[name] || name})));
  $("boxes").replaceChildren(...all.map(name => {
    const box = make("input", {type: "checkbox", value: name, checked: true});
    box.addEventListener("change", picked);
    return make("label", {className: "check"}, box, title(name));
  }));
  target();
}

function boxes() { return [...$("boxes").querySelectorAll("input")]; }

function picked() {
  const on = boxes().filter(box => box.checked);
  $("chosen").textContent = on.length === boxes().length ? "all" : `${on.length} of ${boxes().length}`;
  look();
}

function target() {
  const fields = {space: $("space").value, source: $("from").value, target: $("to").value, count: $("size").value};
  $("get").href = `/api/words.tsv?${new URLSearchParams(fields)}`;
}

function fields(space) {
  const asked = {space, language: $("language").value, word: $("word").value.trim(), count: $("count").value,
    exact: $("exact").checked ? "1" : "0"};
  const on = boxes().filter(box => box.checked).map(box => box.value);
  if (on.length < boxes().length) asked.into = [...new Set([asked.language, ...on])].join(",");
  return asked;
}

function place() {
  return `#${[view, $("language").value, $("word").value.trim()].map(encodeURIComponent).join("/")}`;
}

async function look(is_new = true) {
  if (!overview || !$("word").value.trim()) return;
  const mine = ++turn;
  if (is_new && location.hash !== place()) history.pushState(null, "", place());
  const spaces = view === "both" ? ["before", "after"] : [view];
  try {
    const found = await Promise.all(spaces.map(space => ask("/api/neighbors", fields(space))));
    if (mine === turn) show(found);
  } catch (error) {
    if (mine !== turn) return;
    $("problem").textContent = error.message;
    $("problem").hidden = false;
    $("answer").hidden = true;
  }
}

function show(found) {
  const last = found[found.length - 1];
  $("problem").hidden = $("welcome").hidden = true;
  $("answer").hidden = false;
  $("asked").replaceChildren(make("bdi", {textContent: last.word, lang: last.language}));
  const facts = [title(last.language)];
  if (last.rank !== null) facts.push(`rank ${last.rank.toLocaleString("en")}`);
  if (last.composed) facts.push("composed: the corpus does not have this word");
  else if (last.count !== null) facts.push(`${last.count.toLocaleString("en")} times in the corpus`);
  facts.push(`searched in ${found.map(one => one.milliseconds).join(" + ")} ms`);
  $("facts").textContent = facts.join(" · ");
  $("files").replaceChildren(...found.map(one => make("a", {
    href: `/api/neighbors.tsv?${new URLSearchParams(fields(one.space))}`, download: "",
    textContent: `download as TSV${found.length > 1 ? ` (${one.space})` : ""}`,
  })).flatMap((link, at) => at ? ["  ", link] : [link]));
  const order = last.results.slice().sort((one, other) =>
    (other.language === last.language) - (one.language === last.language));
  $("cards").className = found.length > 1 ? "compare" : "";
  $("cards").replaceChildren(...order.map(result => card(result.language, last.language, found)));
}

function card(language, own, found) {
  const sides = found.map(one => one.results.find(result => result.language === language) || {});
  const shown = sides.every(side => side.exact) ? "" : "short list";
  const made = make("section", {className: language === own ? "card own" : "card"},
    make("h3", {}, make("span", {textContent: title(language)}), make("small", {textContent: shown})));
  if (found.length === 1) { made.append(side_list(language, sides[0], null)); return made; }
  const both = make("div", {className: "sides"});
  sides.forEach((side, at) => both.append(make("div", {}, make("h4", {textContent: at ? "after" : "before"}),
    side_list(language, side, {other: sides[1 - at], kind: at ? "new" : "gone"}))));
  made.append(both);
  return made;
}

function side_list(language, side, compared) {
  if (!side.neighbors) return make("p", {className: "soft small", textContent: side.error || "not there"});
  if (!side.neighbors.length) return make("p", {className: "soft small", textContent: "no other word"});
  const others = compared && new Set((compared.other.neighbors || []).map(entry => entry.word));
  return make("ol", {}, ...side.neighbors.map(entry => {
    const rank = `rank ${entry.rank.toLocaleString("en")}`;
    const button = make("button", {type: "button", title: entry.composed ? `${rank}, composed` : rank,
      className: entry.composed ? "composed" : ""}, make("bdi", {textContent: entry.word, lang: language}));
    button.addEventListener("click", () => { $("language").value = language; $("word").value = entry.word; look(); scrollTo(0, 0); });
    const bar = make("span", {className: "bar"});
    bar.style.width = `${Math.max(0, Math.min(1, entry.cosine)) * 100}%`;
    return make("li", {className: others && !others.has(entry.word) ? compared.kind : ""}, button, bar,
      make("span", {className: "num", textContent: entry.cosine.toFixed(3)}));
  }));
}

async function search_sentences() {
  const text = $("sentence").value.trim();
  if (!text) return;
  try {
    const found = await ask("/api/sentences", {language: $("spoken").value, text, count: "5"});
    $("sentence-problem").hidden = true;
    $("sentence-cards").replaceChildren(...found.results.map(result => make("section", {className: "card"},
      make("h3", {}, make("span", {textContent: title(result.language)})),
      result.error ? make("p", {className: "soft small", textContent: result.error})
        : make("ol", {}, ...result.sentences.map(one => make("li", {title: `line ${one.line}`},
          make("span", {className: "num", textContent: `${one.cosine.toFixed(3)} `}),
          make("bdi", {textContent: one.text, lang: result.language})))))));
  } catch (error) {
    $("sentence-problem").textContent = error.message;
    $("sentence-problem").hidden = false;
    $("sentence-cards").replaceChildren();
  }
}

async function suggest() {
  const prefix = $("word").value.trim();
  if (!prefix || !overview) return;
  const mine = wanted = {};
  try {
    const found = await ask("/api/suggest", {space: main_space(), language: $("language").value, prefix});
    if (mine === wanted) $("suggestions").replaceChildren(...found.words.map(word => make("option", {value: word})));
  } catch { /* the look-up will say what is wrong */ }
}

async function examples() {
  if (!overview || $("welcome").hidden) return;
  const language = $("language").value, space = main_space();
  const about = languages(space).find(one => one.name === language);
  const words = about && about.words ? `${about.words.toLocaleString("en")} words` : "";
  $("holds").textContent = [title(language), words, about && about.width ? `${about.width} numbers each` : ""]
    .filter(text => text).join(", ") + ". Some to start from:";
  try {
    const found = await ask("/api/suggest", {space, language, prefix: ""});
    $("examples").replaceChildren(...found.words.map(word => {
      const made = make("button", {type: "button", textContent: word, lang: language, className: "example"});
      made.addEventListener("click", () => { $("word").value = word; look(); });
      return made;
    }));
  } catch { $("examples").replaceChildren(); }
}

function from_place() {
  const [space, language, word] = location.hash.slice(1).split("/").map(text => {
    try { return decodeURIComponent(text); } catch { return ""; }
  });
  const at = views().indexOf(space);
  if (at >= 0) { view = space; $("view").querySelectorAll("input")[at].checked = true; }
  if (word && languages(main_space()).some(one => one.name === language)) {
    $("language").value = language;
    $("word").value = word;
    look(false);
  }
}

async function refresh() {
  try {
    overview = await ask("/api/overview", {});
  } catch (error) { $("state").textContent = `no answer from the server: ${error.message}`; return; }
  const all = languages(view && view !== "both" ? view : overview.spaces[overview.spaces.length - 1].name);
  const words = all.reduce((sum, one) => sum + (one.words || 0), 0);
  const parts = [`${all.length} languages`, `${words.toLocaleString("en")} words`];
  const search = overview.search;
  if (!search.ready) parts.push(`${search.shortlists ? "preparing quick search" : "opening"}: ${search.done} of ${search.total}`);
  const recalls = all.map(one => one.recall).filter(value => value !== undefined);
  if (recalls.length) parts.push(`short lists hold ${(100 * Math.min(...recalls)).toFixed(1)} % or more of the true neighbours`);
  const failed = all.filter(one => one.error);
  if (failed.length) parts.push(`cannot be read: ${failed.map(one => one.name).join(", ")}`);
  if (search.note) parts.push(search.note);
  $("state").textContent = parts.join(" · ");
  if (!search.ready) setTimeout(refresh, 1000);
}

async function start() {
  await refresh();
  if (!overview) return;
  view = views()[0];
  build();
  from_place();
  examples();
}

$("ask").addEventListener("submit", event => { event.preventDefault(); look(); });
$("say").addEventListener("submit", event => { event.preventDefault(); search_sentences(); });
$("list").addEventListener("submit", event => event.preventDefault());
$("list").addEventListener("input", target);
$("word").addEventListener("input", suggest);
$("language").addEventListener("change", examples);
for (const id of ["count", "exact"]) $(id).addEventListener("change", () => look());
$("all").addEventListener("click", () => { boxes().forEach(box => { box.checked = true; }); picked(); });
$("none").addEventListener("click", () => { boxes().forEach(box => { box.checked = false; }); picked(); });
addEventListener("popstate", from_place);
start();
