// Still pictures become live near the screen; on any failure they stay.
(function () {
  "use strict";
  const here = document.currentScript && document.currentScript.src;
  if (!here || !window.IntersectionObserver) return;
  let bundle;

  const add = (name, key, value) => {
    const node = document.createElement(name);
    node[key] = value;
    return document.head.appendChild(node);
  };

  const load = () => bundle = bundle || new Promise((done, failed) => {
    const tip = "#vg-tooltip-element.lm-theme";
    add("style", "textContent", tip + "{color:CanvasText;background:Canvas;border-color:GrayText}" +
      tip + " td.key{color:GrayText}");
    const script = add("script", "src", new URL("vega-bundle.js", here).href);
    script.onload = () => done(window.lmVega);
    script.onerror = failed;
  });

  const enliven = (box) => {
    const spec = document.querySelector('.lm-spec[data-for="' + box.dataset.chart + '"]');
    const still = box.querySelector("svg");
    const stage = document.createElement("div");
    stage.hidden = true;
    box.appendChild(stage);
    load().then((lm) => lm.vegaEmbed(stage, JSON.parse(spec.textContent), {
      renderer: "svg", actions: false, defaultStyle: false, logLevel: 0, tooltip: { theme: "lm" }
    })).then(() => {
      const live = stage.querySelector("svg");
      // The same box: nothing on the page moves.
      for (const a of still.attributes) live.setAttribute(a.name, a.value);
      stage.className = "lm-live";
      stage.hidden = false;
      still.remove();
    }).catch(() => stage.remove());
  };

  const start = () => {
    const watch = new IntersectionObserver((entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      watch.unobserve(entry.target);
      enliven(entry.target);
    }), { rootMargin: "200px" });
    document.querySelectorAll("[data-chart]").forEach((box) => watch.observe(box));
  };

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
