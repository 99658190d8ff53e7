// The moored board: telemetry at its period, direct methods as they come, until asked to reprovision.

import * as ds from "@devicescript/core"
import { FaultKind, Fault } from "../fault"
import { type MethodCall, methodCall, openSession, respond, sendTelemetry } from "../hub/session"
import { disconnectMqtt, nextMessage } from "../mqtt/client"
import type { Assignment } from "../store/record"
import type { Config } from "./config"
import { feed, pause, rebootIfPlanned } from "./supervisor"

/** The session looks up from waiting at least this often, to feed the watchdog. */
const SLICE_MS = 60_000
/** A session lost sooner than this was never granted: a hub over quota accepts and then closes. */
const GRANTED_MS = 5_000
const DELAY_MAX_SEC = 86_400

let sessions = 0

function telemetry(config: Config): string {
    const uptimeSec = Math.floor(ds.millis() / 1000)
    return '{"uptimeSec":' + uptimeSec + ',"boot":' + config.bootId + ',"reconnects":' + (sessions - 1) + "}"
}

/** `delaySec` of a Reprovision payload, 0 when absent, or -1 when malformed. */
function delayOf(payload: string): number {
    if (!payload) return 0
    try {
        const body = JSON.parse(payload)
        if (body === null || body.delaySec === undefined) return 0
        const sec = body.delaySec
        return typeof sec === "number" && sec >= 0 && sec <= DELAY_MAX_SEC ? sec : -1
    } catch (e) {
        return -1
    }
}

/** Answers a method call; returns the delay in s when the board is to reprovision, or -1. */
async function answer(call: MethodCall): Promise<number> {
    let delaySec = -1
    let status = 404
    if (call.name === "Reprovision") {
        delaySec = delayOf(call.payload)
        status = delaySec < 0 ? 400 : 202
    }
    await respond(call, status, "{}")
    return delaySec
}

/** Serves the open session until Reprovision; returns its delay in s. Throws Fault. */
async function serve(config: Config, hub: Assignment, settled: () => Promise<void>): Promise<number> {
    const openedMs = ds.millis()
    let stableMs = openedMs + config.stableSec * 1000
    let telemetryMs = openedMs
    for (;;) {
        feed()
        const nowMs = ds.millis()
        if (nowMs >= stableMs) {
            stableMs = Infinity
            await settled()
        }
        if (nowMs >= telemetryMs) {
            telemetryMs = nowMs + config.telemetrySec * 1000
            await sendTelemetry(hub.deviceId, telemetry(config))
        }
        rebootIfPlanned()
        const dueMs = Math.min(SLICE_MS, Math.min(stableMs, telemetryMs) - ds.millis())
        const message = await nextMessage(Math.max(1, dueMs))
        const call = message ? methodCall(message) : undefined
        const delaySec = call ? await answer(call) : -1
        if (delaySec >= 0) return delaySec
    }
}

/**
 * Moors the board: connects, serves, and returns when it is asked to reprovision. Throws Fault.
 * @param settled called once, when the session has been stable for `stableSec`
 */
export async function runSession(
    config: Config,
    hub: Assignment,
    settled: () => Promise<void>
): Promise<void> {
    await openSession(hub, config.port, config.tls, config.key)
    sessions++
    console.log("moored " + hub.hub)
    const openedMs = ds.millis()
    let delaySec = 0
    try {
        delaySec = await serve(config, hub, settled)
    } catch (e) {
        if ((e as Fault).kind === FaultKind.Network && ds.millis() - openedMs < GRANTED_MS)
            throw new Fault(FaultKind.Unavailable, "closed after CONNACK")
        throw e
    } finally {
        await disconnectMqtt()
    }
    await pause(delaySec * 1000)
}
