// The options of `moorage board`, and which of them can be combined.
import { usageError } from "../usage-error.js"

export const DEFAULT_BOARD = "moorage_devkitc"
export const DEFAULT_ID = "board-1"

export interface BoardCommandOptions {
    board?: string
    id?: string
    set: string[]
    image?: string
    profile?: string
    idScope?: string
    keyFile?: string
    groupKeyFile?: string
    flash?: string
    erase: boolean
    power: boolean
    for?: number
    until?: "moored"
    json: boolean
}

const NAMES = {
    board: "--board",
    id: "--id",
    set: "--set",
    image: "--image",
    profile: "--profile",
    idScope: "--id-scope",
    keyFile: "--key-file",
    groupKeyFile: "--group-key-file",
    flash: "--flash",
    erase: "--erase",
} satisfies Partial<Record<keyof BoardCommandOptions, string>>

type Name = keyof typeof NAMES

function isGiven(options: BoardCommandOptions, name: Name): boolean {
    const value = options[name]
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
}

/** Checks that the options can be combined. @throws MoorageError WRONG_USAGE */
export function checkOptions(options: BoardCommandOptions): void {
    const excludes = (name: Name, others: Name[], reason: string) => {
        const other = isGiven(options, name) ? others.find(each => isGiven(options, each)) : undefined
        if (other) throw usageError(`${NAMES[name]} and ${NAMES[other]} are mutually exclusive: ${reason}.`)
    }
    const requires = (name: Name, others: Name[], reason: string) => {
        if (isGiven(options, name) && !others.some(each => isGiven(options, each)))
            throw usageError(
                `${NAMES[name]} requires ${others.map(each => NAMES[each]).join(" or ")}: ${reason}.`
            )
    }
    excludes(
        "image",
        ["board", "id", "set", "idScope", "keyFile", "groupKeyFile"],
        "an image contains its board, ID, key and settings"
    )
    excludes("profile", ["idScope"], "both select the DPS")
    excludes("keyFile", ["groupKeyFile"], "a device has only one key")
    for (const key of ["keyFile", "groupKeyFile"] as const)
        requires(key, ["idScope", "profile"], "the built-in emulator has its own keys")
    requires("erase", ["flash"], "without a flash file every start begins with a blank flash")
}
