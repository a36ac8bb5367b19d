// Saves what the page holds: a figure as SVG, the rows as they are in runs.csv. Nothing is fetched.
(() => {
  "use strict";
  function save(address, name) {
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }
  for (const image of document.querySelectorAll("img[data-name]")) {
    const name = `${image.dataset.name}.svg`;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "SVG" });
    button.setAttribute("aria-label", `Save the figure as ${name}`);
    button.className = "save";
    button.addEventListener("click", () => save(image.currentSrc, name));
    image.closest("figure").append(button);
  }
  const packed = document.getElementById("rows-gzip");
  if (!packed || typeof DecompressionStream === "undefined") return;
  const button = document.getElementById("save-rows");
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const address = URL.createObjectURL(await new Response(stream).blob());
    save(address, "runs.csv");
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });
})();
