"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  if (!tip || !data.words) return;
  const maps = [...document.querySelectorAll("svg.map")];
  const points = maps.map(map => [...map.querySelectorAll(".point")]);
  const rows = new Map(points.flatMap(all => all.map((point, row) => [point, row])));
  let chosen = -1;

  function make(tag, text, properties = {}) {
    return Object.assign(document.createElement(tag), {textContent: text}, properties);
  }

  function word(text, language) {
    return make("bdi", text, {lang: data.languages[language]});
  }

  function show(map, row, spot) {
    choose(row);
    const home = data.home[row], head = make("div", "");
    const title = make("b", "");
    title.append(word(data.words[row], home));
    head.append(title, make("span", data.languages[home], {className: "code"}));
    tip.replaceChildren(head, ...data.near[map][row].map(([other, ...near]) => {
      const line = make("div", ""), found = make("span", "");
      for (let at = 0; at < near.length; at += 2) {
        const cosine = make("span", ` ${(near[at + 1] / 100).toFixed(2)}`, {className: "small soft"});
        found.append(at ? " · " : "", word(data.spellings[near[at]], other), cosine);
      }
      line.append(make("span", data.languages[other], {className: "code"}), found);
      return line;
    }));
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), edge = 8;
    const x = spot.x + 16 + box.width > innerWidth - edge ? spot.x - 16 - box.width : spot.x + 16;
    const y = spot.y + 16 + box.height > innerHeight - edge ? spot.y - 16 - box.height : spot.y + 16;
    tip.style.left = `${Math.max(edge, Math.min(x, innerWidth - edge - box.width))}px`;
    tip.style.top = `${Math.max(edge, y)}px`;
  }

  function choose(row) {
    if (chosen >= 0) for (const all of points) all[chosen].classList.remove("hit");
    chosen = row;
    if (row >= 0) for (const all of points) { all[row].classList.add("hit"); all[row].parentNode.append(all[row]); }
  }

  function hide() { tip.hidden = true; choose(-1); }

  function spot(point) {
    const box = point.getBoundingClientRect();
    return {x: box.x + box.width / 2, y: box.y + box.height / 2};
  }

  // A finger is wider than a point.
  function near(map, event) {
    let best = null, least = 24;
    for (const point of points[map]) {
      if (point.classList.contains("off")) continue;
      const {x, y} = spot(point), gap = Math.hypot(x - event.clientX, y - event.clientY);
      if (gap < least) { least = gap; best = point; }
    }
    return best;
  }

  function step(map, key) {
    const shown = points[map].filter(point => !point.classList.contains("off"));
    if (!shown.length) return;
    if (chosen < 0 || points[map][chosen].classList.contains("off")) {
      const first = shown[0];
      show(map, rows.get(first), spot(first));
      return;
    }
    const here = spot(points[map][chosen]);
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[key];
    let best = null, least = Infinity;
    for (const point of shown) {
      const there = spot(point), x = there.x - here.x, y = there.y - here.y;
      const ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (rows.get(point) === chosen || ahead <= .01) continue;
      const cost = ahead + 3 * aside;
      if (cost < least) { least = cost; best = point; }
    }
    if (best) show(map, rows.get(best), spot(best));
  }

  maps.forEach((map, at) => {
    const over = event => {
      const point = event.target.closest(".point") || (event.type === "click" && near(at, event));
      if (point) show(at, rows.get(point), {x: event.clientX, y: event.clientY});
      else if (event.type === "click") hide();
    };
    map.addEventListener("mousemove", over);
    map.addEventListener("click", over);
    map.addEventListener("mouseleave", hide);
    map.addEventListener("blur", hide);
    map.addEventListener("keydown", event => {
      if (event.key === "Escape") hide();
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      step(at, event.key);
    });
  });

  for (const box of document.querySelectorAll("[data-language]")) {
    box.addEventListener("change", () => {
      const language = Number(box.dataset.language);
      hide();
      for (const all of points) for (const [row, home] of data.home.entries()) {
        if (home === language) all[row].classList.toggle("off", !box.checked);
      }
    });
  }

  document.getElementById("find").addEventListener("input", event => {
    const wanted = event.target.value.trim().toLowerCase();
    maps.forEach((map, at) => {
      map.classList.toggle("some", wanted !== "");
      for (const point of points[at]) {
        const text = data.words[rows.get(point)].toLowerCase();
        point.classList.toggle("kin", wanted !== "" && text.includes(wanted));
      }
    });
  });
  addEventListener("scroll", hide, {passive: true});
})();
