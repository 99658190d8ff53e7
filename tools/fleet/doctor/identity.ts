// As which device the doctor asks DPS: from options, the fleet file, or the project's settings.
import { deriveDeviceKey } from "@moorage/emulator"
import type { FleetBoard } from "../csv.js"

export interface Identity {
    idScope: string
    registrationId: string
    /** Base64. */
    key: string
    /** Where the key is from. */
    from: string
}

export interface Credentials {
    /** Checked, in lower case. */
    id?: string
    idScope?: string
    groupKey?: string
    deviceKey?: string
    boards: FleetBoard[]
    /** Of `.env.defaults` and `.env.local`. */
    settings: Map<string, string>
}

/** What is missing to ask as a device, and what to give. */
export interface Missing {
    missing: string
    cure: string
}

interface Key {
    key: string
    from: string
}

/** The key of a device: its own goes before one that is derived. */
function keyOf(registrationId: string, { boards, groupKey, deviceKey }: Credentials): Key | undefined {
    const boardKey = boards.find(board => board.registrationId === registrationId)?.key
    if (deviceKey !== undefined) return { key: deviceKey, from: "its own key" }
    if (boardKey !== undefined) return { key: boardKey, from: "its key in the fleet file" }
    if (groupKey === undefined) return undefined
    return { key: deriveDeviceKey(groupKey, registrationId), from: "the group's key" }
}

/** The device that was named, or else the fleet's first, or else the project's own. */
export function identityOf(credentials: Credentials): Identity | Missing {
    const { id, boards, settings } = credentials
    const own = settings.get("REG_ID")?.toLowerCase()
    const registrationId = id ?? boards[0]?.registrationId ?? own
    if (registrationId === undefined)
        return { missing: "no device is named", cure: "--id ID with --group-key-file or --key-file" }
    const ownKey = registrationId === own ? settings.get("DEVICE_KEY") : undefined
    const given = keyOf(registrationId, credentials)
    const key = given ?? (ownKey && { key: ownKey, from: "DEVICE_KEY of .env.local" })
    if (!key) {
        const cure = "--group-key-file, MOORAGE_GROUP_KEY, or --key-file"
        return { missing: `no key of ${registrationId} is given`, cure }
    }
    const ofBoard = boards.find(board => board.registrationId === registrationId)?.settings.ID_SCOPE
    const ofProject = settings.get("ID_SCOPE")
    // A board that is flashed from the project asks with the project's scope.
    const scopes = given ? [ofBoard, credentials.idScope, ofProject] : [ofProject, credentials.idScope]
    const idScope = scopes.find(scope => scope !== undefined)
    if (idScope === undefined)
        return {
            missing: "no ID scope is given",
            cure: "--id-scope, idScope in the profile, or PROVISIONING_IDSCOPE",
        }
    return { idScope: String(idScope), registrationId, ...key }
}
