// The session of a device with Microsoft's client: its start, renewal, failure and end.
import { type Client, Message } from "azure-iot-device"
import { NoRetry } from "azure-iot-common"
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    connectDevice,
    DEVICE_TRANSPORTS,
    type DeviceOptions,
    failNext,
    GROUP_KEY,
    HUB,
    titled,
    newDevice,
    type RunningCloud,
    startCloud,
} from "./sdk.js"

let running: RunningCloud

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

const UNAUTHORIZED = { name: "UnauthorizedError" }
const hub = () => running.cloud.hub(HUB)

/** Events of a device: CONNACK codes and the reasons of disconnections. */
const connacks = (id: string) =>
    running.cloud.history.filter(event => event.kind === "connack" && event.id === id).map(e => e.status)
const ends = (id: string) =>
    running.cloud.history.filter(event => event.kind === "disconnect" && event.id === id).map(e => e.detail)
const telemetry = (id: string) =>
    running.cloud.history.filter(event => event.kind === "telemetry" && event.id === id).map(e => e.body)

/** Resolves with the error when the client stops its retries. */
const clientGivesUp = (client: Client) =>
    new Promise<{ transportObj?: Error }>(resolve => client.once("disconnect", resolve as never))

/** Subscribes to messages, a method and the twin, and collects everything that is received. */
async function subscribeToAll(client: Client, deviceId: string) {
    const messages: string[] = []
    const desired: object[] = []
    client.on("message", (message: Message) => messages.push(message.data.toString()))
    client.onDeviceMethod("ping", (_request, response) => void response.send(200, "pong"))
    const twin = await client.getTwin()
    twin.on("properties.desired", (delta: object) => desired.push(delta))
    await expect.poll(() => hub().device(deviceId)?.subscriptions.size).toBe(4)
    return { messages, desired }
}

describe.each(titled(DEVICE_TRANSPORTS))("azure-iot-device / %s", (_, transport) => {
    const own = (name: string) => `${name}-${DEVICE_TRANSPORTS.indexOf(transport)}`
    const register = (name: string) => {
        hub().putDevice(own(name), [deriveDeviceKey(GROUP_KEY, own(name))])
        return own(name)
    }
    const connect = (id: string, options: DeviceOptions = {}) =>
        connectDevice(running, HUB, id, { transport, ...options })
    const connectOnce = async (id: string) => {
        const client = await newDevice(running, HUB, id, { transport })
        client.setRetryPolicy(new NoRetry())
        await client.open()
        return client
    }

    test("open with an unknown device, a wrong key, of a disabled device: UnauthorizedError, CONNACK 5", async () => {
        const disabled = register("disabled")
        hub().setEnabled(disabled, false)
        await expect(connect(disabled)).rejects.toMatchObject(UNAUTHORIZED)
        const wrong = register("wrong")
        const key = Buffer.alloc(32, 1).toString("base64")
        await expect(connect(wrong, { key })).rejects.toMatchObject(UNAUTHORIZED)
        await expect(connect(own("nobody"))).rejects.toMatchObject(UNAUTHORIZED)
        for (const id of [disabled, wrong, own("nobody")]) expect(connacks(id)).toEqual([5])
    })

    test("open, the CONNACK comes late: connected", async () => {
        const id = register("late")
        failNext(running, { kind: "connect", id }, { delayMs: 1500 })
        const client = await connect(id)
        expect(connacks(id)).toEqual([0])
        await client.close()
    })

    test("token renewal: sessions are renewed in time, and messages arrive before and after", async () => {
        const id = register("renew")
        const tokenRenewal = { tokenValidTimeInSeconds: 4, tokenRenewalMarginInSeconds: 3 }
        const client = await connect(id, { options: { tokenRenewal } })
        const { messages, desired } = await subscribeToAll(client, id)
        hub().sendToDevice(id, "before")
        await client.sendEvent(new Message("before"))
        await expect.poll(() => connacks(id).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4)
        await client.sendEvent(new Message("after"))
        hub().sendToDevice(id, "after")
        await expect.poll(() => messages).toEqual(["before", "after"])
        await expect
            .poll(() =>
                hub()
                    .invokeMethod(id, "ping", null)
                    .catch(() => undefined)
            )
            .toMatchObject({ payload: "pong" })
        await expect.poll(() => hub().device(id)?.session).toBeDefined()
        hub().patchDesired(id, { x: 1 })
        await expect.poll(() => desired.at(-1)).toMatchObject({ x: 1 })
        await client.close()
        expect(telemetry(id)).toEqual(["before", "after"])
        // The client ends each session before its token expires.
        expect(new Set(ends(id))).toEqual(new Set(["disconnected by the client"]))
        expect(new Set(connacks(id))).toEqual(new Set([0]))
    })

    test("disconnected by the hub: the SDK reconnects, and all its subscriptions work", async () => {
        const id = register("dropped")
        const client = await connect(id)
        const { messages, desired } = await subscribeToAll(client, id)
        hub().disconnect(id)
        hub().sendToDevice(id, "while away")
        await expect.poll(() => connacks(id), { timeout: 10_000 }).toEqual([0, 0])
        await expect.poll(() => messages).toEqual(["while away"])
        expect((await hub().invokeMethod(id, "ping", null)).payload).toBe("pong")
        hub().patchDesired(id, { x: 1 })
        await expect.poll(() => desired.at(-1)).toMatchObject({ x: 1 })
        await client.sendEvent(new Message("back"))
        expect(telemetry(id)).toEqual(["back"])
        await client.close()
    })

    test("disconnected by the hub, two attempts closed before CONNACK: the SDK retries", async () => {
        const id = register("third")
        const client = await connect(id)
        const { messages } = await subscribeToAll(client, id)
        failNext(running, { kind: "connect", id, times: 2 }, { close: true })
        hub().disconnect(id)
        hub().sendToDevice(id, "at last")
        await expect.poll(() => messages, { timeout: 10_000 }).toEqual(["at last"])
        expect(connacks(id)).toEqual([0, 0])
        expect(ends(id)).toEqual(["dropped by the service", "injected fault", "injected fault"])
        await client.close()
    })

    test("disconnected by the hub, no subscription: sendEvent reconnects", async () => {
        const id = register("quiet")
        const client = await connect(id)
        hub().disconnect(id)
        await client.sendEvent(new Message("back"))
        expect(connacks(id)).toEqual([0, 0])
        expect(telemetry(id)).toEqual(["back"])
        await client.close()
    })

    test("second connection of a device: the first one is closed", async () => {
        const id = register("twice")
        const first = await connectOnce(id)
        const lost = clientGivesUp(first)
        const second = await connectOnce(id)
        await lost
        expect(ends(id)).toEqual(["another connection of this device"])
        await second.sendEvent(new Message("mine"))
        expect(telemetry(id)).toEqual(["mine"])
        expect(connacks(id)).toEqual([0, 0])
        await second.close()
    })

    test("disabled while connected: closed, and later attempts refused", async () => {
        const id = register("off")
        const client = await connectOnce(id)
        const end = clientGivesUp(client)
        hub().setEnabled(id, false)
        await end
        expect(ends(id)).toEqual(["device disabled"])
        await expect(connect(id)).rejects.toMatchObject(UNAUTHORIZED)
        expect(connacks(id)).toEqual([0, 5])
    })

    test("deleted while connected: closed, and later attempts refused", async () => {
        const id = register("gone")
        const client = await connectOnce(id)
        const end = clientGivesUp(client)
        hub().removeDevice(id)
        await end
        expect(ends(id)).toEqual(["device deleted"])
        await expect(connect(id)).rejects.toMatchObject(UNAUTHORIZED)
    })
})
