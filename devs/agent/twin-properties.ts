// Reported and desired properties of the twin. Only the full image has them, because the tight image has no room.

import { LoadFactor, StableSec, TelemetrySec } from "../contract/setting-limits"
import { parseDesired, isDesiredChange, openTwin, report } from "../hub/device-twin"
import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/record-format"
import { isPlain } from "../store/record-storage"
import type { BoardSettings } from "./board-settings"

/** The version in package.json. */
const VERSION = "0.1.0"
const FAILURE_MAX = 80

/** The last report in this boot. */
let reported = ""

function quoted(text: string): string {
    const short = text.slice(0, Math.min(FAILURE_MAX, text.length))
    return '"' + (isPlain(short) ? short : "?") + '"'
}

/** Subscribes to the twin and reports the state of the board, if it has changed in this boot. Throws Fault. */
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

/** Returns the acknowledgement of one property (IoT Plug and Play): the value in force and a status code. */
function acknowledge(name: string, value: number, accepted: boolean, version: number): string {
    const code = accepted ? 200 : 400
    const inForce = Math.round(value * 1000) / 1000
    return '"' + name + '":{"value":' + inForce + ',"ac":' + code + ',"av":' + version + ',"ad":""}'
}

function isWithin(value: any, min: number, max: number): boolean {
    return typeof value === "number" && value >= min && value <= max
}

/**
 * Applies and acknowledges desired properties. Returns whether the message requests a new assignment. Only a change
 * that arrives while the board is connected requests one. Otherwise the property would request one in each session.
 * Throws Fault.
 */
export async function onTwinMessage(config: BoardSettings, message: Message): Promise<boolean> {
    const desired = parseDesired(message)
    if (!desired) return false
    const version = desired.$version || 0
    const answers: string[] = []
    const { telemetrySec, stableSec, loadFactor, reprovision } = desired
    if (telemetrySec !== undefined) {
        const accepted = isWithin(telemetrySec, TelemetrySec.Min, TelemetrySec.Max)
        if (accepted) config.telemetrySec = Math.round(telemetrySec)
        answers.push(acknowledge("telemetrySec", config.telemetrySec, accepted, version))
    }
    if (stableSec !== undefined) {
        const accepted = isWithin(stableSec, StableSec.Min, StableSec.Max)
        if (accepted) config.stableSec = Math.round(stableSec)
        answers.push(acknowledge("stableSec", config.stableSec, accepted, version))
    }
    if (loadFactor !== undefined) {
        const accepted = isWithin(loadFactor, LoadFactor.Min, LoadFactor.Max)
        if (accepted) config.load = loadFactor
        answers.push(acknowledge("loadFactor", config.load, accepted, version))
    }
    if (answers.length) await report("{" + answers.join(",") + "}")
    return isDesiredChange(message) && reprovision !== undefined && reprovision !== null
}
