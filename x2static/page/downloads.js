// Each table can be had as TSV, each drawing as SVG: a button behind it, nothing fetched.
(() => {
  const save = (name, kind, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type: kind}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const named = (text, place) =>
    (text || "").trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || `part-${place}`;
  const button = (label, title, act) => {
    const made = document.createElement("button");
    Object.assign(made, {type: "button", className: "get", textContent: label, title});
    made.addEventListener("click", act);
    return made;
  };
  const cell = one => one.textContent.replace(/\s+/g, " ").trim();
  document.querySelectorAll("table").forEach((table, place) => {
    const rows = () => [...table.rows].map(row => [...row.cells].map(cell).join("\t")).join("\n") + "\n";
    const name = named(table.caption && table.caption.textContent, place);
    (table.closest(".frame") || table).after(
      button("TSV", "download this table", () => save(`${name}.tsv`, "text/tab-separated-values", rows())));
  });
  // What styles the drawing, and the colours; it stands alone, so no rule may look outside of it.
  const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).filter(rule => rule.selectorText);
  const styleOf = drawing => {
    const parts = [drawing, ...drawing.querySelectorAll("*")];
    return rules.filter(rule => rule.selectorText === ":root" || parts.some(one => one.matches(rule.selectorText)))
      .map(rule => rule.cssText.replace(/^(figure|[.#][\w-]+) (?=svg)/, "")).join("\n");
  };
  document.querySelectorAll("svg[aria-label], svg[role=img], svg.map").forEach((drawing, place) => {
    const box = drawing.getBoundingClientRect();
    if (box.width && box.width < 150) return;
    const name = named(drawing.getAttribute("aria-label"), place);
    drawing.after(button("SVG", "download this drawing", () => {
      const copy = drawing.cloneNode(true), sheet = document.createElementNS("http://www.w3.org/2000/svg", "style");
      sheet.textContent = `svg { font-family: ${getComputedStyle(drawing).fontFamily}; }\n${styleOf(drawing)}`;
      copy.prepend(sheet);
      copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      save(`${name}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
    }));
  });
})();
