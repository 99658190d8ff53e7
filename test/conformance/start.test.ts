// The default configuration of the emulator with Microsoft's client.
import { startEmulator } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import { expect, test } from "vitest"
import { register } from "./sdk.js"

test("startEmulator() without options serves Microsoft's client until close()", async () => {
    const groupKey = Buffer.alloc(64, 1).toString("base64")
    const emulator = await startEmulator({
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: groupKey }],
    })
    try {
        const running = { cloud: emulator.cloud, servers: emulator, close: emulator.close }
        const result = await register(running, "my-device", {
            key: deriveDeviceKey(groupKey, "my-device"),
            idScope: "0ne00EMULAT",
        })
        expect(result.status).toBe("assigned")
        expect(emulator.cloud.dps.registration("my-device")?.status).toBe("assigned")
    } finally {
        await emulator.close()
    }
})
