// Checks machine, configuration, the way to DPS, and whether the keys work. Nothing is created or changed anywhere.
import { access } from "./check-access.js"
import { type ConfigurationOptions, configuration } from "./check-configuration.js"
import { CheckRunner, type CheckRunnerOptions } from "./check-runner.js"
import type { Finding } from "./finding.js"
import { machine } from "./check-machine.js"
import type { Probes } from "./probes.js"
import { reach } from "./check-connectivity.js"

export { countsOf, type Finding, type Status } from "./finding.js"
export type { Keys } from "./check-configuration.js"
export type { Probes } from "./probes.js"
export { realProbes } from "./system-probes.js"

export interface ExamineOptions extends Omit<CheckRunnerOptions, "clock">, ConfigurationOptions {
    /** Machine and configuration only. */
    isOffline: boolean
}

/**
 * Each finding as soon as it is there; a check whose ground is missing is skipped, with why.
 * @throws what the signal was aborted with
 */
export async function* examine(options: ExamineOptions, probes: Probes): AsyncGenerator<Finding> {
    const course = new CheckRunner({ ...options, clock: probes.clock })
    yield* machine(course, probes)
    const configured = yield* configuration(course, options, probes)
    if (options.isOffline) return
    if (!configured.settings) {
        yield* await course.run({ name: "network", needs: ["cloud"], run: () => [] })
        return
    }
    const { settings, credentials } = configured
    let skewSec = 0
    yield* reach(course, settings, probes, learnt => (skewSec = learnt))
    yield* access(course, settings, credentials, probes, skewSec)
}
