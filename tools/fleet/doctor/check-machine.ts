// Checks this machine: Node, the DeviceScript CLI, esptool and serial ports.
import { ESPTOOL_CURE, ESPTOOL_NAMES } from "../manufacture/esptool.js"
import type { CheckRunner, DoctorCheck } from "./check-runner.js"
import { type CheckOutcome, fail, type Finding, ok, skip, warn } from "./finding.js"
import type { ExecResult, Probes, SerialPort } from "./probes.js"

const OUTPUT_MAX_CHARS = 120

const capitalise = (text: string) => text[0].toUpperCase() + text.slice(1)

/** Returns the outcome for a Node version. @param required version range of package.json, for example `>=20` */
export function nodeOutcome(version: string, required: string): CheckOutcome {
    const minMajor = Number(/\d+/.exec(required)?.[0])
    const major = Number(/\d+/.exec(version)?.[0])
    if (major >= minMajor) return ok(`Node ${version}`)
    return fail(
        `Node ${version} is too old (minimum ${minMajor})`,
        `Install Node ${minMajor} or later: https://nodejs.org`
    )
}

/** Returns the outcome for esptool. @param result exit code and output; undefined if esptool is not on the PATH */
export function esptoolOutcome(name: string, result: ExecResult | undefined): CheckOutcome {
    if (!result) return warn("not on the PATH: boards cannot be flashed", capitalise(ESPTOOL_CURE))
    const version = /\bv?(\d+\.\d+(?:\.\d+)?\S*)/.exec(result.output)?.[1]
    if (result.code === 0 && version) return ok(`${name} ${version}`)
    const [lastLine = ""] = result.output.trim().split("\n").slice(-1)
    return warn(
        `${name} exists but does not run: ${lastLine.slice(0, OUTPUT_MAX_CHARS) || `exit code ${result.code}`}`,
        "Install it again: pip install --force-reinstall esptool"
    )
}

/** Returns the outcome for the version of @devicescript/cli; undefined if it is not installed. */
export function devicescriptOutcome(installed: string | undefined, required: string): CheckOutcome {
    if (installed === required) return ok(`npx devs is @devicescript/cli ${installed}`)
    // The VM package depends on internals of exactly this version.
    const what =
        installed === undefined ? "@devicescript/cli is not installed" : `@devicescript/cli is ${installed}`
    return fail(`${what} (required: ${required})`, "Run npm ci in the folder of Moorage")
}

const PORT_CURES: Record<string, string> = {
    linux: "Join the group that owns the port (ls -l), for example: sudo usermod -aG dialout $USER. Then log in again",
    darwin: "Check the owner of the port with ls -l, and whether another program uses it",
}

/** Returns the outcome for the serial ports of this machine. */
export function portsOutcome(ports: SerialPort[], platform: string): CheckOutcome {
    if (platform === "win32") return skip("not checked on Windows: the Device Manager lists the COM ports")
    const listPaths = (some: SerialPort[]) => some.map(({ path }) => path).join(", ")
    const usable = ports.filter(({ isUsable }) => isUsable)
    const unusable = ports.filter(({ isUsable }) => !isUsable)
    if (ports.length === 0)
        return warn(
            "none: no board is connected",
            "To flash a board, connect it with a USB data cable; some boards need a driver (CP210x, CH34x)"
        )
    if (unusable.length === 0) return ok(listPaths(usable))
    const cure = PORT_CURES[platform] ?? PORT_CURES.linux
    const what = `no permission to read and write ${listPaths(unusable)}`
    return usable.length === 0 ? fail(what, cure) : warn(`${what}; usable: ${listPaths(usable)}`, cure)
}

async function findEsptool(probes: Probes, signal: AbortSignal): Promise<CheckOutcome> {
    for (const name of ESPTOOL_NAMES) {
        const result = await probes.exec(name, ["version"], signal)
        if (result) return esptoolOutcome(name, result)
    }
    return esptoolOutcome(ESPTOOL_NAMES[0], undefined)
}

/** Yields the findings about this machine. */
export async function* checkMachine(runner: CheckRunner, probes: Probes): AsyncGenerator<Finding> {
    const { nodeVersion, required, platform } = probes
    const checks: DoctorCheck[] = [
        { name: "Node", run: () => nodeOutcome(nodeVersion, required.node) },
        {
            name: "DeviceScript",
            run: () => devicescriptOutcome(probes.packageVersion("@devicescript/cli"), required.devicescript),
        },
        { name: "esptool", run: signal => findEsptool(probes, signal) },
        { name: "serial ports", run: () => portsOutcome(probes.serialPorts(), platform) },
    ]
    for (const check of checks) yield* await runner.run(check)
}
