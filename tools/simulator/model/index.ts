// A model for a million boards: what a fleet does to its quotas, without the VM. The decisions are the firmware's
// own (devs/retry), the throttles the emulator's; what is left out is all that goes wrong but throttling.
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

/** What is not given is as in the emulator, and our firmware's. */
export type ModelOptions = Pick<FleetModelOptions, "devices"> & Partial<FleetModelOptions>

function complete(options: ModelOptions): FleetModelOptions {
    const quotas = options.quotas ?? DOCUMENTED_QUOTAS
    const { calls, perSec } = quotas.dpsRegistrations ?? { calls: Infinity, perSec: 1 }
    return {
        seed: 1,
        strategy: moorageStrategy({ load: 1, devices: options.devices, perSec: calls / perSec }),
        powerOnSec: 0,
        quotas,
        hubs: 1,
        saysRetryAfter: true,
        pollSec: 3,
        assigningMs: 2000,
        latencies: DEFAULT_LATENCIES,
        binSec: 60,
        horizonSec: 30 * 86_400,
        ...options,
    }
}

/**
 * New boards on their way to their hubs.
 * @throws RangeError for polls that DPS would throttle
 */
export function simulateRollout(options: ModelOptions): FleetCurve {
    return new FleetModel(complete(options)).rollOut()
}

/**
 * Boards with a valid record, all of them booting: back to their hubs.
 * @throws RangeError for polls that DPS would throttle
 */
export function simulateRebootStorm(options: ModelOptions): FleetCurve {
    return new FleetModel(complete(options)).reboot()
}
