// Rules of what is hidden in a report: what they hide of a picture is worked out here, where the picture says enough.

import { globFits, liesIn, parseQuery, QueryError, type Query } from "./embedded_query";
import type { GraphItem, GraphPicture } from "./schema";

const FIELDS = ["scope", "op", "role"]; // a closed scope says them of all that is in it

// The picture with what rules hide left out; null where a rule asks for more than a picture says.
export function withRules(picture: GraphPicture, hide: string[], only: string[]): GraphPicture | null {
  const [hidden, kept] = [hide.map(ruleOf), only.map(ruleOf)];
  if (hidden.includes(null) || kept.includes(null)) return null;
  const isHidden = (item: GraphItem) =>
    hidden.some((rule) => fits(rule!, item, "every")) ||
    (kept.length > 0 && !kept.some((rule) => fits(rule!, item, "some")));
  const isBeyond = (path: string) =>
    hidden.some((rule) => isWithin(rule!, path)) ||
    (kept.length > 0 &&
      !kept.some((rule) => rule!.terms.every(([field, value]) => field !== "scope" || liesIn(path, value))));
  return {
    ...picture,
    items: picture.items.map((item) =>
      item.hidden_by === null && isHidden(item) ? { ...item, hidden_by: "rule" } : item,
    ),
    outside: picture.outside.map((one) =>
      one.hidden_by === null && isBeyond(one.path) ? { ...one, hidden_by: "rule" } : one,
    ),
  };
}

function ruleOf(text: string): Query | null {
  try {
    const query = parseQuery(text);
    return query.words.length || query.terms.some(([field]) => !FIELDS.includes(field)) ? null : query;
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

const isWithin = ({ terms }: Query, path: string): boolean =>
  terms.every(([field, value]) => field === "scope" && liesIn(path, value));

// Whether a rule fits every op of a box, or some of them.
function fits({ terms }: Query, item: GraphItem, how: "every" | "some"): boolean {
  const paths = item.total_members > 1 ? item.members : [item.path];
  return terms.every(([field, value]) => {
    if (field === "op") return how === "every" ? ofAll(item.types, value) : ofAny(item.types, value);
    if (field === "role") return how === "every" ? ofAll(item.roles, value) : ofAny(item.roles, value);
    const isIn = (path: string) => liesIn(path, value);
    if (how === "some") return paths.some((path) => isIn(path) || liesIn(value, path));
    return paths.length >= item.total_members && paths.every(isIn);
  });
}

const ofAll = (counts: Record<string, number>, glob: string) =>
  Object.keys(counts).every((one) => globFits(glob, one, "i"));
const ofAny = (counts: Record<string, number>, glob: string) =>
  Object.keys(counts).some((one) => globFits(glob, one, "i"));
