// Registers devices with the device API of an emulator and connects them with MQTT.js, for tests of the host tool.
import { readFileSync } from "node:fs"
import { connectAsync, type MqttClient } from "mqtt"
import { deriveDeviceKey, GLOBAL_DEVICE_ENDPOINT, makeSasToken } from "@moorage/protocol"
import { realClock } from "@moorage/runtime"
import type { Card } from "../../tools/cli/emulate/connection-card.js"
import { Https } from "../../tools/fleet/azure/https.js"

/** The fields of a connection card that a test needs. */
export type EmulatorCard = Pick<Card, "httpsPort" | "mqttPort" | "idScope" | "caFile" | "enrollmentGroups">

/** Expiry of a token that is valid for one hour. */
const inOneHourSec = () => Math.floor(realClock.nowMs() / 1000) + 3600

/** Registers a device, waits for the result and returns it. */
export async function register(
    card: EmulatorCard,
    id: string,
    groupKey = card.enrollmentGroups[0].primaryKey
) {
    const ca = readFileSync(card.caFile, "utf8")
    const https = new Https({ clock: realClock, ca, connect: { host: "127.0.0.1", port: card.httpsPort } })
    const resource = `${card.idScope}/registrations/${id}`
    const Authorization = makeSasToken(
        deriveDeviceKey(groupKey, id),
        resource,
        inOneHourSec(),
        "registration"
    )
    const send = async (method: string, path: string) => {
        const response = await https.send({
            hostName: GLOBAL_DEVICE_ENDPOINT,
            method,
            path: `/${resource}/${path}?api-version=2021-06-01`,
            headers: { Authorization },
            body: method === "PUT" ? JSON.stringify({ registrationId: id }) : undefined,
            timeoutMs: 10_000,
        })
        return JSON.parse(response.body) as {
            operationId: string
            status: string
            registrationState?: { assignedHub?: string; status: string }
        }
    }
    try {
        let state = await send("PUT", "register")
        const { operationId } = state
        while (state.status === "assigning") state = await send("GET", `operations/${operationId}`)
        return state.registrationState
    } finally {
        https.close()
    }
}

export interface Connected {
    client: MqttClient
    /** The direct methods that the device received. */
    calls: { name: string; payload: unknown }[]
    close(): Promise<void>
}

/**
 * Connects a registered device that answers direct methods.
 * @param status status of its response; null for no response
 */
export async function connectDevice(
    card: EmulatorCard,
    id: string,
    hub: string,
    status: number | null = 202,
    groupKey = card.enrollmentGroups[0].primaryKey
): Promise<Connected> {
    const calls: Connected["calls"] = []
    const client = await connectAsync({
        protocol: "mqtts",
        host: "127.0.0.1",
        port: card.mqttPort,
        ca: readFileSync(card.caFile),
        servername: hub,
        clientId: id,
        username: `${hub}/${id}/?api-version=2021-04-12`,
        password: makeSasToken(deriveDeviceKey(groupKey, id), `${hub}/devices/${id}`, inOneHourSec()),
        reconnectPeriod: 0,
    })
    await client.subscribeAsync("$iothub/methods/POST/#")
    client.on("message", (topic, payload) => {
        const match = /^\$iothub\/methods\/POST\/([^/]+)\/\?\$rid=(.+)$/.exec(topic)
        if (!match) return
        calls.push({ name: match[1], payload: JSON.parse(payload.toString() || "null") })
        if (status !== null) void client.publishAsync(`$iothub/methods/res/${status}/?$rid=${match[2]}`, "{}")
    })
    return { client, calls, close: () => client.endAsync(true) }
}
