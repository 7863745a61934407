import { defineConfig } from "vite";

// One script, one style sheet and the layout engine, with names that the server's template knows; it adds the version to their addresses.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  publicDir: "public",
  base: "./", // beside the page, wherever that is: below TensorBoard too
  build: {
    outDir: "../scopeview/server/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      input: "src/main.tsx",
      output: {
        entryFileNames: "app.js",
        assetFileNames: ({ names }) => (names[0]?.endsWith(".css") ? "app.css" : "[name].[ext]"),
        chunkFileNames: "[name].js",
      },
    },
  },
});
