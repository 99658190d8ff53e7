// A model of fleets with up to a million boards under quotas, without the VM. It uses the decisions of the firmware
// (devs/retry) and the throttles of the emulator. Throttling is the only failure in the model.
import { DOCUMENTED_QUOTAS } from "@moorage/emulator"
import type { FleetCurve } from "./fleet-curve.js"
import { FleetModel, type FleetModelOptions } from "./fleet-model.js"
import { DEFAULT_LATENCIES } from "./step-durations.js"
import { moorageStrategy } from "./retry-strategies.js"

export { cumulative, type FleetCurve } from "./fleet-curve.js"
export type { FleetModelOptions } from "./fleet-model.js"
export { DEFAULT_LATENCIES, type Latencies } from "./step-durations.js"
export { planSlots, type SlotPlan, slotOf } from "./slot-plan.js"
export {
    azureSdkForC,
    type FleetNumbers,
    noJitter,
    moorageStrategy,
    requirementFormula,
    type RetryStrategy,
} from "./retry-strategies.js"

/** Options of a run. The defaults are those of the emulator and of the firmware. */
export type ModelOptions = Pick<FleetModelOptions, "devices"> & Partial<FleetModelOptions>

/** Returns the options with defaults. */
function withDefaults(options: ModelOptions): FleetModelOptions {
    const quotas = options.quotas ?? DOCUMENTED_QUOTAS
    const { calls, perSec } = quotas.dpsRegistrations ?? { calls: Infinity, perSec: 1 }
    return {
        seed: 1,
        strategy: moorageStrategy({ load: 1, devices: options.devices, perSec: calls / perSec }),
        powerOnSec: 0,
        quotas,
        hubs: 1,
        sendsRetryAfter: true,
        pollSec: 3,
        assigningMs: 2000,
        latencies: DEFAULT_LATENCIES,
        binSec: 60,
        horizonSec: 30 * 86_400,
        ...options,
    }
}

/**
 * Simulates new boards that register and connect to their hubs.
 * @throws RangeError if the boards poll more often than DPS allows
 */
export function simulateRollout(options: ModelOptions): FleetCurve {
    return new FleetModel(withDefaults(options)).rollOut()
}

/**
 * Simulates boards with a valid record that all boot and connect to their hubs.
 * @throws RangeError if the boards poll more often than DPS allows
 */
export function simulateRebootStorm(options: ModelOptions): FleetCurve {
    return new FleetModel(withDefaults(options)).reboot()
}
