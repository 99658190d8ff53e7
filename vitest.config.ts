import { defineConfig } from "vitest/config"

export default defineConfig({
    test: {
        include: ["test/host/**/*.test.ts", "test/conformance/**/*.test.ts", "test/device/**/*.test.ts"],
        testTimeout: 60_000,
        hookTimeout: 60_000,
    },
})
