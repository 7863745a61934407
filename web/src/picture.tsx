// What is drawn, as a file: SVG with real text in the colours of the theme that is on, or PNG at twice the size.

import { download, saveBlob } from "./download";
import { printable } from "./format";
import { trouble } from "./state";

const SVG = "http://www.w3.org/2000/svg";
const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "stroke-dasharray",
  "paint-order",
];

export function SavePicture({ of, name }: { of: () => SVGSVGElement | null; name: string }) {
  const save = (kind: "svg" | "png") => {
    const drawn = of();
    if (!drawn) return;
    const file = `${name}.${kind}`;
    if (kind === "svg") download(file, svgText(drawn), "image/svg+xml");
    else void png(drawn).then((blob) => saveBlob(file, blob), (error: Error) => (trouble.value = `The picture could not be made: ${printable(error.message)}`));
  };
  return (
    <>
      <button aria-label={`save the ${name} as SVG`} onClick={() => save("svg")}>SVG</button>
      <button aria-label={`save the ${name} as PNG`} onClick={() => save("png")}>PNG</button>
    </>
  );
}

// A copy that needs no style sheet: what the page computes for each element is written on the element.
function svgText(drawn: SVGSVGElement): string {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const from = [drawn, ...drawn.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, index) => {
    const style = getComputedStyle(element);
    const target = to[index]!;
    for (const name of ["class", "tabindex", "role", "aria-expanded"]) target.removeAttribute(name);
    if (element.localName !== "title") for (const name of KEPT) target.setAttribute(name, style.getPropertyValue(name));
  });
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  copy.setAttribute("xmlns", SVG);
  return new XMLSerializer().serializeToString(copy);
}

const MOST_PIXELS = 16_000;

async function png(drawn: SVGSVGElement): Promise<Blob> {
  const { width, height } = drawn.getBoundingClientRect();
  const scale = Math.min(2, MOST_PIXELS / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawn))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("it is too large")))));
}
