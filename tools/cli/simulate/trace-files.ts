// The files that `moorage simulate` reads and writes.
import { createWriteStream, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { MoorageError } from "@moorage/errors"
import { mergeSummaries, type SimulationSummary } from "@moorage/simulator"
import { readError, writeError } from "../output-files.js"
import { usageError } from "../usage-error.js"

/** An append-only file of JSON lines. */
export interface TraceFile {
    append(line: string): void
    /** Resolves when all lines are written. @throws MoorageError FILE_NOT_WRITABLE */
    end(): Promise<void>
}

/** Creates a trace file. A write error is reported by end(). */
export function openTrace(file: string): TraceFile {
    const stream = createWriteStream(file)
    let failure: Error | undefined
    stream.on("error", error => {
        failure = error
    })
    return {
        append: line => stream.write(`${line}\n`),
        end: () =>
            new Promise((resolve, reject) => {
                if (failure) return reject(writeError(file, failure))
                stream.end((error?: Error | null) => (error ? reject(writeError(file, error)) : resolve()))
            }),
    }
}

function readSummary(file: string): SimulationSummary {
    let summary: Partial<SimulationSummary>
    try {
        summary = JSON.parse(readFileSync(file, "utf8")) as Partial<SimulationSummary>
    } catch (error) {
        throw readError(file, error)
    }
    if (typeof summary.plan !== "string" || !Array.isArray(summary.seeds))
        throw usageError(`${file} is not a summary of \`moorage simulate --out\`.`)
    return summary as SimulationSummary
}

/** Merges all summaries that `--out` wrote to a folder. @throws MoorageError */
export function mergeFolder(folder: string): SimulationSummary {
    let files: string[]
    try {
        files = readdirSync(folder).filter(name => name.endsWith(".json"))
    } catch (error) {
        throw readError(folder, error)
    }
    if (files.length === 0)
        throw new MoorageError("MERGE_FAILED", `No .json file in ${folder}.`, {
            cure: `First run \`moorage simulate PLAN --out ${folder}\`.`,
        })
    return mergeSummaries(files.sort().map(name => readSummary(join(folder, name))))
}
