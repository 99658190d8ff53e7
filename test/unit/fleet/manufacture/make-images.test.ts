// Makes flash images, verifies them in the VM, and checks that a board with such an image moors.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deriveDeviceKey } from "@moorage/protocol"
import {
    boardNames,
    buildFirmware,
    fileFlash,
    loadBoardProfile,
    readNetwork,
    readProgram,
    readSettings,
} from "@moorage/vm"
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { FleetBoard } from "../../../../tools/fleet/fleet-file.js"
import {
    bootImage,
    checkImage,
    type ImageContent,
    makeImage,
} from "../../../../tools/fleet/manufacture/flash-image.js"
import {
    type Bytecodes,
    imageToFlash,
    manufacture,
    type ManufactureOptions,
    readManifest,
} from "../../../../tools/fleet/manufacture/index.js"
import { GROUP_KEY, ID_SCOPE, createWorld } from "../../../helpers/firmware-world.js"

const PROFILES = ["moorage_c3", "moorage_devkitc", "moorage_s2"]
const NETWORK = { ssid: "plant 7", psk: "a password of it" }
let bytecodes: Bytecodes
let dir: string

beforeAll(async () => {
    const [main, maintight] = await Promise.all([
        buildFirmware("src/main.ts"),
        buildFirmware("src/maintight.ts"),
    ])
    bytecodes = { main: main.bytecode, maintight: maintight.bytecode }
})
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "moorage-manufacture-"))))
afterEach(() => rmSync(dir, { recursive: true }))

function board(registrationId: string, profile = "moorage_c3"): FleetBoard {
    const settings = { ID_SCOPE, SLOT: 3, SLOT_SEC: 2, FLEET_N: 5000, STABLE_SEC: 10 }
    return { line: 2, registrationId, profile, network: NETWORK, settings }
}

function make(boards: FleetBoard[], options: Partial<ManufactureOptions> = {}) {
    return manufacture(boards, {
        outDir: dir,
        bytecodes,
        groupKey: GROUP_KEY,
        jobs: 1,
        bootCount: 0,
        ...options,
    })
}

/** Returns the content of every image, by name. */
function images(): Record<string, string> {
    const folder = join(dir, "images")
    return Object.fromEntries(
        readdirSync(folder)
            .sort()
            .map(name => [name, readFileSync(join(folder, name)).toString("latin1")])
    )
}

describe("a flash image", () => {
    test("is tested here for every board profile", () => expect(boardNames()).toEqual(PROFILES))

    test.each(PROFILES)("of %s contains the settings and moors", async name => {
        const profile = loadBoardProfile(name)
        const id = `plant:${name}`
        const made = await make([board(id, name)], { bootCount: 1 })
        const [entry] = made?.manifest.boards ?? []
        expect(entry).toMatchObject({
            registrationId: id,
            profile: name,
            arch: profile.arch,
            bytes: profile.fstorPages * 4096,
            offset: profile.fstorOffset,
            verified: "booted",
        })
        const flash = fileFlash(join(dir, entry?.image as string), profile.fstorPages)
        expect(readNetwork(flash)).toEqual(NETWORK)
        expect(readProgram(flash)).toEqual(bytecodes[profile.image])
        const key = deriveDeviceKey(GROUP_KEY, id)
        const settings = { REG_ID: id, DEVICE_KEY: key, ...board(id).settings }
        expect(readSettings(flash)).toEqual(settings)
        // Removes the settings of the test world, so that the board has only the settings of its image.
        const none = Object.fromEntries(
            ["ID_SCOPE", "DEVICE_KEY", "REG_ID", "STABLE_SEC", "TELEMETRY_SEC"].map(key => [key, undefined])
        )
        const world = await createWorld({
            image: profile.image,
            registrationId: id,
            flash,
            settings: none,
            heapBytes: profile.heapKB * 1024,
        })
        world.board.powerOn()
        world.untilLogged("slot in")
        world.untilLogged("moored hub-")
        expect(world.cloud.dps.registration(id)?.status).toBe("assigned")
    })

    test("is identical each time, independent of the images made before", () => {
        const content = (registrationId: string): ImageContent => ({
            registrationId,
            profile: loadBoardProfile("moorage_c3"),
            network: NETWORK,
            settings: {
                REG_ID: registrationId,
                DEVICE_KEY: deriveDeviceKey(GROUP_KEY, registrationId),
                ID_SCOPE,
            },
        })
        const first = Buffer.from(makeImage(content("a"), bytecodes.main))
        makeImage(content("other"), bytecodes.main)
        expect(first.equals(makeImage(content("a"), bytecodes.main))).toBe(true)
    })

    test("with wrong content is found by reading it back or by booting it", () => {
        const settings = { REG_ID: "a", DEVICE_KEY: deriveDeviceKey(GROUP_KEY, "a"), ID_SCOPE }
        const profile = loadBoardProfile("moorage_c3")
        const content: ImageContent = { registrationId: "a", profile, network: NETWORK, settings }
        const image = makeImage(content, bytecodes.main)
        const other = (wrong: Partial<ImageContent>) => () =>
            checkImage(image, { ...content, ...wrong }, bytecodes.main)
        expect(other({})).not.toThrow()
        expect(other({ settings: { ...settings, REG_ID: "b" } })).toThrow(/setting REG_ID/)
        expect(other({ settings: { ...settings, SLOT: 1 } })).toThrow(/setting SLOT/)
        expect(other({ network: { ssid: "plant 7", psk: "another password" } })).toThrow(/Wi-Fi network/)
        expect(() => checkImage(image, content, bytecodes.maintight)).toThrow(/program/)
        const noScope = { ...content, settings: { REG_ID: "a", DEVICE_KEY: settings.DEVICE_KEY } }
        expect(() => bootImage(makeImage(noScope, bytecodes.main), noScope, bytecodes.main)).toThrow(
            /does not boot: setting ID_SCOPE is missing/
        )
    })
})

describe("the images of a fleet", () => {
    const FLEET = Array.from({ length: 40 }, (_, i) => board(`b-${i}`))

    test("are private files and have a manifest in the order of the fleet file", async () => {
        const made = await make(FLEET, { jobs: 2, bootCount: 4 })
        const manifest = readManifest(dir)
        expect(manifest).toEqual(made?.manifest)
        expect(manifest.boards.map(({ registrationId }) => registrationId)).toEqual(
            FLEET.map(({ registrationId }) => registrationId)
        )
        const booted = manifest.boards.filter(({ verified }) => verified === "booted")
        expect(booted.map(({ registrationId }) => registrationId)).toEqual(["b-0", "b-10", "b-20", "b-30"])
        expect(Object.keys(images()).length).toBe(40)
        const mode = (path: string) => statSync(join(dir, path)).mode & 0o777
        expect([mode("images"), mode("images/b-7-0x1c0000.bin"), mode("manifest.json")]).toEqual([
            0o700, 0o600, 0o600,
        ])
        const text = readFileSync(join(dir, "manifest.json"), "utf8")
        for (const secret of [deriveDeviceKey(GROUP_KEY, "b-0"), NETWORK.psk, GROUP_KEY])
            expect(text).not.toContain(secret)
    })

    test("are made again only if they are damaged, missing or have the content of another board", async () => {
        await make(FLEET)
        const complete = images()
        const path = (i: number) => join(dir, "images", `b-${i}-0x1c0000.bin`)
        writeFileSync(path(1), readFileSync(path(1)).subarray(0, 1000))
        writeFileSync(path(2), readFileSync(path(3)))
        rmSync(path(4))
        writeFileSync(`${path(5)}.new`, "cut off")
        const again = await make(FLEET)
        expect(again?.unchangedCount).toBe(37)
        expect(images()).toEqual(complete)
        const other = await make([{ ...board("b-0"), settings: { ID_SCOPE, SLOT: 4 } }, ...FLEET.slice(1)])
        expect(other?.unchangedCount).toBe(39)
    })

    test("are complete after an interrupted run, which writes no manifest", async () => {
        const abort = new AbortController()
        const made = await make(FLEET, { signal: abort.signal, onProgress: () => abort.abort() })
        expect(made).toBeUndefined()
        expect(readdirSync(dir)).toEqual(["images"])
        const before = images()
        expect(Object.values(before).every(image => image.length === 64 * 4096)).toBe(true)
        await make(FLEET)
        expect(images()).toMatchObject(before)
    })

    test("can be flashed only if they match the manifest", async () => {
        await make([board("a")])
        const file = join(dir, "images/a-0x1c0000.bin")
        expect(imageToFlash(file).registrationId).toBe("a")
        const image = readFileSync(file)
        image[5000] = (image[5000] as number) ^ 1
        writeFileSync(file, image)
        expect(() => imageToFlash(file)).toThrow(/differs from its checksum in the manifest/)
        expect(() => imageToFlash(join(dir, "images/b-0x1c0000.bin"))).toThrow(/is not in the manifest/)
        writeFileSync(join(dir, "manifest.json"), "{}")
        expect(() => imageToFlash(file)).toThrow(/is not a manifest/)
    })
})
