// Names and credentials of the benchmarks of the emulator.
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"

export const HUB = "bench.azure-devices.net"
export const ID_SCOPE = "0ne00BENCH1"
export const GROUP_KEY = Buffer.alloc(64, 2).toString("base64")

const expirySec = () => Math.floor(Date.now() / 1000) + 3600

/** Returns user name and password of a device at the hub. */
export function hubCredentials(id: string): { username: string; password: string } {
    const password = makeSasToken(deriveDeviceKey(GROUP_KEY, id), `${HUB}/devices/${id}`, expirySec())
    return { username: `${HUB}/${id}/?api-version=2021-04-12`, password }
}

/** Returns user name and password of a device at DPS. */
export function dpsCredentials(id: string): { username: string; password: string } {
    const resource = `${ID_SCOPE}/registrations/${id}`
    const password = makeSasToken(deriveDeviceKey(GROUP_KEY, id), resource, expirySec(), "registration")
    return { username: `${resource}/api-version=2019-03-31`, password }
}
