// Identities, twins, methods and messages with Microsoft's client of the hub's service API.
import type { Device, Registry } from "azure-iothub"
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    connectDevice,
    type Message,
    GROUP_KEY,
    HUBS,
    register,
    type RunningCloud,
    startCloud,
} from "./sdk.js"
import { hubService, registryOf, sendToDevice } from "./services.js"

const HUB = HUBS[0]
let running: RunningCloud
let registry: Registry

beforeAll(async () => {
    running = await startCloud()
    registry = registryOf(running, HUB)
})
afterAll(() => running.close())

/** Returns a registered device that is connected with Microsoft's client, and the services of its hub. */
async function mooredDevice(deviceId: string) {
    const { assignedHub } = await register(running, deviceId)
    const client = await connectDevice(running, assignedHub, deviceId)
    const names = { hub: assignedHub, deviceId }
    return {
        ...names,
        client,
        registry: registryOf(running, assignedHub),
        service: hubService(running, assignedHub),
    }
}

describe("azure-iothub Registry", () => {
    test("creates a device with new keys, reads, changes and deletes it", async () => {
        const made = (await registry.create({ deviceId: "Reg-1" })).responseBody
        const key = made.authentication?.symmetricKey?.primaryKey ?? ""
        expect(Buffer.from(key, "base64")).toHaveLength(32)
        expect(made).toMatchObject({ status: "enabled", connectionState: "Disconnected" })

        const changed = (
            await registry.update({ ...made, status: "disabled", statusReason: "lost" } as Device)
        ).responseBody
        const read = (await registry.get("Reg-1")).responseBody
        expect(read).toEqual(changed)
        expect(read).toMatchObject({
            deviceId: "Reg-1",
            status: "disabled",
            statusReason: "lost",
            generationId: made.generationId,
            authentication: made.authentication,
        })
        expect(read.etag).not.toBe(made.etag)
        await registry.delete("Reg-1")
        await expect(registry.get("Reg-1")).rejects.toMatchObject({ name: "DeviceNotFoundError" })
    })

    test("does not create a device twice: DeviceAlreadyExistsError", async () => {
        await registry.create({ deviceId: "reg-2" })
        await expect(registry.create({ deviceId: "reg-2" })).rejects.toMatchObject({
            name: "DeviceAlreadyExistsError",
        })
    })

    test("shows a device as connected, and closes its session when it is disabled", async () => {
        const primaryKey = deriveDeviceKey(GROUP_KEY, "reg-3")
        const secondaryKey = Buffer.alloc(32, 8).toString("base64")
        const authentication = { symmetricKey: { primaryKey, secondaryKey } }
        await registry.create({ deviceId: "reg-3", authentication })
        const client = await connectDevice(running, HUB, "reg-3")
        expect((await registry.get("reg-3")).responseBody.connectionState).toBe("Connected")
        await registry.update({ deviceId: "reg-3", status: "disabled", authentication } as Device)
        const { connectionState } = (await registry.get("reg-3")).responseBody
        expect(connectionState).toBe("Disconnected")
        await expect(connectDevice(running, HUB, "reg-3")).rejects.toMatchObject({
            name: "UnauthorizedError",
        })
        await client.close()
    })

    test("lists, counts, and writes in bulk", async () => {
        const devices = ["bulk-1", "bulk-2"].map(deviceId => ({ deviceId }) as Device)
        const before = (await registry.list()).responseBody.length
        expect((await registry.addDevices(devices)).responseBody).toMatchObject({ isSuccessful: true })
        expect((await registry.list()).responseBody).toHaveLength(before + 2)
        expect((await registry.getRegistryStatistics()).responseBody.totalDeviceCount).toBe(before + 2)
        await expect(registry.addDevices(devices)).rejects.toMatchObject({ name: "ArgumentError" })
        expect((await registry.removeDevices(devices, true)).responseBody).toMatchObject({
            isSuccessful: true,
        })
        expect((await registry.list()).responseBody).toHaveLength(before)
    })

    test("queries twins over several pages", async () => {
        for (let i = 1; i <= 3; i++) await registry.create({ deviceId: `twin-${i}` })
        const all = (await registry.list()).responseBody.map(device => device.deviceId)
        const query = registry.createQuery("SELECT * FROM devices", 2)
        const seen: string[] = []
        while (query.hasMoreResults)
            seen.push(
                ...(await query.next(query.continuationToken)).result.map((twin: Device) => twin.deviceId)
            )
        expect(seen).toEqual([...all].sort())
        expect(seen.length).toBeGreaterThan(2)
    })

    test("cannot write with a policy that permits only reading: UnauthorizedError", async () => {
        const reader = registryOf(running, HUB, "registryRead")
        await expect(reader.create({ deviceId: "reg-4" })).rejects.toMatchObject({
            name: "UnauthorizedError",
        })
        expect(Array.isArray((await reader.list()).responseBody)).toBe(true)
    })
})

describe("azure-iothub twins", () => {
    test("the connected device receives a patch, and the service reads reported properties", async () => {
        const { deviceId, client, registry } = await mooredDevice("twin-a")
        const deviceTwin = await client.getTwin()
        const changed = new Promise<object>(resolve =>
            deviceTwin.on("properties.desired", delta => {
                if (delta.mode) resolve(delta)
            })
        )
        await expect.poll(() => isSubscribed(deviceId, "/desired/")).toBe(true)
        const twin = (await registry.getTwin(deviceId)).responseBody
        const patch = {
            tags: { site: "quay" },
            properties: { desired: { mode: { fast: true }, gone: null } },
        }
        const written = (await registry.updateTwin(deviceId, patch, twin.etag)).responseBody
        expect(written.tags).toEqual({ site: "quay" })
        expect(await changed).toMatchObject({ mode: { fast: true }, $version: 2 })
        await new Promise<void>((resolve, reject) =>
            deviceTwin.properties.reported.update({ mode: "fast" }, (error: Error | null) =>
                error ? reject(error) : resolve()
            )
        )
        const read = (await registry.getTwin(deviceId)).responseBody
        expect(read.properties.reported).toMatchObject({ mode: "fast" })
        expect(read.properties.desired).toMatchObject({ mode: { fast: true } })
        await expect(registry.updateTwin(deviceId, patch, twin.etag)).rejects.toMatchObject({
            name: "InvalidEtagError",
        })
        await client.close()
    })

    test("of an unknown device: DeviceNotFoundError", async () => {
        await expect(registry.getTwin("nobody")).rejects.toMatchObject({ name: "DeviceNotFoundError" })
    })
})

/** Returns whether the device has a subscription whose filter contains `part`. */
function isSubscribed(deviceId: string, part: string): boolean {
    return HUBS.some(
        hub =>
            running.cloud
                .hub(hub)
                .device(deviceId)
                ?.grantedQos(filter => filter.includes(part)) !== undefined
    )
}

describe("azure-iothub invokeDeviceMethod", () => {
    test("on a connected device returns its answer after it has subscribed", async () => {
        const { deviceId, client, service } = await mooredDevice("method-a")
        const call = service.invokeDeviceMethod(deviceId, {
            methodName: "add",
            payload: { a: 2, b: 3 },
            connectTimeoutInSeconds: 20,
        })
        client.onDeviceMethod("add", (request, response) => {
            void response.send(201, { sum: request.payload.a + request.payload.b })
        })
        expect((await call).result).toEqual({ status: 201, payload: { sum: 5 } })
        await client.close()
    })

    test("on a device that is not connected is 404, DeviceNotOnline", async () => {
        await registry.create({ deviceId: "method-b" })
        const call = hubService(running, HUB).invokeDeviceMethod("method-b", { methodName: "add" })
        await expect(call).rejects.toMatchObject({ message: "Not found", response: { statusCode: 404 } })
        const error: unknown = await call.catch((caught: unknown) => caught)
        const { Message } = JSON.parse((error as { responseBody: string }).responseBody)
        expect(JSON.parse(Message)).toMatchObject({ errorCode: 404103 })
    })

    test("on an unknown device: DeviceNotFoundError", async () => {
        const call = hubService(running, HUB).invokeDeviceMethod("nobody", { methodName: "add" })
        await expect(call).rejects.toMatchObject({ name: "DeviceNotFoundError" })
    })
})

test("a message sent over REST reaches azure-iot-device unchanged, with its properties", async () => {
    const { deviceId, client, hub } = await mooredDevice("c2d-a")
    const received = new Promise<Message>(resolve => client.on("message", resolve))
    const body = Buffer.from([0xff, 0x00, 0xfe, 0x80])
    expect(await sendToDevice(running, hub, deviceId, body, { "iothub-app-color": "blue green" })).toBe(204)
    const message = await received
    expect(Buffer.compare(message.data as Buffer, body)).toBe(0)
    expect(message.properties.getValue("color")).toBe("blue green")
    await client.complete(message)
    await client.close()
})
