import { defineConfig } from "vitest/config"

export default defineConfig({
    test: {
        include: ["test/host/**/*.test.ts", "test/conformance/**/*.test.ts", "test/device/**/*.test.ts"],
        testTimeout: 60_000,
        hookTimeout: 60_000,
        // A child process on a busy machine may take its time to say what is waited for.
        expect: { poll: { timeout: 30_000 } },
    },
})
