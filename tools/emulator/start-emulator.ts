import { realClock, realRandom } from "@moorage/runtime"
import { Cloud, type CloudOptions } from "./cloud.js"
import { type ListenOptions, listen, type Servers } from "./listen.js"
import { fetchWebhook } from "./fetch-webhook.js"
import { openDiskState } from "./state/disk-state.js"
import { type CertificateAuthority, makeAuthority } from "./tls/certificate-authority.js"

/** A running emulator: its cloud and its ports. */
export interface Emulator extends Servers {
    cloud: Cloud
}

/** The options of {@link startEmulator}: options of the cloud, addresses and the folder of the state. */
export interface EmulatorOptions extends Partial<CloudOptions>, ListenOptions {
    /** A folder for the state, which then survives restarts and crashes (default: memory). */
    dataDir?: string
    /**
     * Called when the state cannot be written, for example on a full disk. The emulator answers no request after that
     * (default: end the process with the error).
     */
    onStateError?: (error: Error) => void
}

function crash(error: Error): void {
    throw error
}

/** The key of the certificate authority in the stored state. */
const AUTHORITY_KEY = "authority/tls"

/**
 * Starts an emulated DPS with two linked hubs on free ports of 127.0.0.1, in real time.
 * @throws Error that names the port or the folder that cannot be used
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
    const { dataDir, onStateError = crash } = options
    const state = dataDir === undefined ? undefined : await openDiskState(dataDir, onStateError)
    try {
        const storedAuthority = state?.snapshot.get(AUTHORITY_KEY) as CertificateAuthority | undefined
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
        const authority = await makeAuthority(realClock.nowMs(), names, storedAuthority)
        state?.store.markChanged(AUTHORITY_KEY, () => authority)
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
