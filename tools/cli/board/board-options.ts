// What `moorage board` is told, and what of it goes together.
import { UserError, WRONG_USAGE } from "../user-error.js"

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

/** @throws UserError when options contradict each other */
export function checkOptions(options: BoardCommandOptions): void {
    const refuse = (message: string) => {
        throw new UserError(message, WRONG_USAGE)
    }
    const excludes = (name: Name, others: Name[], why: string) => {
        const other = isGiven(options, name) ? others.find(each => isGiven(options, each)) : undefined
        if (other) refuse(`${NAMES[name]} and ${NAMES[other]} exclude each other: ${why}.`)
    }
    const needs = (name: Name, others: Name[], why: string) => {
        if (isGiven(options, name) && !others.some(each => isGiven(options, each)))
            refuse(`${NAMES[name]} needs ${others.map(each => NAMES[each]).join(" or ")}: ${why}.`)
    }
    excludes(
        "image",
        ["board", "id", "set", "idScope", "keyFile", "groupKeyFile"],
        "an image has its board, ID, key and settings in it"
    )
    excludes("profile", ["idScope"], "each says where the board moors")
    excludes("keyFile", ["groupKeyFile"], "a device has one key")
    for (const key of ["keyFile", "groupKeyFile"] as const)
        needs(key, ["idScope", "profile"], "the emulator inside knows its own keys")
    needs("erase", ["flash"], "without a file every start is from a blank flash")
}
