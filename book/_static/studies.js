// Finds, filters, sorts and folds the studies, which stand complete in the page. Asks nobody.
(function () {
  "use strict";
  const SORTS = [
    ["name", "Name", null],
    ["year", "Year, newest first", (one) => one.dataset.year],
    ["n", "Participants, most first", (one) => one.dataset.n],
    ["results", "Results, most first", (one) => one.dataset.results],
  ];
  const fold = (words) => words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const make = (name, attributes, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };

  function start() {
    const box = document.querySelector(".lm-studies");
    if (!box) return;
    const list = box.querySelector(".lm-study-list");
    const inOrder = [...list.children];
    const facets = JSON.parse(box.querySelector(".lm-facets").textContent);
    const words = new Map(inOrder.map((one) => [one, fold(one.textContent)]));
    const values = new Map(
      inOrder.map((one) => [one, new Map(facets.map((f) => [f.key, (one.dataset[f.key] || "").split("|")]))])
    );
    const total = inOrder.length;
    const form = controls(facets, values);
    const said = make("p", { class: "lm-found", role: "status", "aria-live": "polite" });
    const nothing = make("p", { class: "lm-absent", hidden: "" }, "No study fits. Take a filter away, or clear all.");
    form.append(said);
    box.prepend(form);
    list.after(nothing);
    const inputs = [...form.querySelectorAll("[name]")];
    const unfold = form.querySelector("[data-unfold]");

    const state = () => new Map(inputs.filter((one) => one.value).map((one) => [one.name, one.value]));
    const fits = (one, chosen) => {
      const asked = fold(chosen.get("q") || "").split(/\s+/).filter(Boolean);
      return (
        asked.every((word) => words.get(one).includes(word)) &&
        facets.every((f) => !chosen.has(f.key) || values.get(one).get(f.key).includes(chosen.get(f.key)))
      );
    };
    const show = () => {
      const chosen = state();
      const found = inOrder.filter((one) => (one.hidden = !fits(one, chosen)) === false);
      const results = found.reduce((sum, one) => sum + Number(one.dataset.results), 0);
      said.textContent = found.length + " of " + total + " studies, with " + results + " results";
      nothing.hidden = found.length > 0;
      const by = (SORTS.find((sort) => sort[0] === chosen.get("sort")) || SORTS[0])[2];
      const sorted = by ? [...inOrder].sort((a, b) => Number(by(b) || -1) - Number(by(a) || -1)) : inOrder;
      if (sorted.some((one, i) => list.children[i] !== one)) list.append(...sorted);
      const filters = [...chosen.keys()].filter((key) => key !== "q" && key !== "sort").length;
      form.querySelector(".lm-more > summary").textContent = "Filter and sort" + (filters ? " (" + filters + " on)" : "");
    };
    const remember = () => {
      const chosen = new URLSearchParams([...state()].filter(([key, value]) => key !== "sort" || value !== "name"));
      const hash = chosen.size === 0 && !chosen.toString() ? "" : "#" + chosen;
      history.replaceState(null, "", hash || location.pathname + location.search);
    };
    const openAll = (open) => inOrder.forEach((one) => (one.querySelector("details").open = open));
    const clear = () => inputs.forEach((one) => (one.value = one.name === "sort" ? "name" : ""));
    const arrive = () => {
      const hash = decodeURIComponent(location.hash.slice(1));
      const study = hash && !hash.includes("=") ? document.getElementById(hash) : null;
      const own = study && study.closest(".lm-study");
      if (own) {
        if (own.hidden) clear();
        show();
        own.querySelector("details").open = true;
        own.scrollIntoView();
      } else if (!hash || hash.includes("=")) {
        const chosen = new URLSearchParams(location.hash.slice(1));
        inputs.forEach((one) => (one.value = chosen.get(one.name) || (one.name === "sort" ? "name" : "")));
        inputs.forEach((one) => one.selectedIndex === -1 && (one.selectedIndex = 0));
        show();
        if (chosen.toString()) box.scrollIntoView();
      }
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => (show(), remember()));
    form.querySelector("[data-clear]").addEventListener("click", () => {
      clear();
      show();
      remember();
      form.querySelector("[type=search]").focus();
    });
    unfold.addEventListener("click", () => {
      const open = unfold.getAttribute("aria-pressed") !== "true";
      unfold.setAttribute("aria-pressed", String(open));
      unfold.textContent = open ? "Fold all studies" : "Unfold all studies";
      openAll(open);
    });
    let before = [];
    addEventListener("beforeprint", () => {
      before = inOrder.filter((one) => one.querySelector("details").open);
      openAll(true);
    });
    addEventListener("afterprint", () => inOrder.forEach((one) => (one.querySelector("details").open = before.includes(one))));
    addEventListener("hashchange", arrive);
    openAll(false);
    arrive();
  }

  function controls(facets, values) {
    const search = make("input", { type: "search", name: "q", autocomplete: "off", placeholder: "name, country, outcome, DOI ..." });
    const selects = facets.map((f) => {
      const first = make("option", { value: "" }, "all");
      const options = f.values.map(([value, words]) => {
        const n = [...values.values()].filter((own) => own.get(f.key).includes(value)).length;
        return make("option", { value }, words + " (" + n + ")");
      });
      return make("label", {}, make("span", {}, f.label), make("select", { name: f.key }, first, ...options));
    });
    const sorting = SORTS.map(([value, words]) => make("option", { value }, words));
    selects.push(make("label", {}, make("span", {}, "Sort by"), make("select", { name: "sort" }, ...sorting)));
    const more = make("details", { class: "lm-more" }, make("summary", {}, "Filter and sort"), make("div", { class: "lm-selects" }, ...selects));
    more.open = matchMedia("(min-width: 700px)").matches;
    return make(
      "form",
      { class: "lm-filters", role: "search", "aria-label": "Find studies" },
      make("label", { class: "lm-search" }, make("span", {}, "Search the studies"), search),
      more,
      make(
        "p",
        { class: "lm-buttons" },
        make("button", { type: "button", "data-clear": "" }, "Clear all"),
        " ",
        make("button", { type: "button", "data-unfold": "", "aria-pressed": "false" }, "Unfold all studies")
      )
    );
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
