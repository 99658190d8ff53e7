// A copy of the DeviceScript project, in which one mutant at a time is built.
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
/** All that a build reads but node_modules, which the compiler makes for itself. */
const COPIED = [
    "devs",
    "src",
    "boards",
    "devsconfig.json",
    "package.json",
    "package-lock.json",
    ".env.defaults",
]

/** What is needed of a mutant to build it. */
type MutantEdits = Pick<Mutant, "name" | "edits">

/** `text` after the edit. @throws Error that names the mutant, the file and the text that is not there once */
function applyEdit(text: string, mutant: string, { file, find, replace }: Edit): string {
    const count = text.split(find).length - 1
    if (count !== 1)
        throw new Error(
            `The mutant "${mutant}" has rotted: in ${file} there is ${count} times, not once: ${find}`
        )
    return text.replace(find, () => replace)
}

export class MutantProject {
    private readonly dir = mkdtempSync(join(tmpdir(), "moorage-mutant-"))

    constructor() {
        for (const name of COPIED)
            if (existsSync(join(PROJECT_DIR, name)))
                cpSync(join(PROJECT_DIR, name), join(this.dir, name), { recursive: true })
        // The images import the library by its name: it must be the copy, not the original.
        mkdirSync(join(this.dir, "node_modules", "@moorage"), { recursive: true })
        symlinkSync(join(this.dir, "devs"), join(this.dir, "node_modules", "@moorage", "device"), "junction")
    }

    /** Whether the mutant's edits fit the firmware. @throws Error when they do not */
    check(mutant: MutantEdits): void {
        this.mutated(mutant)
    }

    /** Builds both images of the mutant. @throws Error when its edits do not fit, or do not compile */
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

    remove(): void {
        rmSync(this.dir, { recursive: true, force: true })
    }

    /** The files that the mutant changes, as it has them. */
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
