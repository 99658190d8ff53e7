import { realClock, realRandom } from "@moorage/time"
import { Cloud, type CloudOptions } from "./cloud.js"
import { type ListenOptions, listen, type Servers } from "./listen.js"

/** A running emulator: the cloud to steer, and where it listens. */
export interface Emulator extends Servers {
    cloud: Cloud
}

/** What {@link startEmulator} takes: any part of the cloud's options, and where to listen. */
export type EmulatorOptions = Partial<CloudOptions> & ListenOptions

/**
 * Starts an emulated DPS with two linked hubs on free ports of 127.0.0.1, in real time.
 * @throws Error naming the port that could not be had
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
    const cloud = new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: "0ne00EMULAT",
        hubs: [{ hostName: "hub-1.azure-devices.net" }, { hostName: "hub-2.azure-devices.net" }],
        ...options,
    })
    return { cloud, ...(await listen(cloud, options)) }
}
