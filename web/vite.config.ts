import { defineConfig } from "vite";

// One script and one style sheet, with names that the server's template knows; it adds the version to their addresses.
export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  publicDir: "public",
  base: "/static/",
  build: {
    outDir: "../scopeview/server/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      input: "src/main.tsx",
      output: { entryFileNames: "app.js", assetFileNames: "app.[ext]", chunkFileNames: "[name].js" },
    },
  },
});
