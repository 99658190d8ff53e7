// As which device the doctor asks DPS: from options, the fleet file, or the project's settings.
import { deriveDeviceKey } from "@moorage/protocol"
import type { FleetBoard } from "../fleet-file.js"

export interface DeviceIdentity {
    idScope: string
    registrationId: string
    /** Base64. */
    key: string
    /** Where the key is from. */
    keySource: string
}

export interface Credentials {
    /** Checked, in lower case. */
    id?: string
    idScope?: string
    groupKey?: string
    deviceKey?: string
    /** The group's key in an emulator's card. */
    cardKey?: string
    boards: FleetBoard[]
    /** Of `.env.defaults` and `.env.local`. */
    settings: Map<string, string>
}

/** What is missing to ask as a device, and what to give. */
export interface MissingIdentity {
    missing: string
    cure: string
}

interface DeviceKeyChoice {
    key: string
    keySource: string
}

/** From the project's settings: a board that is flashed from there has its ID scope too. */
const PROJECT = "DEVICE_KEY of .env.local"

/** The ID that the project's settings have. */
const ownId = ({ settings }: Credentials) => settings.get("REG_ID")?.toLowerCase()

/** The key of a device: what was given for this one, then what was given for all, then what happens to be there. */
function keyOf(registrationId: string, credentials: Credentials): DeviceKeyChoice | undefined {
    const { boards, groupKey, deviceKey, cardKey, settings } = credentials
    const derived = (key: string, keySource: string) => ({
        key: deriveDeviceKey(key, registrationId),
        keySource,
    })
    const boardKey = boards.find(board => board.registrationId === registrationId)?.key
    const projectKey = registrationId === ownId(credentials) ? settings.get("DEVICE_KEY") : undefined
    if (deviceKey !== undefined) return { key: deviceKey, keySource: "its own key" }
    if (boardKey !== undefined) return { key: boardKey, keySource: "its key in the fleet file" }
    if (groupKey !== undefined) return derived(groupKey, "the group's key")
    if (projectKey !== undefined) return { key: projectKey, keySource: PROJECT }
    return cardKey === undefined ? undefined : derived(cardKey, "the card's group key")
}

/** The device that was named, or else the fleet's first, or else the project's own. */
export function chooseIdentity(credentials: Credentials): DeviceIdentity | MissingIdentity {
    const { id, boards, settings } = credentials
    const registrationId = id ?? boards[0]?.registrationId ?? ownId(credentials)
    if (registrationId === undefined)
        return { missing: "no device is named", cure: "--id ID with --group-key-file or --key-file" }
    const key = keyOf(registrationId, credentials)
    if (!key) {
        const cure = "--group-key-file, MOORAGE_GROUP_KEY, or --key-file"
        return { missing: `no key of ${registrationId} is given`, cure }
    }
    const ofBoard = boards.find(board => board.registrationId === registrationId)?.settings.ID_SCOPE
    const ofProject = settings.get("ID_SCOPE")
    const scopes =
        key.keySource === PROJECT
            ? [ofProject, credentials.idScope]
            : [ofBoard, credentials.idScope, ofProject]
    const idScope = scopes.find(scope => scope !== undefined)
    if (idScope === undefined)
        return {
            missing: "no ID scope is given",
            cure: "--id-scope, idScope in the profile, or PROVISIONING_IDSCOPE",
        }
    return { idScope: String(idScope), registrationId, ...key }
}
