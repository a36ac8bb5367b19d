"use strict";
// Keys move from slide to slide: right, down, page down and space to the next; left, up, page up and shift with space
// back; Home and End to the ends. While the speaker's notes are shown, up and down scroll, so that they can be read.
(() => {
  const slides = [...document.querySelectorAll("main > section")];
  const speaker = document.getElementById("speaker");
  const ROUNDING = 2; // pixels by which a browser may miss the top of a slide

  const top = (slide) => slide.getBoundingClientRect().top;
  const current = () => Math.max(0, slides.findLastIndex((slide) => top(slide) <= ROUNDING));

  function target(event) {
    const here = current();
    const back = top(slides[here]) < -ROUNDING ? here : here - 1; // first to the top of a slide with notes
    const vertical = speaker.checked ? {} : { ArrowDown: here + 1, ArrowUp: back };
    const keys = { ArrowRight: here + 1, PageDown: here + 1, ArrowLeft: back, PageUp: back, ...vertical };
    const ends = { Home: 0, End: slides.length - 1, " ": event.shiftKey ? back : here + 1 };
    return { ...keys, ...ends }[event.key];
  }

  document.addEventListener("keydown", (event) => {
    const typed = event.key === " " && event.target === speaker; // the space that ticks the box
    if (typed || event.ctrlKey || event.altKey || event.metaKey) return;
    const slide = slides[target(event)];
    if (!slide) return;
    event.preventDefault();
    slide.scrollIntoView();
  });
})();
