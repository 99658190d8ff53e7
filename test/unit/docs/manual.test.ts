// Checks that docs/reference/commands.md and docs/reference/errors.md are up to date.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { newProgram } from "../../../tools/cli/main.js"
import { ENVIRONMENT } from "../../../tools/cli/manual/environment-variables.js"
import { errorsPage } from "../../../tools/cli/manual/errors-page.js"
import { manualPage } from "../../../tools/cli/manual/manual-page.js"
import { ERROR_CODES } from "../../../tools/errors/index.js"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))
const page = readFileSync(join(ROOT, "docs/reference/commands.md"), "utf8")

test("the pages are up to date (`npm run manual` generates them)", () => {
    expect(page).toBe(manualPage(newProgram()))
    expect(readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8")).toBe(errorsPage())
})

test("commands.md has the sections of a manual page in the usual order", () => {
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

/** Returns the TypeScript sources in the folders, without the generator of the manual. */
function sources(folders: string[]): string[] {
    return folders.flatMap(folder =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter(file => file.endsWith(".ts") && !/^manual|node_modules/.test(file))
            .map(file => readFileSync(join(ROOT, folder, file), "utf8"))
    )
}

test("commands.md lists exactly the environment variables in the sources", () => {
    const found = sources(["tools/cli", "tools/fleet"]).flatMap(source => [
        ...(source.match(/\b(MOORAGE|PROVISIONING|IOTHUB)_[A-Z][A-Z_]*\b/g) ?? []),
        ...[...source.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name),
    ])
    expect(ENVIRONMENT.map(([name]) => name).sort()).toEqual([...new Set(found)].sort())
})

test("every page that commands.md mentions exists", () => {
    const pages = [...new Set(page.match(/docs\/[\w/-]+\.md/g))]
    expect(pages.filter(file => !existsSync(join(ROOT, file)))).toEqual([])
})

test("every error code is used in the sources, and errors.md lists it", () => {
    const text = sources([
        "tools/cli",
        "tools/emulator",
        "tools/files",
        "tools/fleet",
        "tools/simulator",
        "tools/vm",
    ]).join()
    const errors = readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8")
    for (const code of Object.keys(ERROR_CODES)) {
        const isUsed = text.includes(`"${code}"`)
        expect({ code, isUsed }).toEqual({ code, isUsed: true })
        expect(errors).toContain(`| \`${code}\` |`)
    }
})
