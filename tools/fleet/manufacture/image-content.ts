// What goes into a board's image, from its line of the fleet file.
import { deriveDeviceKey } from "@moorage/protocol"
import type { BoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import type { ImageContent } from "./flash-image.js"

/** What the board of a fleet file gets. The group key is only used when it has no key of its own. */
export function contentOf(
    board: FleetBoard,
    profile: BoardProfile,
    groupKey: string | undefined
): ImageContent {
    const { registrationId, network, settings } = board
    const key = board.key ?? deriveDeviceKey(groupKey as string, registrationId)
    return {
        registrationId,
        profile,
        network,
        settings: { REG_ID: registrationId, DEVICE_KEY: key, ...settings },
    }
}
