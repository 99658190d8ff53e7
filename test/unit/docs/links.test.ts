// Checks the links of the documentation: files, anchors, and repository paths in backticks.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))
const MAP = "docs/README.md"

const read = (page: string) => readFileSync(join(ROOT, page), "utf8")

const DOCS = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter(file => file.endsWith(".md"))
    .map(file => join("docs", file))
    .sort()
/** Pages that cite source files of DeviceScript, whose paths look like paths of this repository. */
const CITES_OTHER_REPOSITORIES = ["docs/internals/runtime-facts.md"]
const PAGES = ["README.md", "CONTRIBUTING.md", ...DOCS]

/** Returns the text without fenced code blocks, whose `[...](...)` and `#` are not Markdown. */
const withoutCodeBlocks = (text: string) => text.replace(/^ *```[\s\S]*?^ *```$/gm, "")

interface Link {
    /** Relative to the page; empty for an anchor on the same page. */
    path: string
    anchor: string | undefined
}

/** Returns the links of a page that do not lead to another site. */
function readLinks(page: string): Link[] {
    const prose = withoutCodeBlocks(read(page)).replace(/`[^`\n]*`/g, "")
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target)
        .filter(target => !/^[a-z]+:/.test(target))
        .map(target => {
            const [path, anchor] = target.split("#")
            return { path, anchor }
        })
}

/** Returns the anchor that GitHub gives to a heading. */
function anchorOfHeading(heading: string): string {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    return text
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Number}\s_-]/gu, "")
        .trim()
        .replace(/ /g, "-")
}

/** Returns the anchors of a page. The second heading of the same text gets the suffix `-1`. */
function readAnchors(page: string): Set<string> {
    const headings = [...withoutCodeBlocks(read(page)).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text)
    const anchors = new Set<string>()
    for (const anchor of headings.map(anchorOfHeading)) {
        let unique = anchor
        for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`
        anchors.add(unique)
    }
    return anchors
}

/** The folders and files in the root of the repository that a path in backticks can start with. */
const PATH_START =
    /^(src|devs|boards|tools|test|docs|deploy|\.github)\/|^(README|CONTRIBUTING|SECURITY|CHANGELOG)\.md$/

/** Returns the repository paths in backticks. Names with placeholders such as `NAME` or `*` are not paths. */
function readPaths(page: string): string[] {
    const spans = [...withoutCodeBlocks(read(page)).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span)
    return spans
        .flatMap(span => span.split(/\s+/))
        .filter(word => PATH_START.test(word) && !/[*{}<>]|\.\.\.|\b[A-Z]{3,}\b(?!\.md)/.test(word))
        .map(word => word.replace(/[:,]\d*$|[,;]$/, ""))
}

test("the tests read every page", () => {
    expect(DOCS).toContain("docs/reference/policy.md")
    expect(DOCS.length).toBeGreaterThan(25)
})

describe.each(PAGES)("%s", page => {
    const targetOf = ({ path }: Link) =>
        path === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), path))

    test("has only links to files that exist", () => {
        const missing = readLinks(page).filter(link => !existsSync(join(ROOT, targetOf(link))))
        expect(missing).toEqual([])
    })

    test("has only links to anchors that exist", () => {
        const missing = readLinks(page).filter(
            link => link.anchor !== undefined && !readAnchors(targetOf(link)).has(link.anchor)
        )
        expect(missing).toEqual([])
    })
})

const PAGES_WITH_OWN_PATHS = PAGES.filter(page => !CITES_OTHER_REPOSITORIES.includes(page))

test.each(PAGES_WITH_OWN_PATHS)("%s names only repository paths that exist", page => {
    expect(readPaths(page).filter(path => !existsSync(join(ROOT, path)))).toEqual([])
})

test("docs/README.md names every page and a question that it answers", () => {
    const rows = read(MAP).match(/^\| \[.*$/gm) ?? []
    const named = rows.map(row => /^\| \[([^\]]+)\]\(([^)]+)\) \| \S[^|]*\?/.exec(row))
    expect(named).not.toContain(null)
    for (const match of named) expect(match?.[2]).toBe(match?.[1])
    const files = named.map(match => join("docs", match?.[2] ?? ""))
    expect(files.sort()).toEqual(DOCS.filter(page => page !== MAP))
})

test("README.md names every guide", () => {
    const linked = readLinks("README.md").map(({ path }) => path)
    const guides = DOCS.filter(page => page.startsWith("docs/guide/"))
    expect(guides.filter(page => !linked.includes(page))).toEqual([])
})

test("every path that ends with a slash is a folder", () => {
    const folders = PAGES.flatMap(readPaths).filter(path => path.endsWith("/"))
    expect(folders.length).toBeGreaterThan(0)
    expect(folders.filter(path => !statSync(join(ROOT, path)).isDirectory())).toEqual([])
})
