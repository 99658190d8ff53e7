// The error output of every command: text on stderr, one JSON object on stdout with --json, and the exit code.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { reportError, wantsJson } from "../../../tools/cli/report-error.js"
import { MoorageError } from "../../../tools/errors/index.js"
import { run } from "../../helpers/command.js"

describe("reportError", () => {
    let stdout = ""
    let stderr = ""
    beforeEach(() => {
        stdout = ""
        stderr = ""
        vi.spyOn(process.stdout, "write").mockImplementation(text => Boolean((stdout += String(text))))
        vi.spyOn(process.stderr, "write").mockImplementation(text => Boolean((stderr += String(text))))
    })
    afterEach(() => {
        vi.restoreAllMocks()
        delete process.env.MOORAGE_DEBUG
        process.exitCode = undefined
    })

    test("prints the problem and the specific cure, and sets the exit code of the error", () => {
        reportError(new MoorageError("LOCKED", "a.state is in use.", { cure: "End the other run." }), false)
        expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "a.state is in use. End the other run.\n" })
        expect(process.exitCode).toBe(1)
    })

    test("prints JSON with the general cure when the error has no specific one", () => {
        reportError(new MoorageError("WRONG_USAGE", "--soak must be 0 or more."), true)
        expect(JSON.parse(stdout)).toEqual({
            error: {
                code: "WRONG_USAGE",
                message: "--soak must be 0 or more.",
                cure: "Run the command with --help.",
            },
        })
        expect(process.exitCode).toBe(2)
    })

    test("reports an unexpected error as a defect with exit code 70, and without a stack trace", () => {
        reportError(new TypeError("x is undefined"), true)
        expect(stderr).toMatch(/^Unexpected error: x is undefined\nThis is a defect of Moorage\./)
        expect(stderr).toContain("MOORAGE_DEBUG=1")
        expect(stderr).not.toMatch(/^\s+at /m)
        expect(JSON.parse(stdout)).toMatchObject({ error: { code: "INTERNAL", message: "x is undefined" } })
        expect(process.exitCode).toBe(70)
    })

    test("prints the stack trace of an unexpected error with MOORAGE_DEBUG=1", () => {
        process.env.MOORAGE_DEBUG = "1"
        reportError(new TypeError("x is undefined"), false)
        expect(stderr).toMatch(/^\s+at /m)
        expect(stderr).not.toContain("MOORAGE_DEBUG")
    })
})

test("--json after -- is an argument, not an option", () => {
    expect(wantsJson(["node", "moorage", "monitor", "--json"])).toBe(true)
    expect(wantsJson(["node", "moorage", "monitor", "--", "--json"])).toBe(false)
})

test.each([
    [["monitor", "--json"], "NO_CONNECTION", "No DPS specified."],
    [["simulate", "--json"], "WRONG_USAGE", "No plan specified."],
    [["monitor", "--json", "--colour"], "WRONG_USAGE", "unknown option '--colour'"],
    [["fault", "--json"], "WRONG_USAGE", "A command is missing."],
])("moorage %j ends with exit code 2 and one JSON object", async (args, code, message) => {
    const env = { PROVISIONING_CONNECTION_STRING: "", IOTHUB_CONNECTION_STRING: "" }
    const ended = await run(args, env)
    expect(ended.code).toBe(2)
    expect(ended.stderr).not.toBe("")
    const { error } = JSON.parse(ended.stdout) as { error: Record<string, string> }
    expect(error).toEqual({ code, message, cure: expect.stringMatching(/\.$/) as string })
})
