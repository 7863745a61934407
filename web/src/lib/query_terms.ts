// Terms of the search language, whatever is in a name.

// All that lies in a scope, or is it.
export function inScope(path: string): string {
  return /^[\w./-]+$/.test(path) ? `scope:${path}` : `scope:'${path.replaceAll("'", `'"'"'`)}'`;
}
