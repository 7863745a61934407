// How numbers and shapes look: as the command line writes them, which `format.test.ts` holds.

import { FORMAT_NAMES, type Format } from "./declared";

const GROUPED = new Intl.NumberFormat("en-US"); // made once: to make it takes longer than a thousand numbers

export function count(number: number | null | undefined): string {
  return number === null || number === undefined ? "?" : GROUPED.format(number);
}

/** What the format of an artifact is called; `render/format_names.py` has the names. */
export function formatName({ format, details }: { format: string; details: Record<string, string> }): string {
  if (format === "checkpoint_hdf5" && details["layout"] === "archive") return "Keras archive";
  return FORMAT_NAMES[format] ?? format.replaceAll("_", " ");
}

export function plural(number: number, noun: string, many = `${noun}s`): string {
  return `${count(number)} ${number === 1 ? noun : many}`;
}

export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined) return "?";
  return size < 1000 ? `${size} B` : `${inThousands(size)}B`;
}

// A large number in short.
export function shortCount(number: number | null | undefined): string {
  return number === null || number === undefined || number < 10_000 ? count(number) : inThousands(number);
}

// Microseconds, in the unit that keeps three digits.
export function time(microseconds: number): string {
  const [size, unit] = microseconds >= 1e6 ? [1e6, "s"] : microseconds >= 1e3 ? [1e3, "ms"] : [1, "us"];
  return `${Number((microseconds / size).toPrecision(3))} ${unit}`;
}

const UNITS = "kMGTP";

// Three digits and a unit.
function inThousands(number: number): string {
  for (let step = 1; step <= UNITS.length; step += 1) {
    if (number >= 1000 ** (step + 1) && step < UNITS.length) continue;
    for (let digits = 2; digits >= 0; digits -= 1) {
      const rounded = Math.round(number / 10 ** (3 * step - digits));
      if (rounded < 1000) return `${(rounded / 10 ** digits).toFixed(digits)} ${UNITS[step - 1]}`;
    }
  }
  return `${count(Math.floor(number / 1000 ** UNITS.length))} ${UNITS.at(-1)}`;
}

export function shape(sizes: readonly (number | null)[] | null): string {
  return sizes === null ? "[...]" : `[${sizes.map((size) => size ?? "?").join(", ")}]`;
}

export type Cell = string | number | boolean | null | readonly (string | number | null)[];

// A value of a table as the format of its column says.
export function cell(value: Cell, format: Format): string {
  switch (format) {
    case "count":
      return value === 0 ? "" : count(value as number | null);
    case "short":
      return value === null ? "" : shortCount(value as number);
    case "bytes":
      return bytes(value as number | null);
    case "time":
      return value === null ? "" : time(value as number);
    case "shape":
      return shape(value as (number | null)[] | null);
    case "yes_no":
      return value === null ? "" : value ? "yes" : "no";
    case "names":
      return (value as string[]).map(printable).join(", ");
    default:
      return printable(value as string);
  }
}

// The end of a name tells twins apart (`discriminator_1`): what does not fit is left out of the middle.
export function cut(text: string, room: number): string {
  const letters = Array.from(text);
  if (letters.length <= room) return text;
  const tail = Math.max(1, Math.floor(room / 3));
  return `${letters.slice(0, Math.max(1, room - tail - 1)).join("")}…${letters.slice(-tail).join("")}`;
}

// The scope that all of several names lie in.
export function commonScope(names: string[]): string {
  let common = parent(names[0] ?? "");
  for (const name of names) while (common && !name.startsWith(`${common}/`)) common = parent(common);
  return common;
}

export function leaf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function parent(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

// Controls and marks that turn the direction of text are shown as what they are: names are data.
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// The end of each path, as long as it takes to tell it from the others; of a folder without the slash at its end.
export function short(given: string[]): string[] {
  const paths = given.map((path) => path.replace(/(?<=.)\/+$/, ""));
  const ends = (path: string, segments: number) => path.split("/").slice(-segments).join("/");
  return paths.map((path) => {
    let segments = 1;
    while (
      segments < path.split("/").length &&
      paths.some((other) => other !== path && ends(other, segments) === ends(path, segments))
    )
      segments += 1;
    return printable(ends(path, segments));
  });
}

const MOST_VALUES = 16;

// A decoded attribute: a type, a shape, a constant, or plain values.
export function attribute(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.slice(0, MOST_VALUES).map(attribute).join(", ")}${value.length > MOST_VALUES ? ", …" : ""}]`;
  if (typeof value === "string") return `"${printable(value)}"`;
  if (typeof value !== "object" || value === null) return String(value);
  if ("sizes" in value) return shape(value.sizes as (number | null)[] | null);
  if ("preview" in value && "dtype" in value && "shape" in value)
    return `${String(value.dtype)}${shape(value.shape as (number | null)[] | null)} = ${(value.preview as unknown[]).map(attribute).join(", ")}`;
  return "name" in value ? printable(String(value.name)) : printable(JSON.stringify(value));
}

// A line of code, as the command line writes it.
export function codeLine({ file, line, function: name }: { file: string; line: number; function: string }): string {
  return `${printable(file)}:${line}${name && name !== "<module>" ? ` in ${printable(name)}` : ""}`;
}
