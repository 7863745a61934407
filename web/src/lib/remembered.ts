// What the browser remembers between visits: theme, widths, folds. A frame within a page of another site, such as a
// notebook, may have no storage at all, and neither have tests: then the page remembers nothing, and works.

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not permitted, or no room
  }
}
