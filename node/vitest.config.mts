import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tests are outside this package, so their imports are resolved from here.
  server: { fs: { strict: false } },
  resolve: { alias: { vitest: fileURLToPath(new URL("./node_modules/vitest", import.meta.url)) } },
  test: {
    root: fileURLToPath(new URL("../tests/node", import.meta.url)),
    include: ["**/*.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
