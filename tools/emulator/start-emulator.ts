import { realClock, realRandom } from "@moorage/runtime"
import { Cloud, type CloudOptions } from "./cloud.js"
import { type ListenOptions, listen, type Servers } from "./listen.js"
import { fetchWebhook } from "./fetch-webhook.js"
import { openDiskState } from "./state/disk-state.js"
import { type CertificateAuthority, makeAuthority } from "./tls/certificate-authority.js"

/** A running emulator: the cloud to steer, and where it listens. */
export interface Emulator extends Servers {
    cloud: Cloud
}

/** What {@link startEmulator} takes: any part of the cloud's options, where to listen, where to keep state. */
export interface EmulatorOptions extends Partial<CloudOptions>, ListenOptions {
    /** A folder that keeps all state over restarts and crashes; in memory unless given. */
    dataDir?: string
    /**
     * Told when state cannot be written any more, such as on a full disk: no request is answered after that.
     * Ends the process with the error unless given.
     */
    onStateError?: (error: Error) => void
}

function crash(error: Error): void {
    throw error
}

/**
 * Starts an emulated DPS with two linked hubs on free ports of 127.0.0.1, in real time.
 * @throws Error naming the port or the folder that could not be had
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
    const { dataDir, onStateError = crash } = options
    const state = dataDir === undefined ? undefined : await openDiskState(dataDir, onStateError)
    try {
        const kept = state?.snapshot.get(AUTHORITY) as CertificateAuthority | undefined
        const cloud = new Cloud({
            clock: realClock,
            random: realRandom,
            idScope: "0ne00EMULAT",
            hubs: [{ hostName: "hub-1.azure-devices.net" }, { hostName: "hub-2.azure-devices.net" }],
            callWebhook: fetchWebhook,
            stateStore: state?.store,
            snapshot: state?.snapshot,
            ...options,
        })
        const names = [
            ...cloud.hubNames(),
            ...(options.host ? [options.host] : []),
            ...(options.moreHosts ?? []),
        ]
        const authority = await makeAuthority(realClock.nowMs(), names, kept)
        state?.store.markChanged(AUTHORITY, () => authority)
        const servers = await listen(cloud, { ...options, authority })
        const close = async () => {
            await servers.close()
            await state?.close()
        }
        return { cloud, ...servers, close }
    } catch (error) {
        await state?.close()
        throw error
    }
}

/** Under which key clients' trust is kept. */
const AUTHORITY = "authority/tls"
