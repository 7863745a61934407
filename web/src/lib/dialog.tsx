// A dialog of the browser's own: it takes the focus, keeps it, gives it back, and Esc closes it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Dialog({
  name,
  onClose,
  children,
}: {
  name: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    frame.current?.showModal();
  }, []);
  return (
    <dialog
      class="dialog"
      ref={frame}
      aria-label={name}
      onClose={onClose}
      onClick={(event) => event.target === frame.current && frame.current?.close()}
    >
      <div class="inside">
        <h2>{name}</h2>
        {children}
        <p>
          <button onClick={() => frame.current?.close()}>close</button>
        </p>
      </div>
    </dialog>
  );
}
