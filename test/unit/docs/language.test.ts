// Checks that no tracked text file contains a phrase that CONTRIBUTING.md ("English") rules out. cspell.json flags single words.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))
const THIS_FILE = relative(ROOT, fileURLToPath(import.meta.url))
/** Generated files. */
const IGNORED = new Set(["package-lock.json", "docs/rollout-efficiency.svg", THIS_FILE])

/** Phrases to avoid, as regular expressions without the word boundaries, and what to write instead. */
const PHRASES: [phrase: string, instead: string][] = [
    ["a line an? \\w+", "one line per ..."],
    ["a person", "the user, the operator"],
    ["all the same", "anyway"],
    ["(are|is) to be", "must be, should be"],
    ["at once", "immediately, at the same time"],
    ["by (him|her|it|them)sel(f|ves)", "automatically"],
    ["(come|comes|coming|came) by", "get, find"],
    ["(go|goes|going|went|gone) by", "use, follow"],
    ["for good", "permanently"],
    ["(leave|leaves|leaving|left) away", "omit, skip"],
    ["(let|lets) be", "leave unchanged"],
    ["so many", "the given number of"],
    ["such as it is", "unchanged"],
    ["(tell|tells|telling|told) of", "report, describe"], // cspell:ignore told
    ["that (is|are|was|were) not there", "missing, that does not exist"],
    ["that there (is|are|was|were) not", "missing, that does not exist"],
    ["the like", "similar ..."],
    ["unless given", "(default: ...)"],
    ["what (is|are) there", "the contents, the list of"],
    ["what there (is|are)", "the contents, the list of"],
]

/** The space between two words, which may be a line break followed by a comment marker or a quotation marker. */
const SPACE = "(?:[ \\t]+|[ \\t]*\\r?\\n[ \\t]*(?:(?://|\\*|#|>)[ \\t]*)?)"

const RULES = PHRASES.map(([phrase, instead]) => ({
    pattern: new RegExp(`\\b${phrase.replaceAll(" ", SPACE)}\\b`, "gi"),
    instead,
}))

/** Returns the phrases to avoid in `text` as `file:line: "phrase": instead`, in the order of their lines. */
function findPhrases(file: string, text: string): string[] {
    const found = RULES.flatMap(({ pattern, instead }) =>
        [...text.matchAll(pattern)].map(match => ({
            line: text.slice(0, match.index).split("\n").length,
            message: `"${match[0].replace(/\s+/g, " ")}": write ${instead}`,
        }))
    )
    return found.sort((a, b) => a.line - b.line).map(({ line, message }) => `${file}:${line}: ${message}`)
}

/** Returns the tracked text files, as paths from the root. A file that contains a zero byte is binary. */
function trackedTextFiles(): { file: string; text: string }[] {
    const { stdout, status } = spawnSync("git", ["ls-files", "-z", "--deduplicate"], {
        cwd: ROOT,
        encoding: "utf8",
    })
    expect(status).toBe(0)
    return stdout
        .split("\0")
        .filter(file => file !== "" && !IGNORED.has(file) && existsSync(join(ROOT, file)))
        .map(file => ({ file, text: readFileSync(join(ROOT, file), "utf8") }))
        .filter(({ text }) => !text.includes("\0"))
}

test("a phrase is found across letter case, line breaks and comment markers", () => {
    const text = "Starts.\n// All The Same, it ends at\n// once. Not by itself_."
    expect(findPhrases("a.ts", text)).toEqual([
        'a.ts:2: "All The Same": write anyway',
        'a.ts:2: "at // once": write immediately, at the same time',
    ])
})

test("no file contains a phrase to avoid", () => {
    const files = trackedTextFiles()
    expect(files.length).toBeGreaterThan(100)
    const found = files.flatMap(({ file, text }) => findPhrases(file, text))
    expect(found.join("\n")).toBe("")
})
