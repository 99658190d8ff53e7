// The device twin over MQTT (Microsoft, "Communicate with an IoT hub using the MQTT protocol", twins).

import { publish, subscribe } from "../mqtt/mqtt-client"
import type { Message } from "../mqtt/mqtt-packet"

const RESPONSES = "$iothub/twin/res/"
const DESIRED = "$iothub/twin/PATCH/properties/desired/"

/** Desired properties that were received. */
export interface Desired {
    [name: string]: any
    $version?: number
}

/** Subscribes to the twin and requests it. The answer arrives as a message. Throws Fault. */
export async function openTwin(): Promise<void> {
    await subscribe(RESPONSES + "#", 0)
    await subscribe(DESIRED + "#", 0)
    await publish("$iothub/twin/GET/?$rid=1", "", 1)
}

/** Sends reported properties. Throws Fault. */
export async function report(json: string): Promise<void> {
    await publish("$iothub/twin/PATCH/properties/reported/?$rid=2", json, 1)
}

/** Returns whether the message is a change of desired properties while the board is connected. */
export function isDesiredChange(message: Message): boolean {
    return message.topic.indexOf(DESIRED) === 0
}

/**
 * Returns the desired properties in a change or in the answer to GET. Returns undefined for any other message and for a
 * payload that is not JSON.
 */
export function parseDesired(message: Message): Desired | undefined {
    const change = isDesiredChange(message)
    if (!change && message.topic.indexOf(RESPONSES + "200/")) return undefined
    try {
        const body = JSON.parse(message.payload.toString())
        return change ? body : body.desired
    } catch (e) {
        return undefined
    }
}
