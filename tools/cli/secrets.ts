// Reads secrets from a file, from the environment or from a prompt. Arguments would be visible to every user of the machine.
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline/promises"
import { Writable } from "node:stream"
import { MoorageError } from "@moorage/errors"
import { validateKey } from "@moorage/fleet"
import { readError } from "./output-files.js"

const GROUP_KEY = "MOORAGE_GROUP_KEY"
export const WIFI_PSK = "MOORAGE_WIFI_PSK"

/** Returns the first line of a file. @throws MoorageError FILE_NOT_READABLE */
export function readSecretFile(file: string): string {
    try {
        return readFileSync(file, "utf8").split(/\r?\n/)[0] as string
    } catch (error) {
        throw readError(file, error)
    }
}

/** Prompts for a secret on a terminal, without echo. Otherwise returns the next line of the standard input. */
async function promptSecret(question: string): Promise<string> {
    const isTerminal = process.stdin.isTTY === true
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    if (isTerminal) process.stderr.write(`${question}: `)
    const lines = createInterface({ input: process.stdin, output: silent, terminal: isTerminal })
    try {
        for await (const line of lines) return line.trim()
        return ""
    } finally {
        lines.close()
        if (isTerminal) process.stderr.write("\n")
    }
}

export interface GroupKeyOptions {
    groupKeyFile?: string
    /** Whether the standard input is free for a prompt. */
    canPrompt: boolean
}

/** Returns the validated group key; undefined when no source has it. @throws MoorageError SECRET_INVALID */
export async function readGroupKey({
    groupKeyFile,
    canPrompt,
}: GroupKeyOptions): Promise<string | undefined> {
    const given = groupKeyFile === undefined ? process.env[GROUP_KEY] : readSecretFile(groupKeyFile).trim()
    const key =
        given ??
        (canPrompt ? await promptSecret("Primary or secondary key of the enrollment group") : undefined)
    if (key === undefined) return undefined
    return checkedKey("group", key, groupKeyFile ?? (given === undefined ? "the standard input" : GROUP_KEY))
}

/** Returns the validated device key from a file. @throws MoorageError SECRET_INVALID */
export function readDeviceKey(file: string): string {
    return checkedKey("device", readSecretFile(file).trim(), file)
}

/** Validates a key and returns it. @throws MoorageError with the problem, but without the key */
function checkedKey(owner: "group" | "device", key: string, source: string): string {
    const problem = validateKey(key)
    if (problem === undefined) return key
    throw new MoorageError("SECRET_INVALID", `Invalid ${owner} key in ${source}: ${problem}.`)
}
