// Chooses the device for the status lookup: from options, the fleet file, or the project settings.
import { deriveDeviceKey } from "@moorage/protocol"
import type { FleetBoard } from "../fleet-file.js"

export interface DeviceIdentity {
    idScope: string
    registrationId: string
    /** Base64. */
    key: string
    /** Shown to the user. */
    keySource: string
}

export interface Credentials {
    /** Validated registration ID in lower case. */
    id?: string
    idScope?: string
    groupKey?: string
    deviceKey?: string
    /** Group key of the connection card of an emulator. */
    cardKey?: string
    boards: FleetBoard[]
    /** Settings of `.env.defaults` and `.env.local`. */
    settings: Map<string, string>
}

/** The missing part of an identity, and the cure. */
export interface MissingIdentity {
    missing: string
    cure: string
}

type DeviceKeyChoice = Pick<DeviceIdentity, "key" | "keySource">

/** A board with this key was flashed from the project, so the project also has its ID scope. */
const PROJECT_KEY = "DEVICE_KEY of .env.local"

/** Returns the registration ID of the project settings. */
const projectId = ({ settings }: Credentials) => settings.get("REG_ID")?.toLowerCase()

const findBoard = ({ boards }: Credentials, registrationId: string) =>
    boards.find(board => board.registrationId === registrationId)

/** Returns the key of a device. A key of this device has precedence over a group key, and an option over a file. */
function chooseKey(registrationId: string, credentials: Credentials): DeviceKeyChoice | undefined {
    const { groupKey, deviceKey, cardKey, settings } = credentials
    const derive = (key: string, keySource: string) => ({
        key: deriveDeviceKey(key, registrationId),
        keySource,
    })
    const boardKey = findBoard(credentials, registrationId)?.key
    const projectKey = registrationId === projectId(credentials) ? settings.get("DEVICE_KEY") : undefined
    if (deviceKey !== undefined) return { key: deviceKey, keySource: "its device key" }
    if (boardKey !== undefined) return { key: boardKey, keySource: "its key in the fleet file" }
    if (groupKey !== undefined) return derive(groupKey, "the group key")
    if (projectKey !== undefined) return { key: projectKey, keySource: PROJECT_KEY }
    return cardKey === undefined ? undefined : derive(cardKey, "the group key of the card")
}

/** Returns the device of the options, or else the first device of the fleet, or else the device of the project. */
export function chooseIdentity(credentials: Credentials): DeviceIdentity | MissingIdentity {
    const { id, boards, settings } = credentials
    const registrationId = id ?? boards[0]?.registrationId ?? projectId(credentials)
    if (registrationId === undefined)
        return {
            missing: "no registration ID",
            cure: "Use --id ID together with --group-key-file or --key-file",
        }
    const key = chooseKey(registrationId, credentials)
    if (!key)
        return {
            missing: `no key for ${registrationId}`,
            cure: "Use --group-key-file, MOORAGE_GROUP_KEY, or --key-file",
        }
    const boardScope = findBoard(credentials, registrationId)?.settings.ID_SCOPE
    const projectScope = settings.get("ID_SCOPE")
    const scopes =
        key.keySource === PROJECT_KEY
            ? [projectScope, credentials.idScope]
            : [boardScope, credentials.idScope, projectScope]
    const idScope = scopes.find(scope => scope !== undefined)
    if (idScope === undefined)
        return {
            missing: "no ID scope",
            cure: "Use --id-scope, idScope in the profile, or PROVISIONING_IDSCOPE",
        }
    return { idScope: String(idScope), registrationId, ...key }
}
