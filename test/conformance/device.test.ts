// Messages, methods and connections of a device with Microsoft's device client.
import { Client as DeviceClient, Message } from "azure-iot-device"
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    connectDevice,
    DEVICE_TRANSPORTS,
    GROUP_KEY,
    HUB,
    titled,
    type RunningCloud,
    startCloud,
} from "./sdk.js"
import { hubService, sendToDevice } from "./services.js"

let running: RunningCloud

beforeAll(async () => {
    running = await startCloud({ quotas: { hubConnects: null } })
})
afterAll(() => running.close())

/** Returns the next message from the cloud. */
const nextMessage = (client: DeviceClient) =>
    new Promise<Message>(resolve => client.once("message", resolve as (message: unknown) => void))

describe.each(titled(DEVICE_TRANSPORTS))("azure-iot-device / %s", (_, transport) => {
    const device = async (name: string) => {
        const deviceId = `${name}-${DEVICE_TRANSPORTS.indexOf(transport)}`
        running.cloud.hub(HUB).putDevice(deviceId, [deriveDeviceKey(GROUP_KEY, deviceId)])
        return { deviceId, client: await connectDevice(running, HUB, deviceId, { transport }) }
    }
    const telemetry = (deviceId: string) =>
        running.cloud.history.filter(event => event.kind === "telemetry" && event.id === deviceId)

    test("sendEvent with application and system properties", async () => {
        const { deviceId, client } = await device("telemetry")
        const message = new Message(JSON.stringify({ t: 21 }))
        message.messageId = "m-1"
        message.correlationId = "c/1"
        message.contentType = "application/json"
        message.contentEncoding = "utf-8"
        message.userId = "someone"
        message.properties.add("alert", "yes & no")
        message.properties.add("grüße", "ä=ö")
        await client.sendEvent(message)
        await client.close()
        const [event] = telemetry(deviceId)
        expect(event.body).toBe('{"t":21}')
        expect(event.properties).toEqual({
            "$.mid": "m-1",
            "$.cid": "c/1",
            "$.ct": "application/json",
            "$.ce": "utf-8",
            "$.uid": "someone",
            alert: "yes & no",
            grüße: "ä=ö",
        })
    })

    test("sendEvent, ten concurrently: each acknowledged, none lost or duplicated", async () => {
        const { deviceId, client } = await device("burst")
        const bodies = Array.from({ length: 10 }, (_, i) => `n${i}`)
        await Promise.all(bodies.map(body => client.sendEvent(new Message(body))))
        await client.close()
        expect(telemetry(deviceId).map(event => event.body)).toEqual(bodies)
    })

    test("sendEvent with 200 KB, and with an empty body", async () => {
        const { deviceId, client } = await device("large")
        const body = "x".repeat(200 * 1024)
        await client.sendEvent(new Message(body))
        await client.sendEvent(new Message(""))
        await client.close()
        expect(telemetry(deviceId).map(event => event.body)).toEqual([body, ""])
    })

    test("message from the cloud with application and system properties, complete", async () => {
        const { deviceId, client } = await device("c2d")
        const received = nextMessage(client)
        const body = Buffer.from([0xff, 0x00, 0xfe, 0x80])
        const status = await sendToDevice(running, HUB, deviceId, body, {
            "iothub-messageid": "m-2",
            "iothub-correlationid": "c/2",
            "iothub-contenttype": "application/octet-stream",
            "iothub-app-color": "blue & green",
        })
        expect(status).toBe(204)
        const message = await received
        expect(Buffer.compare(message.data as Buffer, body)).toBe(0)
        expect(message).toMatchObject({
            messageId: "m-2",
            correlationId: "c/2",
            contentType: "application/octet-stream",
            to: `/devices/${deviceId}/messages/devicebound`,
        })
        expect(message.properties.getValue("color")).toBe("blue & green")
        await client.complete(message)
        await expect.poll(() => running.cloud.hub(HUB).device(deviceId)?.undelivered).toHaveLength(0)
        await client.close()
    })

    test("messages from the cloud are queued while the device is offline, and arrive in order", async () => {
        const { deviceId, client } = await device("queue")
        const first = nextMessage(client)
        await sendToDevice(running, HUB, deviceId, "first")
        expect((await first).data.toString()).toBe("first")
        await client.close()
        for (const text of ["a", "b", "c"]) await sendToDevice(running, HUB, deviceId, text)
        const seen: string[] = []
        const back = await connectDevice(running, HUB, deviceId, { transport })
        back.on("message", (message: Message) => seen.push(message.data.toString()))
        await expect.poll(() => seen).toEqual(["a", "b", "c"])
        await back.close()
    })

    test("direct method: answered with status and payload", async () => {
        const { deviceId, client } = await device("method")
        client.onDeviceMethod("add", (request, response) => {
            void response.send(201, { sum: request.payload.a + request.payload.b })
        })
        const call = { methodName: "add", payload: { a: 2, b: 3 }, connectTimeoutInSeconds: 10 }
        const { result } = await hubService(running, HUB).invokeDeviceMethod(deviceId, call)
        expect(result).toEqual({ status: 201, payload: { sum: 5 } })
        await client.close()
    })

    test("direct methods: several concurrently, without payload, each gets its own answer", async () => {
        const { deviceId, client } = await device("methods")
        for (const name of ["one", "two", "three"])
            client.onDeviceMethod(name, (request, response) => {
                void response.send(200, { name, payload: request.payload })
            })
        const invoke = (methodName: string) =>
            hubService(running, HUB).invokeDeviceMethod(deviceId, { methodName, connectTimeoutInSeconds: 10 })
        const answers = await Promise.all(["three", "one", "two"].map(invoke))
        expect(answers.map(({ result }) => result.payload.name)).toEqual(["three", "one", "two"])
        expect(answers[0].result.payload.payload ?? null).toBeNull()
        await client.close()
    })

    test("messages, methods and twin on one connection", async () => {
        const { deviceId, client } = await device("all")
        const received = nextMessage(client)
        client.onDeviceMethod("ping", (_request, response) => void response.send(200, "pong"))
        const twin = await client.getTwin()
        const changed = new Promise<object>(resolve =>
            twin.on("properties.desired", (delta: { x?: number }) => delta.x && resolve(delta))
        )
        const hub = running.cloud.hub(HUB)
        await expect.poll(() => hub.device(deviceId)?.subscriptions.size).toBe(4)
        hub.patchDesired(deviceId, { x: 1 })
        hub.sendToDevice(deviceId, "hello")
        expect((await hub.invokeMethod(deviceId, "ping", null)).payload).toBe("pong")
        expect(await changed).toMatchObject({ x: 1 })
        expect((await received).data.toString()).toBe("hello")
        await client.close()
    })
})
