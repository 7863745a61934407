// Long lists of rows of one height, of which only those on screen are made.

import { type RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const SPARE = 8; // rows above and below, so that a slow wheel shows no blank

export interface Window {
  first: number; // of the rows that are made
  last: number; // one past it
  perPage: number; // rows that are seen at once
  width: number; // px
  onScroll: () => void;
  scrollTo: (index: number, isJump?: boolean) => void; // as far as it takes to see that row; after a jump it stands in the middle
}

export function useWindow(box: RefObject<HTMLElement>, rows: number, height: number, above = 0): Window {
  const [top, setTop] = useState(0);
  const [{ room, width }, setRoom] = useState({ room: 600, width: 800 });
  const watched = useRef<{ element: HTMLElement | null; observer?: ResizeObserver }>({ element: null });
  useEffect(() => {
    const element = box.current; // it comes when there are rows, which no dependency says
    if (element === watched.current.element) return;
    watched.current.observer?.disconnect();
    const observer = new ResizeObserver(
      () => element && setRoom({ room: element.clientHeight, width: element.clientWidth }),
    );
    if (element) observer.observe(element);
    watched.current = { element, observer };
  });
  useEffect(() => () => watched.current.observer?.disconnect(), []);
  const perPage = Math.max(1, Math.floor((room - above) / height));
  const first = Math.max(0, Math.floor(top / height) - SPARE);
  return {
    first,
    last: Math.min(rows, first + Math.ceil(room / height) + 2 * SPARE),
    perPage,
    width,
    onScroll: () => setTop(box.current?.scrollTop ?? 0),
    scrollTo: (index, isJump = false) => {
      const element = box.current;
      if (!element) return;
      const [from, to] = [index * height, (index + 1) * height + above];
      const isAbove = from < element.scrollTop;
      if (!isAbove && to <= element.scrollTop + element.clientHeight) return;
      if (isJump) element.scrollTop = from - element.clientHeight / 2;
      else element.scrollTop = isAbove ? from : to - element.clientHeight;
    },
  };
}
