// Tests the completion scripts in real shells: types a line, presses Tab, and compares the completed line.
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { newProgram } from "../../../../tools/cli/main.js"
import { allCommands, commandTree } from "../../../../tools/cli/command-tree.js"
import { run } from "../../../helpers/command.js"
import { Terminal, whyNoTmux } from "../../../helpers/tmux.js"

const SHELLS = ["bash", "zsh", "fish"] as const
type Shell = (typeof SHELLS)[number]

let dir: string
beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-completion-"))
    mkdirSync(join(dir, "here", "subfolder"), { recursive: true })
    writeFileSync(join(dir, "here", "card.json"), "")
    for (const shell of SHELLS) {
        const { code, stdout } = await run(["completion", shell])
        expect(code).toBe(0)
        writeFileSync(join(dir, `moorage.${shell}`), stdout)
    }
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Returns why a shell cannot be tested on this machine; undefined if it can. */
function skipReason(shell: Shell): string | undefined {
    if (spawnSync(shell, ["--version"]).status !== 0) return `skipped: no ${shell}; apt-get install ${shell}`
    return whyNoTmux
}

/** Commands that start a shell without personal settings. */
const STARTS: Record<Shell, string> = {
    bash: "PS1='> ' exec bash --norc --noprofile -i",
    zsh: "PS1='> ' exec zsh -f -i",
    fish: "exec fish --no-config -i",
}

const LOADS: Record<Shell, (script: string) => string> = {
    bash: script => `source ${script}`,
    zsh: script => `autoload -U compinit; compinit -D -u; source ${script}`,
    fish: script => `source ${script}`,
}

/** Returns the line after the user types `line` and presses Tab. */
async function completed(terminal: Terminal, line: string): Promise<string> {
    terminal.press("C-l")
    await expect.poll(() => terminal.screen).not.toContain("moorage")
    terminal.write(line)
    await expect.poll(() => terminal.screen).toContain(line)
    terminal.press("Tab")
    const shown = () => /moorage.*/.exec(terminal.screen)?.[0].trimEnd() ?? ""
    await expect.poll(shown).not.toBe(line)
    const found = shown()
    // Not C-c: the terminal driver then discards input that is not read yet.
    terminal.press("C-u")
    return found
}

/** Name of the case, typed line, completed line. */
const TYPED = [
    ["a command", "moorage emu", "moorage emulate"],
    ["a sub-command", "moorage fault rot", "moorage fault rotate"],
    ["an option", "moorage monitor --prom", "moorage monitor --prometheus"],
    ["an option of the command above", "moorage fault list --adm", "moorage fault list --admin"],
    ["a choice", "moorage fault add --on reg", "moorage fault add --on register"],
    ["a choice after =", "moorage fault rotate --which=pri", "moorage fault rotate --which=primary"],
    ["a choice of an argument", "moorage fault hub east fail", "moorage fault hub east failover"],
    ["a file after --profile", "moorage monitor --profile ca", "moorage monitor --profile card.json"],
    ["a file after --profile=", "moorage monitor --profile=ca", "moorage monitor --profile=card.json"],
    ["a file as argument", "moorage manufacture ca", "moorage manufacture card.json"],
    ["a folder", "moorage manufacture --out su", "moorage manufacture --out subfolder/"],
    ["a built-in plan", "moorage simulate onb", "moorage simulate onboarding"],
    [
        "a board profile",
        "moorage manufacture --board moorage_d",
        "moorage manufacture --board moorage_devkitc",
    ],
    [
        "a board profile of moorage board",
        "moorage board --board moorage_c",
        "moorage board --board moorage_c3",
    ],
    ["a command after help", "moorage help reprov", "moorage help reprovision"],
] as const

describe.each(SHELLS)("%s", shell => {
    test("completes lines", async context => {
        const reason = skipReason(shell)
        if (reason !== undefined) return context.skip(reason)
        const terminal = new Terminal(120, 20)
        try {
            terminal.type(`cd ${join(dir, "here")}`)
            terminal.type(STARTS[shell])
            terminal.type(`${LOADS[shell](join(dir, `moorage.${shell}`))}; echo lo''aded`)
            await expect.poll(() => terminal.screen).toContain("loaded")
            for (const [what, line, whole] of TYPED) expect(await completed(terminal, line), what).toBe(whole)
        } finally {
            terminal.close()
        }
    })
})

/** Returns the completions of bash for a line, without a terminal. */
function completions(line: string): string[] {
    const word = /[^\s=]*$/.exec(line)?.[0] ?? ""
    const script = `
        source "$1"
        COMP_LINE=$2 COMP_POINT=\${#2}
        _moorage moorage "$3" ""
        printf '%s\\n' "\${COMPREPLY[@]}"`
    const args = ["--norc", "-c", script, "bash", join(dir, "moorage.bash"), line, word]
    const { stdout } = spawnSync("bash", args, { encoding: "utf8", cwd: join(dir, "here") })
    return stdout.split("\n").filter(Boolean)
}

describe("bash completes", () => {
    test("every command of the tree, and all options of each", () => {
        for (const { path, options, commands } of allCommands(commandTree(newProgram()))) {
            const names = options.flatMap(option => option.names)
            const line = ["moorage", ...path, ""].join(" ")
            expect(completions(`${line}-`), line).toEqual(expect.arrayContaining(names))
            if (commands.length > 0) expect(completions(line)).toEqual(commands.map(each => each.path.at(-1)))
        }
    })

    test.each([
        ["files and folders after --profile", "moorage monitor --profile ", ["card.json", "subfolder"]],
        ["folders only after --out", "moorage manufacture --out ", ["subfolder"]],
        [
            "a file after @, for a connection string",
            "moorage monitor --connection-string @ca",
            ["@card.json"],
        ],
        ["nothing after an option with a free value", "moorage monitor --dps ", []],
        ["no options of another command", "moorage keys --ad", []],
        [
            "a file after an option value that equals a command name",
            "moorage monitor --profile fault --ca ca",
            ["card.json"],
        ],
        [
            "an option after an option without its optional value",
            "moorage emulate --tcp --log-b",
            ["--log-bodies"],
        ],
    ])("%s", (_what, line, words) => {
        expect(completions(line).sort()).toEqual(words)
    })
})

test("rejects another shell with exit code 2 and lists the choices", async () => {
    const { code, stderr } = await run(["completion", "tcsh"])
    expect(code).toBe(2)
    expect(stderr).toContain("Allowed choices are bash, zsh, fish.")
})
