// `moorage keys derive` as a child process.
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { FORBIDDEN, FORBIDDEN_DIR, run, runOnFullDisk, start } from "../../../helpers/command.js"

// Microsoft, "Symmetric key attestation", group enrollments.
const GROUP_KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
const ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
const KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
const ENV = { MOORAGE_GROUP_KEY: GROUP_KEY }

let dir: string
const path = (name: string) => join(dir, name)

beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-keys-test-"))
    writeFileSync(path("group.key"), `${GROUP_KEY}\n`)
    writeFileSync(path("ids.txt"), `${ID}\nb-2\n`)
})
afterAll(() => rmSync(dir, { recursive: true }))

/** Returns an endless stream of IDs. */
function endless(): Readable {
    let n = 0
    return new Readable({
        read: function () {
            this.push(`id-${n++}\n`)
        },
    })
}

describe("moorage keys derive", () => {
    test.each([
        ["the environment", [], ENV, undefined],
        ["a file", ["--group-key-file", "group.key"], {}, undefined],
        ["the standard input", [], {}, `${GROUP_KEY}\n`],
    ])("reads the group key from %s", async (_, args, env, input) => {
        const own = args.map(arg => (arg === "group.key" ? path(arg) : arg))
        const { code, stdout, stderr } = await run(["keys", "derive", ID, "--stdout", ...own], env, input)
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).toBe(`registrationId,key\n${ID},${KEY}\n`)
    })

    test("--out writes a file with mode 0600, and the terminal shows no key", async () => {
        const { code, stdout, stderr } = await run(
            ["keys", "derive", "--from", path("ids.txt"), "--out", path("keys.csv")],
            ENV
        )
        expect(code).toBe(0)
        expect(stdout).toBe("")
        expect(stderr).toMatch(/^2 keys in \S+keys\.csv \(mode 0600\), in .*\.\n$/)
        expect(statSync(path("keys.csv")).mode & 0o777).toBe(0o600)
        expect(readFileSync(path("keys.csv"), "utf8").split("\n")[1]).toBe(`${ID},${KEY}`)
        expect(stderr).not.toContain(KEY)
    })

    test("--json prints JSON lines of the documented form, also for IDs from the standard input", async () => {
        const args = ["keys", "derive", "--from", "-", "--stdout", "--json"]
        const { code, stdout } = await run(args, ENV, `room,registrationId\n1,${ID}\n2,b-2\n`)
        expect(code).toBe(0)
        const line = v.strictObject({
            registrationId: v.string(),
            key: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/)),
        })
        const keys = stdout
            .trim()
            .split("\n")
            .map(text => v.parse(line, JSON.parse(text)))
        expect(keys.map(({ registrationId }) => registrationId)).toEqual([ID, "b-2"])
        expect(keys[0]?.key).toBe(KEY)
    })

    test("all invalid IDs are listed with their lines and exit code 2, and nothing is written", async () => {
        writeFileSync(path("bad.txt"), `a\nA\nné\n${"x".repeat(129)}\n`)
        for (const to of [["--out", path("bad.csv")], ["--stdout"]]) {
            const { code, stdout, stderr } = await run(
                ["keys", "derive", "--from", path("bad.txt"), ...to],
                ENV
            )
            expect(code).toBe(2)
            expect(stdout).toBe("")
            expect(stderr).toMatch(/line 2: duplicate registration ID a \(first on line 1\)/)
            expect(stderr).toMatch(/line 3: .* contains "é"/)
            expect(stderr).toMatch(/line 4: .* is 129 characters long/)
            expect(stderr).toMatch(/Nothing was written\.\n$/)
        }
        expect(readdirSync(dir).filter(name => name.startsWith("bad.csv"))).toEqual([])
    })

    test.each([
        [
            ["a", "--stdout"],
            { MOORAGE_GROUP_KEY: "dG9vIHNob3J0" },
            2,
            /Invalid group key in MOORAGE_GROUP_KEY: the key is 9 bytes long/,
        ],
        [["a", "--stdout"], { MOORAGE_GROUP_KEY: "no base 64" }, 2, /is not Base64/],
        [["a", "--stdout", "--group-key-file", "/no/such"], {}, 1, /Cannot read \/no\/such/],
        [["--from", "-", "--stdout"], {}, 2, /No group key specified/],
        [["a"], ENV, 2, /Specify either --out FILE/],
        [["--stdout"], ENV, 2, /Specify either one ID or --from/],
        [["--from", "/no/such", "--stdout"], ENV, 1, /Cannot read \/no\/such/],
        [["a", "--out", "/no/such/keys.csv"], ENV, 1, /Cannot write \/no\/such\/keys\.csv/],
    ])("%j is rejected", async (args, env, exit, message) => {
        const { code, stdout, stderr } = await run(["keys", "derive", ...args], env)
        expect(stderr).toMatch(message)
        expect(code).toBe(exit)
        expect(stdout).toBe("")
        expect(stderr).not.toContain("    at ")
    })

    test("an output that cannot be written ends with exit code 1 and leaves no file", async () => {
        const derive = (...args: string[]) => run(["keys", "derive", "a", ...args], ENV)
        const forbidden = await derive("--out", `${FORBIDDEN_DIR}/keys.csv`)
        expect(forbidden.stderr).toMatch(/^Cannot write \/sys\/keys\.csv: /)
        expect(forbidden.stderr).toMatch(FORBIDDEN)
        expect(forbidden.code).toBe(1)
        mkdirSync(path("folder"))
        const folder = await derive("--out", path("folder"))
        expect(folder.stderr).toMatch(/^Cannot write \S+folder: it exists and is not a regular file/)
        expect(folder.code).toBe(1)
        expect(readdirSync(dir).filter(name => name.startsWith("folder"))).toEqual(["folder"])
        const unreadable = await derive("--stdout", "--group-key-file", path("folder"))
        expect(unreadable.stderr).toMatch(/^Cannot read \S+folder: EISDIR/)
        expect(unreadable.code).toBe(1)
    })

    test("a full disk ends with exit code 1 and leaves no partial file", async () => {
        writeFileSync(path("many.txt"), Array.from({ length: 500 }, (_, i) => `id-${i}\n`).join(""))
        const args = ["keys", "derive", "--from", path("many.txt"), "--out", path("full.csv")]
        const { code, stderr } = await runOnFullDisk(args, 4096, ENV)
        expect(stderr).toMatch(/^Cannot write \S+full\.csv: EFBIG/)
        expect(code).toBe(1)
        expect(readdirSync(dir).filter(name => name.startsWith("full.csv"))).toEqual([])
    })

    test("SIGINT during the run ends with exit code 130, and nothing is written", async () => {
        const args = ["keys", "derive", "--from", "-", "--out", path("cut.csv")]
        const running = start(args, ENV, endless())
        await expect.poll(() => existsSync(path("cut.csv.new"))).toBe(true)
        const { code, stderr } = await running.stop("SIGINT")
        expect(code).toBe(130)
        expect(stderr).toMatch(/Interrupted: nothing was written/)
        expect(readdirSync(dir).filter(name => name.startsWith("cut.csv"))).toEqual([])
    })
})
