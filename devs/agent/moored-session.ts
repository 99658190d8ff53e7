// A session with the assigned hub: telemetry at its interval, and direct methods and messages in between. It lasts until
// reprovisioning is requested, the token is due for renewal, or the connection fails.

import * as ds from "@devicescript/core"
import { nowSec } from "../auth/wall-clock"
import { random } from "../auth/crypto"
import { AgentEvent } from "../contract/agent-event"
import { FaultKind, Fault } from "../contract/fault"
import { LogText } from "../contract/log-text"
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
import type { Assignment } from "../store/record-format"
import type { BoardSettings } from "./board-settings"
import type { Image } from "./image"
import { BoardStatus, setStatus } from "../status/board-status"
import { feedWatchdog, rebootIfDue } from "./supervisor"

/** The longest wait for a message. The session feeds the watchdog at least this often. */
const SLICE_MS = 60_000
/** A session that ends sooner than this was never granted: a hub over its quota accepts a connection and closes it. */
const GRANTED_MS = 5_000
/** The longest delay of a reprovisioning. */
const DELAY_MAX_SEC = 86_400

/** Why a session ended without a failure. */
interface SessionEnd {
    event: AgentEvent.Renew | AgentEvent.Reprovision
    /** Delay that the user requested, in s. */
    delaySec: number
}

/** Sessions since boot. */
let sessions = 0

/** Returns the `delaySec` of a Reprovision payload: 0 if it is absent, undefined if the payload is malformed. */
function parseDelay(payload: string): number | undefined {
    if (!payload) return 0
    // JSON.parse recurses natively. Deep nesting overflows the stack of the chip (5 KB), and no catch helps.
    if (payload.indexOf("[") >= 0 || payload.indexOf("{", 1) > 0) return undefined
    try {
        const body = JSON.parse(payload)
        if (body === null || body.delaySec === undefined) return 0
        const sec = body.delaySec
        return typeof sec === "number" && sec >= 0 && sec <= DELAY_MAX_SEC ? sec : undefined
    } catch (e) {
        return undefined
    }
}

/** Answers a method call. Returns the delay in s if the call requests reprovisioning, otherwise undefined. */
async function answer(call: MethodCall): Promise<number | undefined> {
    let delaySec: number | undefined
    let status = 404
    if (call.name === "Reprovision") {
        delaySec = parseDelay(call.payload)
        status = delaySec === undefined ? 400 : 202
    }
    await respond(call, status, "{}")
    return delaySec
}

/** Handles a message. Returns the delay in s if it requests reprovisioning, otherwise undefined. Throws Fault. */
async function handle(config: BoardSettings, image: Image, message: Message): Promise<number | undefined> {
    const call = methodCall(message)
    if (call) return await answer(call)
    if (isReprovisionMessage(message)) return 0
    return image.onMessage && !config.safeMode && (await image.onMessage(config, message)) ? 0 : undefined
}

/** Returns when the token is renewed, in ms of uptime: after 70 to 85 % of its remaining life, if the time is known. */
function renewalMs(config: BoardSettings, hub: Assignment): number {
    const leftSec = nowSec() > 0 ? hub.expirySec - nowSec() : config.tokenSec
    return ds.millis() + leftSec * (700 + 150 * random())
}

/** Serves the open session until it ends. Throws Fault. */
async function serve(
    config: BoardSettings,
    image: Image,
    hub: Assignment,
    onStable: () => Promise<void>,
    untilMs: number
): Promise<SessionEnd> {
    const openedMs = ds.millis()
    const renewMs = renewalMs(config, hub)
    let isStable = false
    // In safe mode no telemetry is ever due.
    let sentMs = config.safeMode ? Infinity : 0
    for (;;) {
        feedWatchdog()
        const nowMs = ds.millis()
        const stableMs = openedMs + config.stableSec * 1000
        if (!isStable && nowMs >= stableMs) {
            isStable = true
            await onStable()
        }
        const telemetryMs = sentMs > 0 ? sentMs + config.telemetrySec * 1000 : 0
        if (nowMs >= telemetryMs) {
            sentMs = nowMs
            const uptimeSec = Math.floor(ds.millis() / 1000)
            const json =
                '{"uptimeSec":' +
                uptimeSec +
                ',"boot":' +
                config.bootId +
                ',"reconnects":' +
                (sessions - 1) +
                "}"
            await sendTelemetry(hub.deviceId, json)
        }
        // Also after telemetry: otherwise a hub that acknowledges it slowly would leave no time for the rest.
        rebootIfDue()
        if (nowMs >= untilMs || (image.reprovisionRequested && image.reprovisionRequested()))
            return { event: AgentEvent.Reprovision, delaySec: 0 }
        if (nowMs >= renewMs) return { event: AgentEvent.Renew, delaySec: 0 }
        const soonestMs = Math.min(Math.min(isStable ? Infinity : stableMs, telemetryMs), untilMs)
        const dueMs = Math.min(SLICE_MS, soonestMs - nowMs)
        const message = await nextMessage(Math.max(1, dueMs))
        if (!message) continue
        const delaySec = await handle(config, image, message)
        if (delaySec !== undefined) return { event: AgentEvent.Reprovision, delaySec }
    }
}

/**
 * Connects to the hub and serves the session. Returns why the session ended. Throws Fault.
 * @param onStable called once, when the session has lasted for `stableSec`
 * @param untilMs uptime in ms at which a pending reprovisioning is due, Infinity for none
 */
export async function runSession(
    config: BoardSettings,
    image: Image,
    hub: Assignment,
    onStable: () => Promise<void>,
    untilMs: number
): Promise<SessionEnd> {
    try {
        await openSession(hub, config.port, config.tls, config.key)
        sessions++
        console.log(LogText.Moored + hub.hub)
        setStatus(BoardStatus.Moored)
        if (image.onSessionOpen && !config.safeMode) await image.onSessionOpen(config, hub)
        return await serve(config, image, hub, onStable, untilMs)
    } catch (e) {
        if ((e as Fault).kind === FaultKind.Network && ds.millis() < connAckMs + GRANTED_MS)
            throw new Fault(FaultKind.Unavailable, "closed after CONNACK")
        throw e
    } finally {
        await closeMqtt()
    }
}
