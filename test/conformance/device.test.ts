import { Message } from "azure-iot-device"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connectDevice, register, type Running, startCloud } from "./sdk.js"

let running: Running

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

/** A registered device, connected with Microsoft's client. */
async function device(deviceId: string) {
    const { assignedHub } = await register(running, deviceId)
    return {
        client: await connectDevice(running, assignedHub, deviceId),
        hub: running.cloud.hub(assignedHub),
    }
}

describe("azure-iot-device over MQTT", () => {
    test("sends telemetry with properties", async () => {
        const { client } = await device("dev-1")
        const message = new Message(JSON.stringify({ t: 21 }))
        message.properties.add("alert", "yes & no")
        await client.sendEvent(message)
        await client.close()
        const telemetry = running.cloud.history.filter(
            event => event.kind === "telemetry" && event.id === "dev-1"
        )
        expect(telemetry).toHaveLength(1)
        expect(telemetry[0].body).toBe('{"t":21}')
        expect(telemetry[0].detail).toContain("alert=yes%20%26%20no")
    })

    test("answers a direct method", async () => {
        const { client, hub } = await device("dev-2")
        client.onDeviceMethod("add", (request, response) => {
            void response.send(200, { sum: request.payload.a + request.payload.b })
        })
        await expect
            .poll(() => hub.invokeMethod("dev-2", "add", { a: 2, b: 3 }).catch(() => undefined))
            .toEqual({ status: 200, payload: { sum: 5 } })
        await client.close()
    })

    test("takes a cloud-to-device message with properties", async () => {
        const { client, hub } = await device("dev-3")
        const received = new Promise<Message>(resolve =>
            client.on("message", message => {
                void client.complete(message).then(() => resolve(message))
            })
        )
        hub.sendToDevice("dev-3", "hello", { color: "blue green" })
        const message = await received
        expect(message.data.toString()).toBe("hello")
        expect(message.properties.getValue("color")).toBe("blue green")
        await client.close()
    })

    test("reads its twin, reports and is told what is desired", async () => {
        const { client, hub } = await device("dev-4")
        const twin = await client.getTwin()
        await new Promise<void>((resolve, reject) =>
            twin.properties.reported.update({ firmware: "1.0" }, (error: Error | null) =>
                error ? reject(error) : resolve()
            )
        )
        expect(hub.device("dev-4")?.twin.reported.properties).toEqual({ firmware: "1.0" })
        const changed = new Promise<{ telemetrySec: number }>(resolve =>
            twin.on("properties.desired", delta => {
                if (delta.telemetrySec) resolve(delta)
            })
        )
        await expect
            .poll(() => hub.device("dev-4")?.granted(filter => filter.includes("/desired/")))
            .toBeDefined()
        hub.patchDesired("dev-4", { telemetrySec: 9 })
        expect((await changed).telemetrySec).toBe(9)
        await client.close()
    })

    test("is thrown out by a second connection of the same device", async () => {
        const { client, hub } = await device("dev-5")
        const before = running.cloud.history.length
        const second = await connectDevice(running, hub.hostName, "dev-5")
        const why = running.cloud.history
            .slice(before)
            .filter(event => event.kind === "disconnect" && event.id === "dev-5")
        expect(why[0].detail).toBe("another connection of this device")
        await client.close()
        await second.close()
    })

    test("that is disabled cannot connect", async () => {
        const { client, hub } = await device("dev-6")
        await client.close()
        hub.setEnabled("dev-6", false)
        await expect(connectDevice(running, hub.hostName, "dev-6")).rejects.toMatchObject({
            name: "UnauthorizedError",
        })
    })
})
