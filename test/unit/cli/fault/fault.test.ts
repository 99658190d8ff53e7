// `moorage fault` against a running `moorage emulate`.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Card } from "../../../../tools/cli/emulate/connection-card.js"
import { emulate, run, type Running } from "../../../helpers/command.js"

let emulator: Running
let card: Card

beforeAll(async () => {
    ;({ emulator, card } = await emulate("--log", "off"))
})
afterAll(() => emulator.stop())

const fault = (...args: string[]) => run(["fault", ...args], { MOORAGE_ADMIN: card.adminUrl ?? "" })

describe("faults", () => {
    test("are added, listed and cleared", async () => {
        const add = "add --on register --share 10% --status 503 --retry-after 1m --for 20m --times 9".split(
            " "
        )
        expect(await fault(...add)).toMatchObject({ code: 0, stdout: "fault-1\n" })
        const { stdout } = await fault("list", "--json")
        expect(JSON.parse(stdout)).toMatchObject([
            {
                ruleId: "fault-1",
                on: "register",
                share: 0.1,
                forSec: 1200,
                times: 9,
                fault: { status: 503, retryAfterSec: 60 },
            },
        ])
        expect((await fault("list")).stdout).toContain("10% of register")
        expect(await fault("clear", "fault-1")).toMatchObject({ code: 0, stdout: "done\n" })
        expect((await fault("list")).stdout).toBe("no faults\n")
    })

    test("have the fields of their options", async () => {
        const faults: [args: string[], fault: object][] = [
            [["--on", "connect", "--drop-after", "3"], { dropAfterBytes: 3 }],
            [["--close-after-connack", "2s"], { closeAfterConnackMs: 2000 }],
            [["--delay", "1m"], { delayMs: 60_000 }],
            [["--close"], { close: true }],
            [["--mute"], { mute: true }],
            [["--connack", "5"], { connack: 5 }],
        ]
        for (const [args] of faults) await fault("add", ...args)
        const { stdout } = await fault("list", "--json")
        expect(JSON.parse(stdout)).toMatchObject(faults.map(([, fault]) => ({ fault })))
        await fault("clear")
    })
})

describe("actions", () => {
    const stateOf = async () =>
        (await (await fetch(`${card.adminUrl}/state`)).json()) as {
            clockSkewSec: number
            hubs: { up: boolean }[]
        }

    test("stop and start a hub", async () => {
        const [{ hostName }] = card.hubs
        await fault("hub", hostName, "down")
        expect((await stateOf()).hubs[0].up).toBe(false)
        await fault("hub", hostName, "up")
        expect((await stateOf()).hubs[0].up).toBe(true)
    })

    test("set the clock skew", async () => {
        expect((await fault("clock", "--skew=-10m")).code).toBe(0)
        expect((await stateOf()).clockSkewSec).toBe(-600)
        await fault("clock", "--skew", "0")
    })

    test("rotate the key of a group and print only the new key", async () => {
        const { stdout } = await fault("rotate", "--group", "moorage", "--which", "secondary")
        expect(Buffer.from(stdout.trim(), "base64")).toHaveLength(64)
    })
})

describe("errors", () => {
    test.each([
        ["a missing fault", ["add", "--on", "register"], 2, /No fault specified/],
        ["a share of 0", ["add", "--share", "0", "--mute"], 2, /Expected a share above 0/],
        ["an invalid time", ["add", "--for", "soon", "--mute"], 2, /Expected a number with s, m, h or d/],
        ["an unknown hub action", ["hub", "x", "explode"], 2, /Allowed choices are down, up, failover/],
        ["a key without an owner", ["rotate"], 2, /No key specified/],
        ["an unknown hub", ["hub", "none", "down"], 1, /Unknown hub none. The hubs are hub-1/],
        ["an unknown fault", ["clear", "fault-99"], 1, /Unknown fault fault-99/],
    ])("%s is reported", async (_what, args, code, message) => {
        const ended = await fault(...args)
        expect(ended.code).toBe(code)
        expect(ended.stderr).toMatch(message)
        expect(ended.stderr).not.toContain("    at ")
    })

    test("a missing emulator is reported with the cure", async () => {
        const { code, stderr } = await run(["fault", "list", "--admin", "http://127.0.0.1:1"])
        expect(code).toBe(1)
        expect(stderr).toMatch(/No emulator responds at .*moorage emulate/)
    })
})
