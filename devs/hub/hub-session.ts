// A session with the assigned IoT hub: sends telemetry, receives direct methods and messages.

import { sasToken } from "../auth/sas-token"
import { connectMqtt, publish, subscribe } from "../mqtt/mqtt-client"
import type { Message } from "../mqtt/mqtt-packet"
import type { Assignment } from "../store/record-format"

const METHODS = "$iothub/methods/"
/** Content type and encoding as system properties. With them the hub can route on the body. */
const JSON_PROPERTIES = "%24.ct=application%2Fjson%3Bcharset%3Dutf-8&%24.ce=utf-8"

/** A direct method call that needs a response. */
export interface MethodCall {
    name: string
    requestId: string
    payload: string
}

/** Connects to the hub and subscribes to direct methods and cloud-to-device messages. Throws Fault. */
export async function openSession(hub: Assignment, port: number, tls: boolean, key: Buffer): Promise<void> {
    await connectMqtt({
        host: hub.hub,
        port,
        tls,
        clientId: hub.deviceId,
        username: hub.hub + "/" + hub.deviceId + "/?api-version=2021-04-12",
        password: sasToken(key, hub.hub + "/devices/" + hub.deviceId, hub.expirySec, ""),
        keepAliveSec: 240,
        cleanSession: false,
    })
    await subscribe(METHODS + "POST/#", 0)
    await subscribe("devices/" + hub.deviceId + "/messages/devicebound/#", 1)
}

/** Returns whether `message` is a cloud-to-device message with the property `command=reprovision`. */
export function isReprovisionMessage(message: Message): boolean {
    const topic = message.topic
    return topic.indexOf("devices/") === 0 && topic.indexOf("command=reprovision") > 0
}

/** Sends one telemetry message and waits for the hub's PUBACK. Throws Fault. */
export async function sendTelemetry(deviceId: string, json: string): Promise<void> {
    await publish("devices/" + deviceId + "/messages/events/" + JSON_PROPERTIES, json, 1)
}

/** Returns the direct method call in `message`, or undefined if the message is something else. */
export function methodCall(message: Message): MethodCall | undefined {
    const topic = message.topic
    const prefix = METHODS + "POST/"
    const nameEnd = topic.indexOf("/?$rid=", prefix.length)
    if (topic.indexOf(prefix) || nameEnd < 0) return undefined
    return {
        name: topic.slice(prefix.length, nameEnd),
        requestId: topic.slice(nameEnd + 7),
        payload: message.payload.toString(),
    }
}

/** Answers a direct method call. Throws Fault. */
export async function respond(call: MethodCall, status: number, json: string): Promise<void> {
    await publish(METHODS + "res/" + status + "/?$rid=" + call.requestId, json, 0)
}
