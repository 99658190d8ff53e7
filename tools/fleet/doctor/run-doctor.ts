// Checks machine, configuration, connectivity and keys. Nothing is created or changed anywhere.
import { checkAccess } from "./check-access.js"
import { checkConfiguration, type ConfigurationOptions } from "./check-configuration.js"
import { checkConnectivity } from "./check-connectivity.js"
import { checkMachine } from "./check-machine.js"
import { CheckRunner, type CheckRunnerOptions } from "./check-runner.js"
import type { Finding } from "./finding.js"
import type { Probes } from "./probes.js"

export interface DoctorRunOptions extends Omit<CheckRunnerOptions, "clock">, ConfigurationOptions {
    /** Whether to check only the machine and the configuration. */
    isOffline: boolean
}

/**
 * Yields each finding when its check is done. A check is skipped, with the reason, when a prerequisite failed.
 * @throws the reason of the aborted signal
 */
export async function* runDoctor(options: DoctorRunOptions, probes: Probes): AsyncGenerator<Finding> {
    const runner = new CheckRunner({ ...options, clock: probes.clock })
    yield* checkMachine(runner, probes)
    const { settings, credentials } = yield* checkConfiguration(runner, options, probes)
    if (options.isOffline) return
    if (!settings) {
        yield* await runner.run({ name: "network", needs: ["cloud"], run: () => [] })
        return
    }
    const context = { runner, settings, probes }
    let skewSec = 0
    yield* checkConnectivity(context, measuredSec => (skewSec = measuredSec))
    yield* checkAccess(context, credentials, skewSec)
}
