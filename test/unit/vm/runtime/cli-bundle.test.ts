// The VM from the DeviceScript CLI, and its log lines.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { describe, expect, test } from "vitest"
import { CLI_VERSION, extractWasm, vmModule } from "../../../../tools/vm/runtime/cli-bundle.js"
import { consoleLine, isProgramStart } from "../../../../tools/vm/runtime/console-line.js"

const file = createRequire(import.meta.url).resolve("@devicescript/cli/built/devicescript-cli.cjs")
const bundle = readFileSync(file, "latin1")

describe("the VM in the CLI's bundle", () => {
    test("is found and has the version that package.json requires", () => {
        expect(extractWasm(bundle, file).length).toBeGreaterThan(200_000)
        const root = JSON.parse(readFileSync("package.json", "utf8"))
        expect(root.devDependencies["@devicescript/cli"]).toBe(CLI_VERSION)
    })

    test("is rejected with instructions when its markers are missing", () => {
        const moved = bundle.replaceAll("runtime/devicescript-vm/built/devicescript-vm.js", "elsewhere.js")
        expect(() => extractWasm(moved, file)).toThrow(
            /No DeviceScript VM found .*Install exactly @devicescript\/cli 2\.16\.4/
        )
    })

    test("is rejected when one byte differs", () => {
        const at = bundle.indexOf("data:application/octet-stream;base64,AGFzbQ") + 5000
        const changed = `${bundle.slice(0, at)}${bundle[at] === "A" ? "B" : "A"}${bundle.slice(at + 1)}`
        expect(() => extractWasm(changed, file)).toThrow(/does not belong to version 2\.16\.4/)
    })

    test("is compiled once per heap size", () => {
        expect(vmModule(40_960, 262_144)).toBe(vmModule(40_960, 262_144))
        expect(vmModule(40_960, 262_144)).not.toBe(vmModule(65_536, 262_144))
    })
})

describe("a line of the runtime's log", () => {
    test.each([
        ["> hello", "log", "hello"],
        [">   indented", "log", "  indented"],
        ["? detail", "debug", "detail"],
        ["* careful", "warn", "careful"],
        ["! broken", "error", "broken"],
        ["!  at main_F0 (pc:12)", "error", " at main_F0 (pc:12)"],
        ["devs: OOM (1012 bytes)", "error", "devs: OOM (1012 bytes)"],
    ])("%j is output of the program or describes its failure", (dmesg, level, text) => {
        expect(consoleLine(dmesg)).toEqual({ level, text })
    })

    test.each([
        "fstor: mounted; 16336 free",
        "flash sync",
        "* start: moorage (null)",
        "* stop program",
        "* DeviceScript Simulator (WASM) v2.16.4; file v2.16.4",
        "act: main_F0 (pc:1)",
        "",
    ])("%j is a message of the runtime", dmesg => {
        expect(consoleLine(dmesg)).toBeUndefined()
    })

    test("shows the start of the program", () => {
        expect(isProgramStart("* start: moorage v1")).toBe(true)
        expect(isProgramStart("> * start: moorage v1")).toBe(false)
    })
})
