import { defineConfig } from "vitest/config"

export default defineConfig({
    test: {
        include: ["test/unit/**/*.test.ts", "test/conformance/**/*.test.ts", "test/firmware/**/*.test.ts"],
        // The tests mostly wait for child processes and timers, so a third worker keeps two cores busy.
        maxWorkers: 3,
        // No test replaces a module or changes process.env, so the files of a worker share their modules.
        isolate: false,
        // Generous: firmware may have to be built first, by one process at a time.
        testTimeout: 180_000,
        hookTimeout: 180_000,
        // A child process on a busy machine may take its time to say what is waited for.
        expect: { poll: { timeout: 30_000 } },
    },
})
