// The settings of a board that `devs devtools` would flash from this folder.
import { join } from "node:path"
import { type EnvFile, parseEnv } from "./env-file.js"
import { fail, ok, type CheckOutcome, skip, warn } from "./finding.js"

/** What the two files say together. */
export interface ProjectSettings {
    outcomes: CheckOutcome[]
    settings: Map<string, string>
}

const SHARED = ".env.defaults"
const LOCAL = ".env.local"
/** Without these a board stops at boot (docs/reference/settings.md). */
const REQUIRED = ["ID_SCOPE", "DEVICE_KEY"]

function mistakesOf(name: string, { issues: mistakes }: EnvFile): CheckOutcome[] {
    return mistakes.map(({ line, text, cure, isHarmless }) =>
        (isHarmless ? warn : fail)(`${name} line ${line}: ${text}`, cure)
    )
}

/** Later files go before earlier ones; a value that is empty is no value. */
function merged(files: EnvFile[]): Map<string, string> {
    const settings = new Map<string, string>()
    for (const { lines } of files)
        for (const { name, value, typed } of lines)
            if (value === "") settings.delete(name)
            else settings.set(name, String(typed))
    return settings
}

/** @param shared text of .env.defaults, if there is one @param local of .env.local */
export function mergeProject(shared: string | undefined, local: string | undefined): ProjectSettings {
    const files = [parseEnv(shared ?? "", true), parseEnv(local ?? "", false)]
    const settings = merged(files)
    const outcomes = [...mistakesOf(SHARED, files[0]), ...mistakesOf(LOCAL, files[1])]
    if (local === undefined) {
        const what = shared === undefined ? `no ${SHARED} and no ${LOCAL} here` : `no ${LOCAL} here`
        return { outcomes: [...outcomes, skip(`${what}: for boards that devs devtools flashes`)], settings }
    }
    for (const name of REQUIRED)
        if (!settings.has(name)) outcomes.push(fail(`${name} is missing`, `Add ${name}=... to ${LOCAL}`))
    if (outcomes.some(({ status }) => status === "fail")) return { outcomes, settings }
    const id = settings.get("REG_ID")
    const bytes = Buffer.from(settings.get("DEVICE_KEY") ?? "", "base64").length
    const who = id === undefined ? "the chip's own identifier" : `REG_ID ${id}`
    outcomes.push(ok(`${who}, ID_SCOPE ${settings.get("ID_SCOPE")}, a key of ${bytes} bytes`))
    return { outcomes, settings }
}

/** @throws Error when a file is there but cannot be read */
export function readProject(folder: string, readText: (file: string) => string | undefined): ProjectSettings {
    return mergeProject(readText(join(folder, SHARED)), readText(join(folder, LOCAL)))
}
