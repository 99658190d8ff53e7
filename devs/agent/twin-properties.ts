// What the board reports in its twin, and which desired properties it takes: in the full image only, the tight one
// has no room.

import { parseDesired, isChange, openTwin, report } from "../hub/device-twin"
import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/assignment-record"
import { isPlain } from "../store/record-storage"
import type { BoardSettings } from "./board-settings"

/** Of package.json; what an operator compares. */
const VERSION = "0.1.0"
const FAILURE_MAX = 80

/** What was reported last in this boot. */
let reported = ""

function quoted(text: string): string {
    const short = text.slice(0, Math.min(FAILURE_MAX, text.length))
    return '"' + (isPlain(short) ? short : "?") + '"'
}

/** Reports once a boot, and again when something of it has changed. Throws Fault. */
export async function openTwinSession(config: BoardSettings, hub: Assignment): Promise<void> {
    await openTwin()
    const json =
        '{"firmware":{"name":"moorage","version":"' +
        VERSION +
        '","image":"main"},"boot":' +
        config.bootId +
        ',"hub":"' +
        hub.hub +
        '","registrations":' +
        config.registrations +
        ',"lastFailure":' +
        quoted(config.lastFailure) +
        "}"
    if (json === reported) return
    await report(json)
    reported = json
}

/** One property in the form of IoT Plug and Play: what is in force, and whether that is what was desired. */
function acknowledged(name: string, value: number, taken: boolean, version: number): string {
    const code = taken ? 200 : 400
    const inForce = Math.round(value * 1000) / 1000
    return '"' + name + '":{"value":' + inForce + ',"ac":' + code + ',"av":' + version + ',"ad":""}'
}

function isWithin(value: any, min: number, max: number): boolean {
    return typeof value === "number" && value >= min && value <= max
}

/**
 * Takes and acknowledges desired properties. Whether a new assignment is asked for: only by a change that comes
 * while the board is connected, or it would ask for ever. Throws Fault.
 */
export async function onTwinMessage(config: BoardSettings, message: Message): Promise<boolean> {
    const desired = parseDesired(message)
    if (!desired) return false
    const version = desired.$version || 0
    const answers: string[] = []
    const { telemetrySec, stableSec, loadFactor, reprovision } = desired
    if (telemetrySec !== undefined) {
        const taken = isWithin(telemetrySec, 1, 86400)
        if (taken) config.telemetrySec = Math.round(telemetrySec)
        answers.push(acknowledged("telemetrySec", config.telemetrySec, taken, version))
    }
    if (stableSec !== undefined) {
        const taken = isWithin(stableSec, 1, 3600)
        if (taken) config.stableSec = Math.round(stableSec)
        answers.push(acknowledged("stableSec", config.stableSec, taken, version))
    }
    if (loadFactor !== undefined) {
        const taken = isWithin(loadFactor, 0.001, 1000)
        if (taken) config.load = loadFactor
        answers.push(acknowledged("loadFactor", config.load, taken, version))
    }
    if (answers.length) await report("{" + answers.join(",") + "}")
    return isChange(message) && reprovision !== undefined && reprovision !== null
}
