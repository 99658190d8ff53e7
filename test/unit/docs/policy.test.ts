// Checks docs/reference/policy.md against docs/internals/requirements.md and against the code: each requirement of the
// board has an entry, and each file, function and test on the page exists.
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"

const root = new URL("../../../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")
const policy = read("docs/reference/policy.md")
const requirements = read("docs/internals/requirements.md")

/** The values of the last column of a requirement; `not applicable` is followed by the reason. */
const FULFILLED_IN = /^(board|host tool|monitor)(, (board|host tool|monitor))*$|^not applicable: .+/

interface Requirement {
    id: string
    rule: string
    section: string
    fulfilledIn: string
}

/** Returns the rows of all tables of `markdown` whose first cell is an ID with this letter, as cells. */
function rowsOf(markdown: string, letter: string): string[][] {
    const rows = markdown.match(new RegExp(`^\\| ${letter}\\d+ \\|.*\\|$`, "gm")) ?? []
    return rows.map(row =>
        row
            .slice(1, -1)
            .split("|")
            .map(cell => cell.trim())
    )
}

/** Returns the entries of the policy page: heading `R1: title` or `F1: title`, then the text up to the next heading. */
function readEntries(): { id: string; text: string }[] {
    const parts = policy.split(/^(?=#+ )/m)
    return parts.flatMap(text => {
        const heading = /^#+ ([RF]\d+): /.exec(text)
        return heading ? [{ id: heading[1], text }] : []
    })
}

/** Returns the pairs of file and name in `text`, from lines such as "- code `file` `name`". */
function references(text: string, kind: "code" | "test"): [string, string][] {
    const name = kind === "code" ? "`([^`]+)`" : '"(.+)"'
    const line = new RegExp(`^- ${kind} \`([^\`]+)\` ${name}$`, "gm")
    return [...text.matchAll(line)].map(([, file, found]) => [file, found])
}

/** Returns whether `file` defines `name`: a function, a constant, a member of an enum, or a case of the policy. */
function defines(file: string, name: string): boolean {
    const forms = [
        `\\b(function|const) ${name}\\b`,
        `^ +${name}( = \\d+)?,$`,
        `case (AgentEvent|FaultKind)\\.${name}:`,
    ]
    return forms.some(form => new RegExp(form, "m").test(read(file)))
}

const duplicates = (ids: string[]) => ids.filter((id, i) => ids.indexOf(id) !== i)

const all: Requirement[] = rowsOf(requirements, "R").map(([id, rule, section, fulfilledIn]) => ({
    id,
    rule,
    section,
    fulfilledIn,
}))
const boardRequirements = all
    .filter(({ fulfilledIn }) => fulfilledIn.split(", ").includes("board"))
    .map(({ id }) => id)
const entries = readEntries()
const idsOfEntries = (letter: string) => entries.map(({ id }) => id).filter(id => id.startsWith(letter))
const code = references(policy, "code")
const tests = references(policy, "test")

describe("the requirements", () => {
    test("are numbered without a gap or a duplicate", () => {
        const numbers = all.map(({ id }) => Number(id.slice(1))).sort((a, b) => a - b)
        expect(numbers.length).toBeGreaterThanOrEqual(44)
        expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    })

    test("each have a rule, a source section and a place where they are fulfilled", () => {
        const incomplete = all.filter(
            ({ rule, section, fulfilledIn }) => !rule || !section || !FULFILLED_IN.test(fulfilledIn ?? "")
        )
        expect(incomplete).toEqual([])
    })
})

describe("the policy page", () => {
    test("has one entry for each requirement of the board, and no other", () => {
        expect(boardRequirements.length).toBeGreaterThan(30)
        expect(idsOfEntries("R")).toEqual(boardRequirements)
    })

    test("has a section for each row of the failure table, in the same order", () => {
        const rows = rowsOf(policy, "F")
        expect(rows.length).toBeGreaterThanOrEqual(17)
        expect(rows.filter(([, failure, reaction]) => !failure || !reaction)).toEqual([])
        const ids = rows.map(([id]) => id)
        expect(duplicates(ids)).toEqual([])
        expect(idsOfEntries("F")).toEqual(ids)
    })

    test("refers only to IDs that exist", () => {
        const known = [...all.map(({ id }) => id), ...idsOfEntries("F")]
        const used = policy.match(/\b[RF]\d+\b/g) ?? []
        expect(used.filter(id => !known.includes(id))).toEqual([])
    })

    test("uses one form for all lines that name code or a test", () => {
        const lines = policy.match(/^- .*$/gm) ?? []
        const others = lines.filter(line => !/^- (R\d+ |code |test )/.test(line))
        expect(others).toEqual([])
        const named = lines.filter(line => /^- (code|test) /.test(line))
        expect(code.length + tests.length).toBe(named.length)
        expect(named.length).toBeGreaterThan(100)
    })

    test.each(entries.map(({ id, text }) => [id, text]))("names code and a test for %s", (_, text) => {
        expect(references(text, "code").length).toBeGreaterThan(0)
        expect(references(text, "test").length).toBeGreaterThan(0)
    })
})

describe("every reference of the policy page exists:", () => {
    test.each(code)("%s defines %s", (file, name) => {
        expect(existsSync(new URL(file, root))).toBe(true)
        expect(defines(file, name)).toBe(true)
    })

    test.each(tests)("%s has the test %s", (file, name) => {
        expect(existsSync(new URL(file, root))).toBe(true)
        expect(read(file).includes(`"${name}"`)).toBe(true)
    })
})
