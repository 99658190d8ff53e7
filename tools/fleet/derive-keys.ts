// Derives the device keys of an enrollment group for a list of registration IDs.
import { deriveDeviceKey } from "@moorage/protocol"
import { type IdSource, readRegistrationIds } from "./id-list.js"

export interface DeviceKey {
    registrationId: string
    /** Base64 of 32 bytes. */
    key: string
}

/**
 * Yields the key of each registration ID, in the order of the input, while the input is read.
 * @param groupKey Base64, already checked with validateKey()
 * @throws FleetError after the whole input is read, with every issue. The keys yielded before are then unusable.
 */
export async function* deriveKeys(source: IdSource, groupKey: string): AsyncGenerator<DeviceKey> {
    for await (const id of readRegistrationIds(source))
        yield { registrationId: id, key: deriveDeviceKey(groupKey, id) }
}
