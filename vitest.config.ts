import { defineConfig } from "vitest/config"

export default defineConfig({
    test: {
        include: ["test/host/**/*.test.ts", "test/conformance/**/*.test.ts", "test/device/**/*.test.ts"],
        // Generous: firmware may have to be built first, by one process at a time.
        testTimeout: 180_000,
        hookTimeout: 180_000,
        // A child process on a busy machine may take its time to say what is waited for.
        expect: { poll: { timeout: 30_000 } },
    },
})
