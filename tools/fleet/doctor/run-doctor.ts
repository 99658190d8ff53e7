// Checks machine, configuration, the way to DPS, and whether the keys work. Nothing is created or changed anywhere.
import { checkAccess } from "./check-access.js"
import { type ConfigurationOptions, checkConfiguration } from "./check-configuration.js"
import { CheckRunner, type CheckRunnerOptions } from "./check-runner.js"
import type { Finding } from "./finding.js"
import { checkMachine } from "./check-machine.js"
import type { Probes } from "./probes.js"
import { checkConnectivity } from "./check-connectivity.js"

export interface DoctorRunOptions extends Omit<CheckRunnerOptions, "clock">, ConfigurationOptions {
    /** Machine and configuration only. */
    isOffline: boolean
}

/**
 * Each finding as soon as it is there; a check whose ground is missing is skipped, with why.
 * @throws what the signal was aborted with
 */
export async function* runDoctor(options: DoctorRunOptions, probes: Probes): AsyncGenerator<Finding> {
    const course = new CheckRunner({ ...options, clock: probes.clock })
    yield* checkMachine(course, probes)
    const configured = yield* checkConfiguration(course, options, probes)
    if (options.isOffline) return
    if (!configured.settings) {
        yield* await course.run({ name: "network", needs: ["cloud"], run: () => [] })
        return
    }
    const { settings, credentials } = configured
    let skewSec = 0
    yield* checkConnectivity(course, settings, probes, learnt => (skewSec = learnt))
    yield* checkAccess(course, settings, credentials, probes, skewSec)
}
