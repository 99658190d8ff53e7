// The state in a folder: its content, and the errors of a folder that cannot be used.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ClassicLevel } from "classic-level"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { startEmulator } from "../../../../tools/emulator/index.js"
import { openDiskState } from "../../../../tools/emulator/state/disk-state.js"

let dir: string
beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-state-"))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const KEY = Buffer.alloc(32, 1).toString("base64")
const failing = (error: Error) => {
    throw error
}

describe("an emulator that is restarted with its folder", () => {
    test("restores identities, twins, enrollments, keys and the CA", async () => {
        const first = await startEmulator({ dataDir: dir })
        const [name] = first.cloud.hubNames()
        const hub = first.cloud.hub(name)
        hub.putDevice("d", [KEY])
        hub.patchDesired("d", { a: { b: 1 } })
        hub.patchTags("d", { t: 1 })
        hub.setEnabled("d", false)
        hub.putDevice("gone", [KEY])
        hub.removeDevice("gone")
        first.cloud.dps.enrollments.putIndividual({ registrationId: "own", primaryKey: KEY })
        const { etag, generationId, twin } = hub.device("d") ?? failing(new Error("no device"))
        const twinBefore = [twin.toBody(), twin.version, twin.etag, twin.desired.withMetadata()]
        const strings = [first.cloud.dpsAccess, first.cloud.hubAccess(name)].map(p =>
            p.connectionString(name)
        )
        await first.close()

        const second = await startEmulator({ dataDir: dir })
        try {
            const device = second.cloud.hub(name).device("d") ?? failing(new Error("no device"))
            expect(device).toMatchObject({ enabled: false, etag, generationId, keys: [KEY] })
            const { twin } = device
            expect([twin.toBody(), twin.version, twin.etag, twin.desired.withMetadata()]).toEqual(twinBefore)
            expect(twin.tags.properties).toEqual({ t: 1 })
            expect(second.cloud.hub(name).device("gone")).toBeUndefined()
            expect(second.cloud.dps.enrollments.individual("own")?.primaryKey).toBe(KEY)
            const { dpsAccess } = second.cloud
            const now = [dpsAccess, second.cloud.hubAccess(name)].map(p => p.connectionString(name))
            expect(now).toEqual(strings)
            expect(second.ca).toBe(first.ca)
            second.cloud.hub(name).markIdentityChanged(device)
            expect(device.etag).not.toBe(etag)
        } finally {
            await second.close()
        }
    })

    test("prefers the stored enrollment to the given enrollment", async () => {
        const group = { enrollmentGroupId: "g", primaryKey: KEY }
        const first = await startEmulator({ dataDir: dir, enrollmentGroups: [group] })
        first.cloud.dps.enrollments.putGroup({ ...group, provisioningStatus: "disabled" })
        await first.close()
        const second = await startEmulator({ dataDir: dir, enrollmentGroups: [group] })
        expect(second.cloud.dps.enrollments.group("g")?.provisioningStatus).toBe("disabled")
        await second.close()
    })
})

describe("a folder that cannot be used", () => {
    test("because another emulator uses it is reported", async () => {
        const first = await startEmulator({ dataDir: dir })
        await expect(startEmulator({ dataDir: dir })).rejects.toThrow(/another emulator uses the folder/)
        await first.close()
    })

    test("because it is a file is reported with its path", async () => {
        const file = join(dir, "file")
        writeFileSync(file, "")
        await expect(startEmulator({ dataDir: file })).rejects.toThrow(
            `Cannot open the emulator's state in ${file}`
        )
    })

    test("because a record is not JSON is reported as damaged", async () => {
        const db = new ClassicLevel(dir)
        await db.put("group/g", "{")
        await db.close()
        await expect(startEmulator({ dataDir: dir })).rejects.toThrow(/damaged/)
    })
})

describe("a write that fails", () => {
    test("is reported once, and pending replies are never called", async () => {
        const failures: Error[] = []
        const state = await openDiskState(dir, error => failures.push(error))
        const { store: keeper } = state
        await state.close()
        const answered: string[] = []
        keeper.markChanged("a/1", () => 1)
        keeper.whenDurable(() => answered.push("a"))
        await expect.poll(() => failures.length).toBe(1)
        keeper.markChanged("a/2", () => 2)
        keeper.whenDurable(() => answered.push("b"))
        await new Promise(resolve => setImmediate(resolve))
        expect(failures.map(error => error.message)).toEqual([expect.stringContaining(`Cannot write`)])
        expect(answered).toEqual([])
    })
})

describe("replies", () => {
    test("are called after the earlier writes, in order", async () => {
        const state = await openDiskState(dir, failing)
        const { store: keeper } = state
        const order: string[] = []
        keeper.whenDurable(() => order.push("nothing to wait for"))
        keeper.markChanged("a/1", () => {
            order.push("written")
            return 1
        })
        keeper.whenDurable(() => order.push("first"))
        keeper.whenDurable(() => order.push("second"))
        order.push("turn over")
        await state.close()
        expect(order).toEqual(["nothing to wait for", "turn over", "written", "first", "second"])
        const again = await openDiskState(dir, failing)
        expect(again.snapshot.get("a/1")).toBe(1)
        await again.close()
    })
})
