// A name that may not fit: what is left out is of its scope, for the last segment says which one it is.

import { leaf, parent } from "./format";

export function Path({ text }: { text: string }) {
  const scope = parent(text);
  return (
    <span class="path">
      <span>{scope && `${scope}/`}</span>
      <span class="leaf">{leaf(text)}</span>
    </span>
  );
}

// A whole name that may go over several lines: it is broken at its slashes.
export function Segments({ text }: { text: string }) {
  return (
    <>
      {text.split("/").map((part, index) => [
        index > 0 && (
          <>
            /<wbr />
          </>
        ),
        part,
      ])}
    </>
  );
}
