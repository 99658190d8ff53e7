// Device keys of an enrollment group, for many IDs at once.
import { deriveDeviceKey } from "@moorage/protocol"
import { type IdSource, registrationIds } from "./id-list.js"

export interface DeviceKey {
    registrationId: string
    /** Base64 of 32 bytes. */
    key: string
}

/**
 * The key of each ID, in their order, as they are read.
 * @param groupKey Base64, checked by the caller (keyMistake)
 * @throws FleetError at the end, with every mistake: what came before is then of no use
 */
export async function* deriveKeys(source: IdSource, groupKey: string): AsyncGenerator<DeviceKey> {
    for await (const id of registrationIds(source))
        yield { registrationId: id, key: deriveDeviceKey(groupKey, id) }
}
