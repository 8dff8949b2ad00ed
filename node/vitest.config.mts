import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

export default defineConfig({
  // The tests lie outside of this package; what they import is found from here.
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
