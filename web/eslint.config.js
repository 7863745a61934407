// What TypeScript's own strictness does not see: promises that nobody waits for, hooks out of order, dead conditions.

import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules", "src/lib/schema.ts"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    files: ["src/**/*.ts", "src/**/*.tsx"],
    plugins: { "react-hooks": hooks },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "no-control-regex": "off", // control characters in names are what `printable` looks for
      "no-sequences": ["error", { allowInParentheses: false }],
      "@typescript-eslint/no-unsafe-assignment": "off", // answers are typed where they are asked for (api.ts)
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
    },
  },
  { files: ["*.js", "*.ts"], ...tseslint.configs.disableTypeChecked },
);
