// Colors that stand for something can be distinguished, with normal eyes and with color-blind ones, and text on them is read.
// Distances are Euclidean in OKLab (Ottosson 2020); color blindness is that of Machado, Oliveira and Fernandes (2009).

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tokensOf } from "../lib/standalone";

const LEAST_APART = { hue: 0.06, heat: 0.05 }; // 0.02 is what one just sees
const LEAST_CONTRAST = 4.5;

type Color = [number, number, number];
const EYES: Record<string, Color[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const TO_CONES: Color[] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_LAB: Color[] = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const times = (matrix: Color[], [r, g, b]: Color) => matrix.map(([x, y, z]) => x * r + y * g + z * b) as Color;
const inside = (value: number) => Math.min(1, Math.max(0, value));

function linear(hex: string): Color {
  const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as Color;
}

function seen(hex: string, eyes: Color[]): Color {
  const light = times(eyes, linear(hex)).map(inside) as Color;
  return times(TO_LAB, times(TO_CONES, light).map(Math.cbrt) as Color);
}

function contrast(one: string, other: string): number {
  const luminance = (hex: string) => times([[0.2126, 0.7152, 0.0722]] as Color[], linear(hex))[0];
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf-8");
const themes = { light: tokensOf(css, ":root"), dark: tokensOf(css, ':root[data-theme="dark"]') };

describe.each(Object.entries(themes))("the colors of the %s theme", (_, tokens) => {
  it.each(["hue", "heat"] as const)("of %s are apart for all eyes", (kind) => {
    const colors = [...tokens].filter(([name]) => new RegExp(`^--${kind}\\d$`).test(name)).map(([, color]) => color);
    expect(colors.length).toBe(kind === "hue" ? 10 : 5);
    for (const eyes of Object.values(EYES)) {
      const labs = colors.map((color) => seen(color, eyes));
      labs.forEach((one, index) => {
        for (const other of labs.slice(index + 1))
          expect(Math.hypot(...one.map((value, axis) => value - other[axis]!))).toBeGreaterThan(LEAST_APART[kind]);
      });
    }
  });
  it("leave the text on them readable", () => {
    for (const [name, color] of tokens)
      if (/^--(hue|heat)\d$/.test(name)) expect(contrast(color, tokens.get("--text")!)).toBeGreaterThan(LEAST_CONTRAST);
  });
});
