// Secrets come from a file, the environment or a person who types them: arguments are seen by all on the machine.
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline/promises"
import { Writable } from "node:stream"
import { validateKey } from "@moorage/fleet"
import { ioError } from "./output-files.js"
import { UserError, WRONG_USAGE } from "./user-error.js"

export const GROUP_KEY = "MOORAGE_GROUP_KEY"
export const WIFI_PSK = "MOORAGE_WIFI_PSK"

/** The first line of a file. @throws UserError */
export function secretFile(file: string): string {
    try {
        return readFileSync(file, "utf8").split(/\r?\n/)[0] as string
    } catch (error) {
        throw ioError("read", file, error)
    }
}

/** Asks for a secret on the terminal, without showing it; the next line of the standard input elsewhere. */
async function askFor(what: string): Promise<string> {
    const terminal = process.stdin.isTTY === true
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    if (terminal) process.stderr.write(`${what}: `)
    const lines = createInterface({ input: process.stdin, output: silent, terminal })
    try {
        for await (const line of lines) return line.trim()
        return ""
    } finally {
        lines.close()
        if (terminal) process.stderr.write("\n")
    }
}

export interface GroupKeyOptions {
    groupKeyFile?: string
    /** Whether the standard input is free for a person to type. */
    mayAsk: boolean
}

/** The group's key, checked; undefined when nobody says one. @throws UserError */
export async function groupKey({ groupKeyFile, mayAsk }: GroupKeyOptions): Promise<string | undefined> {
    const given = groupKeyFile === undefined ? process.env[GROUP_KEY] : secretFile(groupKeyFile).trim()
    const key =
        given ?? (mayAsk ? await askFor("Primary or secondary key of the enrollment group") : undefined)
    if (key === undefined) return undefined
    return checked("group", key, groupKeyFile ?? (given === undefined ? "the standard input" : GROUP_KEY))
}

/** A device's key from a file, checked. @throws UserError */
export function deviceKey(file: string): string {
    return checked("device", secretFile(file).trim(), file)
}

/** @throws UserError that says what is wrong with a key, without it */
function checked(whose: string, key: string, where: string): string {
    const mistake = validateKey(key)
    if (mistake === undefined) return key
    throw new UserError(`The ${whose} key of ${where} cannot be used: ${mistake}.`, WRONG_USAGE)
}
