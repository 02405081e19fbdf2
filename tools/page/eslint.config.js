// Rules for the scripts of the page.
const browser = Object.fromEntries(
  [
    ...["document", "window", "location", "history", "navigator", "console", "getComputedStyle", "addEventListener"],
    ...["setTimeout", "Blob", "URL", "URLSearchParams", "Worker", "Image", "XMLSerializer", "Response", "WebAssembly"],
    ...["DecompressionStream", "TextDecoder", "atob", "btoa", "postMessage", "structuredClone", "globalThis"],
  ].map((name) => [name, "readonly"]),
);

export default [
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: browser },
    rules: {
      "no-undef": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-shadow": "error",
      "max-lines": ["error", 500],
      complexity: ["error", 14],
    },
  },
];
