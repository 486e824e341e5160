// Draws the plotly figures of a page when they come into view, with the plotly.js that lies beside this file.
(() => {
  const plotly = new URL("plotly.min.js", document.currentScript.src);
  let loading = null;
  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = plotly;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error(`${plotly} cannot be loaded`));
      document.head.append(script);
    }));

  const draw = async (box) => {
    const figure = JSON.parse(box.querySelector("script").textContent);
    const Plotly = await load();
    const canvas = document.createElement("div");
    box.append(canvas);
    await Plotly.newPlot(canvas, {
      data: figure.data,
      layout: figure.layout,
      frames: figure.frames,
      config: { responsive: true, displaylogo: false },
    });
    box.querySelector("img")?.remove();
    box.classList.add("drawn");
  };

  const start = () => {
    const seen = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (entry.isIntersecting) {
            seen.unobserve(entry.target);
            draw(entry.target).catch((error) => console.error(error));
          }
        }
      },
      { rootMargin: "400px" },
    );
    document.querySelectorAll(".plotly-figure").forEach((box) => seen.observe(box));
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
