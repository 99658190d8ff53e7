// A copy of the DeviceScript project in which mutants are built, one at a time.
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Images } from "@moorage/simulator"
import { buildFirmware } from "@moorage/vm"
import type { Edit, Mutant } from "./mutants.js"

const PROJECT_DIR = fileURLToPath(new URL("../../..", import.meta.url))
/** Everything that a build reads. The compiler creates node_modules itself. */
const COPIED = [
    "devs",
    "src",
    "boards",
    "devsconfig.json",
    "package.json",
    "package-lock.json",
    ".env.defaults",
]

/** The part of a mutant that a build needs. */
type MutantEdits = Pick<Mutant, "name" | "edits">

/** Returns the text after the edit. @throws Error if the file does not contain the text exactly once */
function applyEdit(text: string, mutant: string, { file, find, replace }: Edit): string {
    const count = text.split(find).length - 1
    if (count !== 1)
        throw new Error(
            `Mutant "${mutant}" does not match ${file}: the file has the text ${count} times (expected once): ${find}`
        )
    return text.replace(find, () => replace)
}

/** The copy, in a temporary folder. */
export class MutantProject {
    private readonly dir = mkdtempSync(join(tmpdir(), "moorage-mutant-"))

    constructor() {
        for (const name of COPIED)
            if (existsSync(join(PROJECT_DIR, name)))
                cpSync(join(PROJECT_DIR, name), join(this.dir, name), { recursive: true })
        // The images import the library by its package name, which must lead to the copy.
        mkdirSync(join(this.dir, "node_modules", "@moorage"), { recursive: true })
        symlinkSync(join(this.dir, "devs"), join(this.dir, "node_modules", "@moorage", "device"), "junction")
    }

    /** Checks that the edits match the source of the firmware. @throws Error if they do not */
    check(mutant: MutantEdits): void {
        this.mutated(mutant)
    }

    /** Builds both images of the mutant. @throws Error if its edits do not match the source or do not compile */
    async build(mutant: MutantEdits): Promise<Images> {
        const texts = this.mutated(mutant)
        const originals = new Map([...texts.keys()].map(file => [file, this.read(file)]))
        try {
            this.write(texts)
            const main = await buildFirmware("src/main.ts", { projectDir: this.dir })
            const tight = await buildFirmware("src/maintight.ts", { projectDir: this.dir })
            return { main: main.bytecode, maintight: tight.bytecode }
        } finally {
            this.write(originals)
        }
    }

    /** Deletes the folder. */
    remove(): void {
        rmSync(this.dir, { recursive: true, force: true })
    }

    /** Returns the changed files of the mutant, by path. */
    private mutated({ name, edits }: MutantEdits): Map<string, string> {
        const texts = new Map<string, string>()
        for (const edit of edits) {
            const text = texts.get(edit.file) ?? this.read(edit.file)
            texts.set(edit.file, applyEdit(text, name, edit))
        }
        return texts
    }

    private read(file: string): string {
        return readFileSync(join(this.dir, file), "utf8")
    }

    private write(texts: Map<string, string>): void {
        for (const [file, text] of texts) writeFileSync(join(this.dir, file), text)
    }
}
