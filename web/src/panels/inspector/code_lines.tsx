// The lines of Python that created something, innermost first; one that is chosen is shown with those around it.

import { useState } from "preact/hooks";
import { api } from "../../lib/api";
import { codeLine, printable } from "../../lib/format";
import { useQuery } from "../../lib/use_query";
import { current, models } from "../../app/open_models";
import { route } from "../../app/route";

const FIRST = 3; // of a stack

interface Frame {
  file: string;
  line: number;
  function: string;
}

export function CodeLines({ frames }: { frames: Frame[] }) {
  const [chosen, choose] = useState<Frame | null>(null);
  if (!frames.length) return null;
  const model = models.value.find(({ id }) => id === route.value.selectedIn) ?? current.value;
  const all = frames.map(codeLine).join("\ncalled at ");
  return (
    <div class="quiet mono code" title={all}>
      {frames.slice(0, FIRST).map((frame, index) => (
        <span key={index}>
          {index > 0 && " ← "}
          {model?.has_sources ? (
            <button
              class="link mono"
              aria-expanded={chosen === frame}
              onClick={() => choose(chosen === frame ? null : frame)}
            >
              {codeLine(frame)}
            </button>
          ) : (
            codeLine(frame)
          )}
        </span>
      ))}
      {chosen && model && <Excerpt model={model.id} frame={chosen} />}
    </div>
  );
}

function Excerpt({ model, frame: { file, line } }: { model: string; frame: Frame }) {
  const { answer, error } = useQuery(JSON.stringify(["source", model, file, line]), () =>
    api.source(model, file, line),
  );
  if (error) return <p class="bad">{error}</p>;
  if (!answer) return null;
  return (
    <figure class="source">
      {answer.note && <figcaption class="warning">{answer.note}</figcaption>}
      {answer.lines.length > 0 && (
        <ol start={answer.first} aria-label={`lines of ${printable(file)}`}>
          {answer.lines.map((text, index) => (
            <li key={index} aria-current={answer.first + index === line ? "true" : undefined}>
              {printable(text)}
            </li>
          ))}
        </ol>
      )}
    </figure>
  );
}
