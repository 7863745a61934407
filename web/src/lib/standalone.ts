// A drawing as a file of its own. Tools beside browsers know no custom properties, no CSS transforms and no `hsl(a b c)`,
// so that colors are written out; they stay in rules of classes, where whoever wants others finds them.

export interface Rule {
  selector: string;
  body: string;
}

// The plain rules of a style sheet, in their order; what stands in `@media` is for screens.
export function rulesOf(css: string): Rule[] {
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, "");
  return [...plain.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({
    selector: selector!.trim(),
    body: body!.trim(),
  }));
}

// The custom properties that a style sheet gives under a selector.
export function tokensOf(css: string, selector: string): Map<string, string> {
  const bodies = rulesOf(css)
    .filter((rule) => rule.selector === selector)
    .map((rule) => rule.body);
  return new Map(
    bodies.flatMap((body) =>
      [...body.matchAll(/(--[\w-]+)\s*:\s*([^;]+)/g)].map(([, name, value]) => [name!, value!.trim()] as const),
    ),
  );
}

const SCREEN = /(^|;)\s*(cursor|transition|animation|outline|touch-action|user-select)\s*:[^;]*/g;

export function standaloneStyle(rules: Rule[], token: (name: string) => string): string {
  const written = rules.map(({ selector, body }) => {
    const plain = body
      .replace(SCREEN, "")
      .replace(/var\((--[\w-]+)\)/g, (_, name: string) => token(name))
      .replace(/hsl\((\d+) (\d+)% (\d+)%\)/g, (_, ...parts: string[]) =>
        hex(Number(parts[0]), Number(parts[1]), Number(parts[2])),
      );
    return `${selector} { ${plain.replace(/^[;\s]+/, "")} }`;
  });
  return [`svg { font: 13px ${SANS}; }`, ...written].map(named).join("\n");
}

// Fonts by their names: other tools, and other machines, know no `system-ui`. These have letters of nearly one width.
const SANS = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif';
const MONO = 'Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';

function named(rule: string): string {
  return rule.replace(/font-family:[^;}]*/g, (family) => `font-family: ${family.includes("monospace") ? MONO : SANS}`);
}

export function hex(hue: number, saturation: number, lightness: number): string {
  const [s, l] = [saturation / 100, lightness / 100];
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[0, 8, 4].map((n) => channel(n).toString(16).padStart(2, "0")).join("")}`;
}

// Positions as attributes: of a style, other tools read the colors at best.
export function upright(svg: string): string {
  return svg.replace(
    / style="transform:\s*translate\((-?[\d.e-]+)px(?:,\s*(-?[\d.e-]+)px)?\);?"/g,
    (_, x: string, y?: string) => ` transform="translate(${x} ${y ?? 0})"`,
  );
}
