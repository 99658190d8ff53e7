import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type FleetDefaults, readFleet, rewriteColumns } from "../../../tools/fleet/fleet-file.js"
import { FIRMWARE_SETTINGS, parseSetting } from "../../../tools/fleet/firmware-settings.js"

const KEY = Buffer.alloc(32, 5).toString("base64")
const DEFAULTS: FleetDefaults = {
    profile: "moorage_c3",
    settings: { ID_SCOPE: "0ne00ABCDEF" },
    profiles: ["moorage_c3", "moorage_s2"],
}

const read = (text: string, defaults: Partial<FleetDefaults> = {}) =>
    readFleet(Readable.from([text]), "fleet.csv", { ...DEFAULTS, ...defaults })

describe("a fleet file", () => {
    test("requires only the column registrationId and has defaults for the rest", async () => {
        expect(await read("registrationId\nBoard-1\n")).toEqual([
            {
                line: 2,
                registrationId: "board-1",
                key: undefined,
                profile: "moorage_c3",
                network: undefined,
                settings: { ID_SCOPE: "0ne00ABCDEF" },
            },
        ])
    })

    test("overrides the defaults and may have unknown columns", async () => {
        const text =
            "room,registrationId,key,idScope,profile,ssid,psk,slot,slotSec,fleetN,fleetCps,load,TELEMETRY_SEC\n" +
            `"3, west",b-1,${KEY},0ne00XYZ,moorage_s2,plant,password-1,7,60,5000,16.5,0.8,300\n` +
            "4,b-2,,,,,,,,,,,\n"
        const [first, second] = await read(text, { network: { ssid: "lab", psk: "password-2" } })
        expect(first).toEqual({
            line: 2,
            registrationId: "b-1",
            key: KEY,
            profile: "moorage_s2",
            network: { ssid: "plant", psk: "password-1" },
            settings: {
                ID_SCOPE: "0ne00XYZ",
                SLOT: 7,
                SLOT_SEC: 60,
                FLEET_N: 5000,
                FLEET_CPS: 16.5,
                LOAD: 0.8,
                TELEMETRY_SEC: 300,
            },
        })
        expect(second).toMatchObject({
            registrationId: "b-2",
            profile: "moorage_c3",
            network: { ssid: "lab", psk: "password-2" },
            settings: { ID_SCOPE: "0ne00ABCDEF" },
        })
    })

    test("treats an SSID without a password as an open network", async () => {
        const [board] = await read("registrationId,ssid\na,guests\n", {
            network: { ssid: "lab", psk: "password-2" },
        })
        expect(board?.network).toEqual({ ssid: "guests" })
    })

    test("is rejected with a list of all issues by line, without secrets", async () => {
        const text =
            "registrationId,key,profile,ssid,psk,slot\n" +
            `a,${KEY},,,,1\n` +
            "A,,,,,1\n" +
            "b,dG9vIHNob3J0,,,,x\n" +
            "c,,moorage_c9,lab,short,1\n" +
            "d,,\n"
        await expect(read(text)).rejects.toThrow(
            [
                "fleet.csv cannot be used:",
                "  line 3: duplicate registration ID a (first on line 2)",
                "  line 4: the key is 9 bytes long (allowed: 16 to 64)",
                '  line 4: SLOT is "x": must be an integer between 0 and 10000000',
                '  line 5: unknown profile "moorage_c9" (allowed: moorage_c3, moorage_s2)',
                "  line 5: a Wi-Fi password must have 8 to 63 bytes and no zero byte; this one has 5 bytes",
                "  line 6: has 3 fields, the first line has 6",
            ].join("\n")
        )
    })

    test.each([
        ["registrationId,SLOTS\na,1\n", {}, /column SLOTS is not a setting/],
        ["registrationId,slot,SLOT\na,1,1\n", {}, /columns slot and SLOT are the same setting/],
        ["registrationId,registrationId\na,b\n", {}, /duplicate column registrationId/],
        ["id\na\n", {}, /column registrationId is missing/],
        ["registrationId\n", {}, /has no board/],
        ["", {}, /has no board/],
        ["registrationId\na\n", { isKeyRequired: true }, /has no key, and there is no group key/],
        ["registrationId\na\n", { settings: {} }, /has no idScope/],
        ["registrationId\na\n", { profile: undefined }, /has no profile \(allowed: moorage_c3, moorage_s2\)/],
        ["registrationId,psk\na,password-1\n", {}, /a psk but no ssid/],
        ["registrationId,DEVICE_KEY\na,x\n", {}, /DEVICE_KEY is not a setting/],
    ])("is rejected: %j with %j", async (text, defaults, message) => {
        await expect(read(text, defaults)).rejects.toThrow(message)
    })
})

describe("the firmware settings", () => {
    test("are the settings in docs/reference/settings.md, except ID and key, which have their own columns", () => {
        const rows = readFileSync("docs/reference/settings.md", "utf8").matchAll(/^\| (`[^|]+) \|/gm)
        const names = [...rows].flatMap(([, cell]) =>
            [...(cell as string).matchAll(/`(\w+)`/g)].map(m => m[1])
        )
        expect(Object.keys(FIRMWARE_SETTINGS).sort()).toEqual(
            names.filter(name => name !== "REG_ID" && name !== "DEVICE_KEY").sort()
        )
    })

    test.each([
        ["SLOT", "1.5"],
        ["SLOT", "-1"],
        ["LOAD", "0"],
        ["LOAD", "Infinity"],
        ["TOKEN_DAYS", "366"],
        ["DPS_TRANSPORT", "ssl"],
        ["ID_SCOPE", "a/b"],
        ["DPS_HOST", ""],
        ["NO_SUCH", "1"],
    ])("reject %s=%j", (name, value) => {
        expect(parseSetting(name, value)).toHaveProperty("issue")
    })
})

describe("columns that are rewritten in a fleet file", () => {
    let dir: string
    beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "moorage-csv-"))))
    afterAll(() => rmSync(dir, { recursive: true }))

    async function rewrite(text: string, columns: string[]): Promise<string> {
        const file = join(dir, "fleet.csv")
        writeFileSync(file, text)
        let out = ""
        for await (const line of rewriteColumns(file, columns, (id, n) => [`${id}/${n}`, "60"])) out += line
        return out
    }

    test("replace the old values and leave the other columns unchanged", async () => {
        const text = 'slot,registrationId,note\n9,B-1,"a ""b"", c"\n,b-2,\n'
        expect(await rewrite(text, ["slot", "slotSec"])).toBe(
            'slot,registrationId,note,slotSec\nb-1/0,B-1,"a ""b"", c",60\nb-2/1,b-2,,60\n'
        )
    })

    test("require the column registrationId", async () => {
        await expect(rewrite("id\na\n", ["slot", "slotSec"])).rejects.toThrow(
            /column registrationId is missing/
        )
    })
})
