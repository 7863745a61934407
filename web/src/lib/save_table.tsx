// Two buttons: what a view lists, as CSV for a spreadsheet and as the JSON that the command line prints.

import { csv, download } from "./download";

interface Props<Row extends object> {
  name: string;
  answer: unknown; // all of it, for JSON
  columns: readonly (keyof Row & string)[];
  rows: Row[];
}

export function SaveTable<Row extends object>({ name, answer, columns, rows }: Props<Row>) {
  return (
    <>
      <button aria-label={`save the ${name} as CSV`} onClick={() => download(`${name}.csv`, csv(columns, rows))}>
        CSV
      </button>
      <button
        aria-label={`save the ${name} as JSON`}
        onClick={() => download(`${name}.json`, JSON.stringify(answer, null, 2))}
      >
        JSON
      </button>
    </>
  );
}
