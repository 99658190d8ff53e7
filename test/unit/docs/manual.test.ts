// docs/reference/commands.md is what the commands are now.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { newProgram } from "../../../tools/cli/main.js"
import { ENVIRONMENT } from "../../../tools/cli/manual/environment-variables.js"
import { manualPage } from "../../../tools/cli/manual/manual-page.js"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))
const page = readFileSync(join(ROOT, "docs/reference/commands.md"), "utf8")

test("the page is what `npm run manual` generates now", () => {
    expect(page).toBe(manualPage(newProgram()))
})

test("it has the sections of a manual page, in their order", () => {
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name)
    expect(sections).toEqual([
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "COMMANDS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "SEE ALSO",
    ])
})

/** The sources of the command, its manual left out. */
function sources(): string[] {
    return ["tools/cli", "tools/fleet"].flatMap(folder =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter(file => file.endsWith(".ts") && !/^manual|node_modules/.test(file))
            .map(file => readFileSync(join(ROOT, folder, file), "utf8"))
    )
}

test("the page lists exactly the environment variables that the sources use", () => {
    const found = sources().flatMap(source => [
        ...(source.match(/\b(MOORAGE|PROVISIONING|IOTHUB)_[A-Z][A-Z_]*\b/g) ?? []),
        ...[...source.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name),
    ])
    expect(ENVIRONMENT.map(([name]) => name).sort()).toEqual([...new Set(found)].sort())
})

test("every page that it names is there", () => {
    const pages = [...new Set(page.match(/docs\/[\w/-]+\.md/g))]
    expect(pages.filter(file => !existsSync(join(ROOT, file)))).toEqual([])
})
