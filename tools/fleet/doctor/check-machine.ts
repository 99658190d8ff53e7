// The machine: what it takes to run this tool, and to flash boards.
import { ESPTOOL_CURE, ESPTOOL_NAMES } from "../manufacture/esptool.js"
import type { DoctorCheck, CheckRunner } from "./check-runner.js"
import { fail, type Finding, ok, type CheckOutcome, skip, warn } from "./finding.js"
import type { Probes, ExecResult, SerialPort } from "./probes.js"

const capitalised = (text: string) => text[0].toUpperCase() + text.slice(1)

/** @param wanted such as `>=20` */
export function nodeOutcome(version: string, wanted: string): CheckOutcome {
    const min = Number(/\d+/.exec(wanted)?.[0])
    const major = Number(/\d+/.exec(version)?.[0])
    if (major >= min) return ok(`Node ${version}`)
    return fail(`Node ${version} is too old`, `Install Node ${min} or later: https://nodejs.org`)
}

/** @param said what the first esptool that was found printed */
export function esptoolOutcome(name: string, said: ExecResult | undefined): CheckOutcome {
    if (!said) return warn("not on the PATH: boards cannot be flashed", capitalised(ESPTOOL_CURE))
    const version = /\bv?(\d+\.\d+(?:\.\d+)?\S*)/.exec(said.output)?.[1]
    if (said.code === 0 && version) return ok(`${name} ${version}`)
    const [line = ""] = said.output.trim().split("\n").slice(-1)
    return warn(
        `${name} is there but does not run: ${line.slice(0, 120) || `it ended with ${said.code}`}`,
        "Install it anew: pip install --force-reinstall esptool"
    )
}

/** @param found installed version of @devicescript/cli */
export function devicescriptOutcome(found: string | undefined, wanted: string): CheckOutcome {
    if (found === wanted) return ok(`npx devs is @devicescript/cli ${found}`)
    const what = found === undefined ? "@devicescript/cli is not installed" : `@devicescript/cli is ${found}`
    // The VM's insides are known of that version only.
    return fail(`${what}, and ${wanted} is needed`, "Run npm ci in the folder of Moorage")
}

const PORT_CURES: Record<string, string> = {
    linux: "Join the group that owns it (ls -l), such as: sudo usermod -aG dialout $USER, then log in anew",
    darwin: "See who owns it: ls -l; another program may hold it",
}

export function portsOutcome(ports: SerialPort[], platform: string): CheckOutcome {
    if (platform === "win32") return skip("not looked for on Windows: the Device Manager lists COM ports")
    const listed = (some: SerialPort[]) => some.map(({ path }) => path).join(", ")
    const usable = ports.filter(({ isUsable }) => isUsable)
    const shut = ports.filter(({ isUsable }) => !isUsable)
    if (ports.length === 0)
        return warn(
            "none: no board is plugged in",
            "To flash one, plug it in with a cable that carries data; some boards need a driver (CP210x, CH34x)"
        )
    if (shut.length === 0) return ok(listed(usable))
    const cure = PORT_CURES[platform] ?? PORT_CURES.linux
    const what = `you may not read and write ${listed(shut)}`
    return usable.length === 0 ? fail(what, cure) : warn(`${what}; you may ${listed(usable)}`, cure)
}

async function findEsptool(probes: Probes, signal: AbortSignal): Promise<CheckOutcome> {
    for (const name of ESPTOOL_NAMES) {
        const said = await probes.exec(name, ["version"], signal)
        if (said) return esptoolOutcome(name, said)
    }
    return esptoolOutcome(ESPTOOL_NAMES[0], undefined)
}

export async function* checkMachine(course: CheckRunner, probes: Probes): AsyncGenerator<Finding> {
    const { nodeVersion, wanted, platform } = probes
    const checks: DoctorCheck[] = [
        { name: "Node", run: () => nodeOutcome(nodeVersion, wanted.node) },
        {
            name: "DeviceScript",
            run: () => devicescriptOutcome(probes.packageVersion("@devicescript/cli"), wanted.devicescript),
        },
        { name: "esptool", run: signal => findEsptool(probes, signal) },
        { name: "serial ports", run: () => portsOutcome(probes.serialPorts(), platform) },
    ]
    for (const check of checks) yield* await course.run(check)
}
