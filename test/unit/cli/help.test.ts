// Checks the help of every command.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { newProgram } from "../../../tools/cli/main.js"
import { parseHelpEpilogue } from "../../../tools/cli/manual/help-epilogue.js"
import { allCommands, type CommandNode, isLeaf, commandTree } from "../../../tools/cli/command-tree.js"
import { run } from "../../helpers/command.js"

const ROOT = commandTree(newProgram())
const nameOf = ({ path }: CommandNode) => path.join(" ")
const COMMANDS = [...allCommands(ROOT)].filter(({ path }) => path.length > 0 && path.at(-1) !== "help")
const LEAVES = COMMANDS.filter(isLeaf)

/** Returns whether a line of an example runs the command. */
function isExampleOf(example: string, node: CommandNode): boolean {
    const words = example.split(/\s+/)
    const at = words.indexOf("moorage")
    return at >= 0 && node.path.every((name, i) => words[at + 1 + i] === name)
}

const named = (nodes: CommandNode[]) => nodes.map(node => [nameOf(node), node] as const)

describe.each(named(COMMANDS))("%s", (_name, node) => {
    test("has a one-line summary", () => {
        expect(node.summary).toMatch(/^[a-z][^\n]{5,69}[^.]$/)
    })

    test("describes every option and argument", () => {
        const withoutDescription = [...node.options, ...node.arguments].filter(
            ({ description }) => description === ""
        )
        expect(withoutDescription).toEqual([])
    })

    test("has no secret in an example", () => {
        const { examples } = parseHelpEpilogue(node.epilogue)
        expect(examples.filter(example => /SharedAccessKey|[A-Za-z0-9+/]{40,}/.test(example))).toEqual([])
    })
})

test.each([
    ["--board", "--board <board>", /board profile/],
    ["--profile", "--profile <file>", /connection/],
])("%s has one meaning in all commands", (name, flags, meaning) => {
    const options = COMMANDS.flatMap(node => node.options).filter(option => option.names.includes(name))
    expect(options.length).toBeGreaterThan(1)
    for (const option of options) {
        expect(option.flags).toBe(flags)
        expect(option.description).toMatch(meaning)
    }
})

describe.each(named(LEAVES))("%s", (_name, node) => {
    const { examples, exitCodes } = parseHelpEpilogue(node.epilogue)
    const own = examples.filter(example => isExampleOf(example, node))

    test("has examples, and describes its exit codes", () => {
        expect(own).not.toEqual([])
        expect(exitCodes).toMatch(/^0 .*\b2 wrong usage/)
    })

    test("uses only known options in its examples", () => {
        const parents = COMMANDS.filter(each => nameOf(node).startsWith(nameOf(each)))
        const known = parents.flatMap(({ options }) => options.flatMap(({ names }) => names))
        for (const example of own) {
            // A comment or another command follows.
            const [command = ""] = example.split(/ {3,}| [|>&] /)
            const used = [...command.matchAll(/(?<= )--?[a-z][a-z0-9-]*/g)].map(([name]) => name)
            expect(known, example).toEqual(expect.arrayContaining(used))
        }
    })
})

test("`moorage help COMMAND` prints the help of the command", async () => {
    const [leaf] = LEAVES.filter(({ path }) => path.length === 2)
    const path = leaf?.path ?? []
    const asked = await run([...path, "--help"])
    expect(asked.code).toBe(0)
    expect(asked.stdout).toContain("Examples\n")
    expect(await run([path[0] ?? "", "help", path[1] ?? ""])).toEqual(asked)
    expect((await run(["help", "doctor"])).stdout).toContain("Usage: moorage doctor")
})

test("`moorage --help` lists every command on the standard output", async () => {
    const { code, stdout } = await run(["--help"])
    expect(code).toBe(0)
    for (const { path } of ROOT.commands) expect(stdout).toMatch(new RegExp(`^ {2}${path[0]} `, "m"))
})

test("`moorage` without a command prints the help and ends with exit code 2", async () => {
    const { code, stderr } = await run([])
    expect(code).toBe(2)
    expect(stderr).toContain("Usage: moorage")
})

test("`moorage --version` prints the version of its package", async () => {
    const file = new URL("../../../tools/cli/package.json", import.meta.url)
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string }
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" })
})
