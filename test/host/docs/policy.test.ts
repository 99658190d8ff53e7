// docs/policy.md says what exists: each file, function, test and quote of it.
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"

const root = new URL("../../../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")
const policy = read("docs/policy.md")

/** The requirement and the design lie beside the repository, where there is one to read. */
const SEED = "../shared/seed/large-scale-iot-deployments.md"
const DESIGN = "../shared/design/ARCHITECTURE.md"
const isThere = (path: string) => existsSync(new URL(path, root))

/** One line, without what Markdown or a comment puts between the words: links, quote marks, slashes. */
function plain(text: string): string {
    return text
        .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
        .replace(/^ *(>|\/\/)/gm, " ")
        .replace(/\s+/g, " ")
        .trim()
}

/** The blocks of quoted lines, each paragraph by itself. */
function quotes(): string[] {
    const blocks = policy.match(/(?:^>.*\n)+/gm) ?? []
    return blocks.flatMap(block => block.split(/^>\n/m)).map(plain)
}

/** `- kind `file` what` lines. */
function named(kind: "code" | "test", what: RegExp): [string, string][] {
    const line = new RegExp(`^- ${kind} \`([^\`]+)\` ${what.source}$`, "gm")
    return [...policy.matchAll(line)].map(([, file, name]) => [file, name])
}

const code = named("code", /`([^`]+)`/)
const tests = named("test", /"(.+)"/)

test("every line that names code or a test is understood by this test", () => {
    const lines = policy.match(/^- .*$/gm) ?? []
    expect(code.length + tests.length).toBe(lines.length)
    expect(lines.length).toBeGreaterThan(100)
})

test("every rule names its code and its test, but those for the operator", () => {
    const rules = policy.split(/^(?=#)|\n\n(?=>)/m).filter(part => /^(>|### )/.test(part))
    const bare = rules.filter(rule => !/^- code /m.test(rule) || !/^- test /m.test(rule))
    expect(rules.length).toBeGreaterThan(50)
    expect(bare).toHaveLength(1)
    expect(bare[0]).toContain("cap the number of devices")
})

describe("what it names exists:", () => {
    test.each(code)("%s has %s", (file, name) => {
        // A function, a constant, the member of an enum, or a row of the policy.
        const forms = [
            `\\b(function|const) ${name}\\b`,
            `^ +${name}( = \\d+)?,$`,
            `case FaultKind\\.${name}:`,
        ]
        expect(forms.some(form => new RegExp(form, "m").test(read(file)))).toBe(true)
    })

    test.each(tests)("%s tests: %s", (file, name) => {
        const source = read(file)
        expect(source.includes(`"${name}"`)).toBe(true)
    })
})

describe("the seed", () => {
    test("has every sentence that is quoted", ({ skip }) => {
        skip(!isThere(SEED), `there is no ${SEED} beside this repository`)
        const seed = plain(read(SEED))
        expect(quotes().filter(quote => !seed.includes(quote))).toEqual([])
    })

    test("has no sentence with should or must that is not quoted", ({ skip }) => {
        skip(!isThere(SEED), `there is no ${SEED} beside this repository`)
        const lines = read(SEED)
            .split("\n")
            .filter(line => /\b(should|must|needs? to)/i.test(line))
        const sentences = lines
            .flatMap(line => plain(line).split(/(?<=[.:]) (?=[A-Z])/))
            .filter(sentence => /\b(should|shouldn't|must)\b/.test(sentence))
            .map(sentence => sentence.replace(/^- /, ""))
        const all = quotes().join("\n")
        expect(sentences.length).toBeGreaterThan(15)
        expect(sentences.filter(sentence => !all.includes(sentence))).toEqual([])
    })
})

test("each row of the design's table is a heading", ({ skip }) => {
    skip(!isThere(DESIGN), `there is no ${DESIGN} beside this repository`)
    const [, table] =
        /What went wrong -> what the board does[^]*?\|---.*\n((?:\|.*\n)+)/.exec(read(DESIGN)) ?? []
    const rows = table
        .trim()
        .split("\n")
        .map(row => row.split("|")[1].trim())
    expect(rows).toHaveLength(14)
    expect(rows.filter(row => !policy.includes(`### ${row}\n`))).toEqual([])
})
