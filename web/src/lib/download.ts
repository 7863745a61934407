// What the page hands out as a file.

export function download(name: string, content: string, type = "text/plain"): void {
  saveBlob(name, new Blob([content], { type }));
}

export function saveBlob(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Cells that a spreadsheet would take for a formula are quoted as text: names are data there too.
export function csv<Row extends object>(columns: readonly (keyof Row & string)[], rows: Row[]): string {
  const cell = (value: unknown) => {
    const text =
      typeof value === "string"
        ? value
        : Array.isArray(value)
          ? value.join(" ")
          : value === null || value === undefined
            ? ""
            : JSON.stringify(value);
    // A list begins with what its first name begins with.
    const isText = typeof value === "string" || Array.isArray(value);
    const safe = isText && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return (
    [columns.join(","), ...rows.map((row) => columns.map((column) => cell(row[column])).join(","))].join("\n") + "\n"
  );
}
