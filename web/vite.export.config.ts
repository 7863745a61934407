import { defineConfig } from "vite";

// The same drawing for Node: `scopeview export --format svg` runs it. Everything is in the one file.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: "src/views/graph/export.tsx",
    outDir: "../scopeview/server/static",
    emptyOutDir: false,
    target: "node20",
    minify: true,
    rollupOptions: { output: { entryFileNames: "export.mjs", inlineDynamicImports: true } },
  },
});
