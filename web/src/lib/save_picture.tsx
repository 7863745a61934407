// What is drawn, as a file: SVG with real text in the colors of the theme that is on, or PNG at twice the size.

import { render, type VNode } from "preact";
import { download, saveBlob } from "./download";
import { printable } from "./format";
import { standaloneStyle, upright } from "./standalone";
import { pageError } from "../app/route";

const SVG = "http://www.w3.org/2000/svg";

interface Extra {
  width: number;
  height: number;
  node: VNode;
}

interface Props {
  of: () => SVGSVGElement | null;
  name: string;
  legend?: (width: number) => Extra | null; // what is written below it
}

export function SavePicture({ of, name, legend }: Props) {
  const save = (kind: "svg" | "png") => {
    const drawn = of();
    if (!drawn) return;
    const file = `${name}.${kind}`;
    if (kind === "svg") download(file, svgText(drawn, legend), "image/svg+xml");
    else
      void png(drawn, legend).then(
        (blob) => saveBlob(file, blob),
        (error: Error) => (pageError.value = `The picture could not be made: ${printable(error.message)}`),
      );
  };
  return (
    <span class="nobreak">
      <button aria-label={`save the ${name} as SVG`} onClick={() => save("svg")}>
        SVG
      </button>
      <button aria-label={`save the ${name} as PNG`} onClick={() => save("png")}>
        PNG
      </button>
    </span>
  );
}

// A copy that stands alone: with the rules that it needs, in the colors of the theme that is on.
function svgText(drawn: SVGSVGElement, legend: Props["legend"]): string {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const { width, height } = sizeOf(drawn, legend, copy);
  const tokens = getComputedStyle(document.documentElement);
  const rules = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSStyleRule);
  const needed = rules.filter(
    (rule) =>
      !rule.selectorText.includes(":root") &&
      (copy.matches(rule.selectorText) || copy.querySelector(rule.selectorText)),
  );
  for (const element of copy.querySelectorAll("*"))
    for (const name of ["tabindex", "role", "aria-expanded"]) element.removeAttribute(name);
  const style = document.createElementNS(SVG, "style");
  style.textContent = standaloneStyle(
    needed.map((rule) => ({ selector: rule.selectorText, body: rule.style.cssText })),
    (name) => tokens.getPropertyValue(name).trim(),
  );
  const ground = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width, height, fill: tokens.getPropertyValue("--ground").trim() }))
    ground.setAttribute(name, String(value));
  copy.prepend(style, ground);
  for (const [name, value] of Object.entries({ xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` }))
    copy.setAttribute(name, String(value));
  delete copy.dataset["settled"];
  return upright(new XMLSerializer().serializeToString(copy));
}

const MARGIN = 12; // px around the legend

// The size of a picture with its legend, which is written into a copy of it.
function sizeOf(
  drawn: SVGSVGElement,
  legend: Props["legend"],
  copy?: SVGSVGElement,
): { width: number; height: number } {
  const { width, height } = drawn.getBoundingClientRect();
  const extra = legend?.(width - 2 * MARGIN);
  if (!extra) return { width, height };
  if (copy) {
    const ground = document.createElementNS(SVG, "rect");
    const fill = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
    const size = { y: height, width, height: extra.height + 2 * MARGIN, fill };
    for (const [name, value] of Object.entries(size)) ground.setAttribute(name, String(value));
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("transform", `translate(${MARGIN} ${height + MARGIN})`);
    render(extra.node, group);
    copy.append(ground, group);
  }
  return { width, height: height + extra.height + 2 * MARGIN };
}

const MOST_PIXELS = 16_000;

async function png(drawn: SVGSVGElement, legend: Props["legend"]): Promise<Blob> {
  const { width, height } = sizeOf(drawn, legend);
  const scale = Math.min(2, MOST_PIXELS / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawn, legend))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.ceil(width * scale), Math.ceil(height * scale)];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("it is too large")))),
  );
}
