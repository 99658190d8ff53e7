// Checks the settings of a board that `devs devtools` flashes from a project folder.
import { join } from "node:path"
import { type EnvFile, parseEnv } from "./env-file.js"
import { type CheckOutcome, fail, ok, skip, warn } from "./finding.js"

/** The merged settings of both files, and the outcomes of their check. */
export interface ProjectSettings {
    outcomes: CheckOutcome[]
    settings: Map<string, string>
}

const DEFAULTS_FILE = ".env.defaults"
const LOCAL_FILE = ".env.local"
/** A board stops at boot without these settings (docs/reference/settings.md). */
const REQUIRED = ["ID_SCOPE", "DEVICE_KEY"]

function issueOutcomes(name: string, { issues }: EnvFile): CheckOutcome[] {
    return issues.map(({ line, text, cure, isHarmless }) =>
        (isHarmless ? warn : fail)(`${name} line ${line}: ${text}`, cure)
    )
}

/** Merges the settings. A later file overrides an earlier one. An empty value removes the setting. */
function mergeSettings(files: EnvFile[]): Map<string, string> {
    const settings = new Map<string, string>()
    for (const { lines } of files)
        for (const { name, value, typed } of lines)
            if (value === "") settings.delete(name)
            else settings.set(name, String(typed))
    return settings
}

/**
 * Merges and checks the settings of both files.
 * @param defaults text of .env.defaults; undefined if the file does not exist
 * @param local text of .env.local; undefined if the file does not exist
 */
export function mergeProject(defaults: string | undefined, local: string | undefined): ProjectSettings {
    const files = [parseEnv(defaults ?? "", true), parseEnv(local ?? "", false)]
    const settings = mergeSettings(files)
    const outcomes = [...issueOutcomes(DEFAULTS_FILE, files[0]), ...issueOutcomes(LOCAL_FILE, files[1])]
    if (local === undefined) {
        const what =
            defaults === undefined
                ? `no ${DEFAULTS_FILE} and no ${LOCAL_FILE} in this folder`
                : `no ${LOCAL_FILE} in this folder`
        return {
            outcomes: [...outcomes, skip(`${what} (only boards flashed with devs devtools need it)`)],
            settings,
        }
    }
    for (const name of REQUIRED)
        if (!settings.has(name)) outcomes.push(fail(`${name} is missing`, `Add ${name}=... to ${LOCAL_FILE}`))
    if (outcomes.some(({ status }) => status === "fail")) return { outcomes, settings }
    const id = settings.get("REG_ID")
    const bytes = Buffer.from(settings.get("DEVICE_KEY") ?? "", "base64").length
    const idText = id === undefined ? "the chip identifier as REG_ID" : `REG_ID ${id}`
    outcomes.push(ok(`${idText}, ID_SCOPE ${settings.get("ID_SCOPE")}, a key of ${bytes} bytes`))
    return { outcomes, settings }
}

/** Reads both files of a folder. @throws Error if a file exists but cannot be read */
export function readProject(folder: string, readText: (file: string) => string | undefined): ProjectSettings {
    return mergeProject(readText(join(folder, DEFAULTS_FILE)), readText(join(folder, LOCAL_FILE)))
}
