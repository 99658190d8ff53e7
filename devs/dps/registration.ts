// Registration over MQTT: publishes the request, then polls the status of the operation until it is final.
// Topics and bodies: Microsoft, "Communicate with DPS using the MQTT protocol".

import * as ds from "@devicescript/core"
import { nowSec } from "../auth/wall-clock"
import { sasToken } from "../auth/sas-token"
import { connectMqtt, closeMqtt, nextMessage, publish, subscribe } from "../mqtt/mqtt-client"
import { Fault, FaultKind } from "../contract/fault"
import { type DpsAnswer, FAILED, readAnswer, RETRY_AFTER_MAX_SEC, topicParameter } from "./dps-answer"
import { type BoardIdentity, resourceOf, TOKEN_SEC } from "./board-identity"

const RESPONSES = "$dps/registrations/res/"
const ANSWER_MS = 60_000
/** Seconds between polls if DPS gives no `retry-after`. The SDKs wait 2 s. */
const POLL_SEC = 2

/** The ID of the latest request. Answers to earlier requests are ignored. */
let requestId = 0
/** The operation to poll. It survives a lost connection between two polls. */
let operationId = ""
/** Uptime in ms of the next request. It survives a lost connection, which must not shorten a `retry-after`. */
let dueMs = 0

/** Returns whether `topic` is the topic of an answer to the latest request. */
function isAnswer(topic: string): boolean {
    return !topic.indexOf(RESPONSES) && topicParameter(topic, "$rid") === requestId
}

/** Moves the next request to `sec` from now, unless it is already due later. */
function postpone(sec: number): void {
    dueMs = Math.max(dueMs, ds.millis() + 1000 * Math.min(RETRY_AFTER_MAX_SEC, sec))
}

/** Publishes a request and waits for the answer with its request ID. Throws Fault. */
async function request(verb: string, parameters: string, body: string): Promise<DpsAnswer> {
    requestId++
    const topic = "$dps/registrations/" + verb + "/?$rid=" + requestId + parameters
    await publish(topic, body, 1)
    const untilMs = ds.millis() + ANSWER_MS
    for (;;) {
        const message = await nextMessage(Math.max(1, untilMs - ds.millis()))
        if (!message) throw new Fault(FaultKind.Timeout, "no answer from DPS")
        const reply = message.topic
        if (!isAnswer(reply)) continue
        const status = parseInt(reply.slice(RESPONSES.length)) || 0
        return readAnswer(status, message.payload.toString(), topicParameter(reply, "retry-after"))
    }
}

/** Keeps the session alive until the next request is due. A second answer to the latest request may postpone it. */
async function waitUntilDue(): Promise<void> {
    for (;;) {
        const leftMs = dueMs - ds.millis()
        if (leftMs <= 0) return
        const message = await nextMessage(leftMs)
        if (message && isAnswer(message.topic)) postpone(topicParameter(message.topic, "retry-after"))
    }
}

/**
 * Returns the final answer. It is `unassigned` if DPS has lost the operation, and `assigning` if DPS gave no operation.
 * Throws Fault.
 */
async function poll(dps: BoardIdentity): Promise<DpsAnswer> {
    for (;;) {
        await waitUntilDue()
        let answer: DpsAnswer
        if (operationId)
            answer = await request("GET/iotdps-get-operationstatus", "&operationId=" + operationId, "")
        else
            answer = await request(
                "PUT/iotdps-register",
                "",
                '{"registrationId":"' + dps.registrationId + '"}'
            )
        const assigning = answer.status === "assigning"
        // Some answers lack the operation ID. The earlier ID stays valid (azure-sdk-for-c, mqtt_state_machine.md).
        operationId = assigning ? answer.operationId || operationId : ""
        // The board registers again after this failure, because a failed operation never changes its status.
        if (answer.status === FAILED)
            throw new Fault(FaultKind.ServerError, answer.error, answer.retryAfterSec)
        if (!operationId) return answer
        postpone(answer.retryAfterSec > 0 ? answer.retryAfterSec : POLL_SEC)
    }
}

/**
 * Registers the board, or continues a registration that lost its connection. Returns the final answer. An answer that
 * is not `assigned` means that DPS lost the operation. The next call then registers again. The wall clock must be set.
 * Throws Fault.
 */
export async function register(dps: BoardIdentity): Promise<DpsAnswer> {
    const resource = resourceOf(dps)
    await connectMqtt({
        host: dps.dpsHost,
        port: dps.port,
        tls: dps.tls,
        clientId: dps.registrationId,
        username: resource + "/api-version=2019-03-31",
        password: sasToken(dps.key, resource, nowSec() + TOKEN_SEC, "registration"),
        keepAliveSec: 60,
        cleanSession: true,
    })
    try {
        await subscribe(RESPONSES + "#", 1)
        return await poll(dps)
    } catch (e) {
        // A failed operation never changes its status.
        if ((e as Fault).kind === FaultKind.Rejected) operationId = ""
        throw e
    } finally {
        await closeMqtt()
    }
}
