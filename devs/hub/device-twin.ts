// The device twin over MQTT (Microsoft, "Communicate with an IoT hub using the MQTT protocol", twins).

import { publish, subscribe } from "../mqtt/mqtt-client"
import type { Message } from "../mqtt/mqtt-packet"

const RESPONSES = "$iothub/twin/res/"
const DESIRED = "$iothub/twin/PATCH/properties/desired/"

/** Desired properties that came, with `$version`. */
export interface Desired {
    [name: string]: any
    $version?: number
}

/** Subscribes to the twin and asks for it; the answer comes as a message. Throws Fault. */
export async function openTwin(): Promise<void> {
    await subscribe(RESPONSES + "#", 0)
    await subscribe(DESIRED + "#", 0)
    await publish("$iothub/twin/GET/?$rid=1", Buffer.alloc(0), 1)
}

/** Sends reported properties. Throws Fault. */
export async function report(json: string): Promise<void> {
    await publish("$iothub/twin/PATCH/properties/reported/?$rid=2", Buffer.from(json), 1)
}

/** Whether the message is a change of desired properties while the board is connected. */
export function isChange(message: Message): boolean {
    return message.topic.startsWith(DESIRED)
}

/** Desired properties in a change or in the answer to GET; undefined in any other message, or one that is no JSON. */
export function parseDesired(message: Message): Desired | undefined {
    const change = isChange(message)
    if (!change && !message.topic.startsWith(RESPONSES + "200/")) return undefined
    try {
        const body = JSON.parse(message.payload.toString())
        return change ? body : body.desired
    } catch (e) {
        return undefined
    }
}
