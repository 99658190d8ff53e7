// Device twins with Microsoft's device client.
import type { Client, Twin } from "azure-iot-device"
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
import { registryOf } from "./services.js"

let running: RunningCloud

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

type Properties = Record<string, unknown>

function report(twin: Twin, patch: Properties): Promise<void> {
    return new Promise((resolve, reject) =>
        twin.properties.reported.update(patch, (error: Error | null) => (error ? reject(error) : resolve()))
    )
}

/** Collects the changes of desired properties that the client reports. The first change contains all properties. */
async function desiredChanges(client: Client, deviceId: string) {
    const twin = await client.getTwin()
    const deltas: Properties[] = []
    twin.on("properties.desired", (delta: Properties) => deltas.push(delta))
    const device = running.cloud.hub(HUB).device(deviceId)
    await expect.poll(() => device?.grantedQos(filter => filter.includes("/desired/"))).toBeDefined()
    return { twin, deltas }
}

describe.each(titled(DEVICE_TRANSPORTS))("azure-iot-device / %s", (_, transport) => {
    const device = async (name: string, desired: Properties = {}) => {
        const deviceId = `${name}-${DEVICE_TRANSPORTS.indexOf(transport)}`
        const keys = [deriveDeviceKey(GROUP_KEY, deviceId)]
        running.cloud.hub(HUB).putDevice(deviceId, keys, { properties: { desired } })
        return { deviceId, client: await connectDevice(running, HUB, deviceId, { transport }) }
    }
    const patch = async (deviceId: string, desired: Properties) =>
        registryOf(running, HUB).updateTwin(deviceId, { properties: { desired } }, "*")

    test("twin: get", async () => {
        const { client } = await device("get", { a: 1, deep: { b: [1, 2] } })
        const { properties } = await client.getTwin()
        expect(properties.desired).toMatchObject({ a: 1, deep: { b: [1, 2] }, $version: 1 })
        expect(properties.reported).toMatchObject({ $version: 1 })
        await client.close()
    })

    test("twin: report properties, merge, delete with null", async () => {
        const { deviceId, client } = await device("report")
        const twin = await client.getTwin()
        await report(twin, { firmware: "1.0", net: { ip: "10.0.0.1", rssi: -60 } })
        await report(twin, { net: { rssi: null, mask: 24 }, firmware: null })
        const read = (await registryOf(running, HUB).getTwin(deviceId)).responseBody.properties.reported
        expect(read).toMatchObject({ net: { ip: "10.0.0.1", mask: 24 }, $version: 3 })
        expect(read).not.toHaveProperty("firmware")
        expect(read.net).not.toHaveProperty("rssi")
        await client.close()
    })

    test("twin: a desired change arrives as a patch with its version", async () => {
        const { deviceId, client } = await device("delta", { kept: true, mode: "slow" })
        const { twin, deltas } = await desiredChanges(client, deviceId)
        await patch(deviceId, { mode: "fast", deep: { on: true } })
        await expect.poll(() => deltas.at(-1)).toEqual({ mode: "fast", deep: { on: true }, $version: 2 })
        expect(twin.properties.desired).toMatchObject({ kept: true, mode: "fast", deep: { on: true } })
        await client.close()
    })

    test("twin: a deleted desired property arrives as null", async () => {
        const { deviceId, client } = await device("null", { route: "a", kept: 1 })
        const { twin, deltas } = await desiredChanges(client, deviceId)
        await patch(deviceId, { route: null })
        await expect.poll(() => deltas.at(-1)).toEqual({ route: null, $version: 2 })
        expect(twin.properties.desired).not.toHaveProperty("route")
        const read = (await registryOf(running, HUB).getTwin(deviceId)).responseBody.properties.desired
        expect(read).toMatchObject({ kept: 1, $version: 2 })
        expect(read).not.toHaveProperty("route")
        await client.close()
    })

    test("twin: a desired change while offline is part of get after reconnecting", async () => {
        const { deviceId, client } = await device("away", { mode: "slow" })
        await desiredChanges(client, deviceId)
        await client.close()
        await patch(deviceId, { mode: "fast" })
        const back = await connectDevice(running, HUB, deviceId, { transport })
        expect((await back.getTwin()).properties.desired).toMatchObject({ mode: "fast", $version: 2 })
        await back.close()
    })

    // The SDK ignores the status (mqtt_twin_client.js, "should we really ignore the status code?").
    test("twin: reported properties over 32 KB change nothing", async () => {
        const { deviceId, client } = await device("huge")
        const twin = await client.getTwin()
        const parts = Array.from({ length: 9 }, (_, i) => [`p${i}`, "x".repeat(4000)])
        await report(twin, Object.fromEntries(parts))
        const read = (await registryOf(running, HUB).getTwin(deviceId)).responseBody.properties.reported
        expect(read).toMatchObject({ $version: 1 })
        expect(read).not.toHaveProperty("p0")
        await client.close()
    })
})
