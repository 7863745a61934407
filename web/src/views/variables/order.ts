// What the table shows, as the address holds it: `sort:parameters down all where trainable:yes`.

import { COLUMNS } from "../../lib/declared";
import type { Column } from "./columns";

export interface Order {
  sort: Column;
  descending: boolean;
  attached: boolean; // auxiliary variables too
  query: string; // in the language of the search
}

const WHERE = "where ";
const LARGEST = "parameters"; // the table begins with the largest variables

export function readOrder(text: string): Order {
  const start = text.startsWith(WHERE) ? 0 : text.indexOf(` ${WHERE}`) + 1;
  const hasQuery = text.startsWith(WHERE) || start > 0;
  const words = (hasQuery ? text.slice(0, start) : text).split(" ");
  const sort = words.find((word) => word.startsWith("sort:"))?.slice(5);
  return {
    sort: COLUMNS.find(({ key }) => key === sort)?.key ?? LARGEST,
    descending: sort ? words.includes("down") : true,
    attached: words.includes("all"),
    query: hasQuery ? text.slice(start + WHERE.length) : "",
  };
}

export function writeOrder({ sort, descending, attached, query }: Order): string {
  const words = [
    sort === LARGEST && descending ? "" : `sort:${sort}`,
    descending && sort !== LARGEST ? "down" : "",
    attached ? "all" : "",
    query ? WHERE + query : "",
  ];
  return words.filter(Boolean).join(" ");
}
