// One setting at a time, with a deadline: the settings service's own protocol. `@devicescript/settings`
// waits for ever when an answer is lost and dies of two reads of the same key (facts 4.1, D13).

import * as ds from "@devicescript/core"
import { Fault, FaultKind } from "../contract/fault"

/** Command code of `get`, and of its report. */
const GET = 0x80
const ANSWER_MS = 2000
const TRIES = 3

const service = new ds.Settings()
let report: ds.Packet
let reader: ds.Fiber

function onPacket(packet: ds.Packet): void {
    // Our own commands come by here too.
    if (!packet || packet.serviceCommand !== GET || !packet.isReport) return
    report = packet
    if (reader && reader.suspended) reader.resume(undefined)
}

/** The parsed value of setting `key`, or `fallback` when it is missing, empty or not JSON. Throws Fault. */
export async function readSetting(key: string, fallback: any): Promise<any> {
    ;(service as any)._onPacket = onPacket
    for (let i = 0; i < TRIES; i++) {
        report = undefined
        await service.get(key)
        // The runtime may wake this fiber early: it wakes all that last spoke to a role at each of its events.
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
            return fallback
        }
    }
    throw new Fault(FaultKind.Timeout, "settings: no answer")
}

/** Writes setting `key`; key and JSON together must stay under 232 bytes (facts D1). Read it back. */
export async function writeSetting(key: string, value: any): Promise<void> {
    await service.set(key, Buffer.from(JSON.stringify(value)))
}
