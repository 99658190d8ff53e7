// Reads and writes one setting at a time with the protocol of the settings service, with a timeout.
// `@devicescript/settings` waits forever if an answer is lost. It also crashes when two fibers read the same key
// (runtime-facts.md, 4.1 and D13).

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"

/** Code of the command `get` and of its report. */
const GET = 0x80
const ANSWER_MS = 2000
const TRIES = 3

const service = new ds.Settings()
let report: ds.Packet
let reader: ds.Fiber

function onPacket(packet: ds.Packet): void {
    // The commands of this module arrive here too.
    if (!packet || packet.serviceCommand !== GET || !packet.isReport) return
    report = packet
    if (reader && reader.suspended) reader.resume(undefined)
}

/** Returns the parsed value of setting `key`, `fallback` if it is missing or empty, `damaged` if not JSON. Throws Fault. */
export async function readSetting(key: string, fallback: any, damaged: any = fallback): Promise<any> {
    ;(service as any)._onPacket = onPacket
    for (let i = 0; i < TRIES; i++) {
        report = undefined
        await service.get(key)
        // The runtime may wake this fiber early: each event of a role wakes the fibers that last used it.
        const untilMs = ds.millis() + ANSWER_MS
        while (!report && ds.millis() < untilMs) {
            reader = ds.Fiber.self()
            await ds.suspend(untilMs - ds.millis())
            reader = undefined
        }
        if (!report) continue
        const [name, value] = report.decode()
        if (name !== key) continue
        try {
            return value.length ? JSON.parse(value.toString()) : fallback
        } catch (e) {
            return damaged
        }
    }
    throw new Fault(FaultKind.Timeout, "settings: no answer")
}

/** Writes setting `key`. Key and JSON must stay below 232 bytes (runtime-facts.md, D1). Read the setting back. */
export async function writeSetting(key: string, value: any): Promise<void> {
    await service.set(key, Buffer.from(JSON.stringify(value)))
}
