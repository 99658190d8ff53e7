// Devices for the host tool to find: registered over the device API, connected by MQTT.js.
import { readFileSync } from "node:fs"
import { connectAsync, type MqttClient } from "mqtt"
import { deriveDeviceKey, GLOBAL_DEVICE_ENDPOINT, makeSas } from "@moorage/protocol"
import { realClock } from "@moorage/runtime"
import type { Card } from "../../tools/cli/emulate/connection-card.js"
import { Https } from "../../tools/fleet/azure/https.js"

/** What a test needs to know of an emulator: its card does. */
export type EmulatorCard = Pick<Card, "httpsPort" | "mqttPort" | "idScope" | "caFile" | "enrollmentGroups">

const inAnHourSec = () => Math.floor(realClock.nowMs() / 1000) + 3600

/** Registers a device and waits for its outcome, which is returned. */
export async function register(
    shore: EmulatorCard,
    id: string,
    groupKey = shore.enrollmentGroups[0].primaryKey
) {
    const ca = readFileSync(shore.caFile, "utf8")
    const https = new Https({ clock: realClock, ca, connect: { host: "127.0.0.1", port: shore.httpsPort } })
    const resource = `${shore.idScope}/registrations/${id}`
    const Authorization = makeSas(deriveDeviceKey(groupKey, id), resource, inAnHourSec(), "registration")
    const ask = async (method: string, path: string) => {
        const answer = await https.send({
            hostName: GLOBAL_DEVICE_ENDPOINT,
            method,
            path: `/${resource}/${path}?api-version=2021-06-01`,
            headers: { Authorization },
            body: method === "PUT" ? JSON.stringify({ registrationId: id }) : undefined,
            timeoutMs: 10_000,
        })
        return JSON.parse(answer.body) as {
            operationId: string
            status: string
            registrationState?: { assignedHub?: string; status: string }
        }
    }
    try {
        let state = await ask("PUT", "register")
        const { operationId } = state
        while (state.status === "assigning") state = await ask("GET", `operations/${operationId}`)
        return state.registrationState
    } finally {
        https.close()
    }
}

export interface Connected {
    client: MqttClient
    /** Payloads of the methods it was called with. */
    calls: { name: string; payload: unknown }[]
    close(): Promise<void>
}

/**
 * Connects a device that was registered and answers direct methods.
 * @param status of its answer; null for no answer at all
 */
export async function connectDevice(
    shore: EmulatorCard,
    id: string,
    hub: string,
    status: number | null = 202,
    groupKey = shore.enrollmentGroups[0].primaryKey
): Promise<Connected> {
    const calls: Connected["calls"] = []
    const client = await connectAsync({
        protocol: "mqtts",
        host: "127.0.0.1",
        port: shore.mqttPort,
        ca: readFileSync(shore.caFile),
        servername: hub,
        clientId: id,
        username: `${hub}/${id}/?api-version=2021-04-12`,
        password: makeSas(deriveDeviceKey(groupKey, id), `${hub}/devices/${id}`, inAnHourSec()),
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
