// The moored board: telemetry at its period, direct methods as they come, until asked to reprovision.

import * as ds from "@devicescript/core"
import { nowSec } from "../auth/wall-clock"
import { random } from "../auth/crypto"
import { FaultKind, Fault } from "../contract/fault"
import {
    isReprovisionMessage,
    type MethodCall,
    methodCall,
    openSession,
    respond,
    sendTelemetry,
} from "../hub/hub-session"
import { closeMqtt, connAckMs, nextMessage } from "../mqtt/mqtt-client"
import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/assignment-record"
import type { BoardSettings } from "./board-settings"
import type { Image } from "./image"
import { BoardStatus, setStatus } from "../status/board-status"
import { feedWatchdog, rebootDue } from "./supervisor"

/** The session looks up from waiting at least this often, to feed the watchdog. */
const SLICE_MS = 60_000
/** A session lost sooner than this was never granted: a hub over quota accepts and then closes. */
const GRANTED_MS = 5_000
const DELAY_MAX_SEC = 86_400

let sessions = 0

function telemetry(config: BoardSettings): string {
    const uptimeSec = Math.floor(ds.millis() / 1000)
    return '{"uptimeSec":' + uptimeSec + ',"boot":' + config.bootId + ',"reconnects":' + (sessions - 1) + "}"
}

/** `delaySec` of a Reprovision payload, 0 when absent, or -1 when malformed. */
function delayOf(payload: string): number {
    if (!payload) return 0
    // JSON.parse recurses natively: deep nesting overflows the chip's stack (5 KB), which no catch survives.
    if (payload.indexOf("[") >= 0 || payload.indexOf("{", 1) > 0) return -1
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

/** Does what a message asks; returns the delay in s when the board is to reprovision, or -1. Throws Fault. */
async function handle(config: BoardSettings, image: Image, message: Message): Promise<number> {
    const call = methodCall(message)
    if (call) return await answer(call)
    if (isReprovisionMessage(message)) return 0
    return image.onMessage && !config.safeMode && (await image.onMessage(config, message)) ? 0 : -1
}

/** When a token is renewed, in ms of uptime: at 70 to 85 % of what is left of it, as far as the time is known. */
function renewalMs(config: BoardSettings, hub: Assignment): number {
    const leftSec = nowSec() > 0 ? hub.expirySec - nowSec() : config.tokenSec
    return ds.millis() + leftSec * (700 + 150 * random())
}

/** Serves the open session until Reprovision, and returns its delay in s; or until renewal, -1. Throws Fault. */
async function serve(
    config: BoardSettings,
    image: Image,
    hub: Assignment,
    settled: () => Promise<void>
): Promise<number> {
    const openedMs = ds.millis()
    const renewMs = renewalMs(config, hub)
    let stable = false
    let sentMs = config.safeMode ? Infinity : 0
    for (;;) {
        feedWatchdog()
        const nowMs = ds.millis()
        const stableMs = openedMs + config.stableSec * 1000
        if (!stable && nowMs >= stableMs) {
            stable = true
            await settled()
        }
        const telemetryMs = sentMs > 0 ? sentMs + config.telemetrySec * 1000 : 0
        if (nowMs >= telemetryMs) {
            sentMs = nowMs
            await sendTelemetry(hub.deviceId, telemetry(config))
        }
        // Not skipped after telemetry: a hub that is slow to acknowledge it would leave time for nothing else.
        rebootDue()
        if (image.reprovisionRequested && image.reprovisionRequested()) return 0
        if (nowMs >= renewMs) return -1
        const dueMs = Math.min(SLICE_MS, Math.min(stable ? Infinity : stableMs, telemetryMs) - nowMs)
        const message = await nextMessage(Math.max(1, dueMs))
        const delaySec = message ? await handle(config, image, message) : -1
        if (delaySec >= 0) return delaySec
    }
}

/**
 * Moors the board: connects, serves, and returns when it is asked to reprovision: the delay in s; or when its token
 * is to be renewed: -1. Throws Fault.
 * @param settled called once, when the session has been stable for `stableSec`
 */
export async function runSession(
    config: BoardSettings,
    image: Image,
    hub: Assignment,
    settled: () => Promise<void>
): Promise<number> {
    try {
        await openSession(hub, config.port, config.tls, config.key)
        sessions++
        console.log("moored " + hub.hub)
        setStatus(BoardStatus.Moored)
        if (image.onSessionOpen && !config.safeMode) await image.onSessionOpen(config, hub)
        return await serve(config, image, hub, settled)
    } catch (e) {
        if ((e as Fault).kind === FaultKind.Network && ds.millis() < connAckMs + GRANTED_MS)
            throw new Fault(FaultKind.Unavailable, "closed after CONNACK")
        throw e
    } finally {
        await closeMqtt()
    }
}
