// The files that `moorage simulate` reads and writes.
import { createWriteStream, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { mergeSummaries, MergeError, type SimulationSummary } from "@moorage/simulator"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"

/** A trace that grows: JSON lines. */
export interface TraceFile {
    line(text: string): void
    /** Resolves when all of it is on disk. @throws UserError */
    end(): Promise<void>
}

export function openTrace(file: string): TraceFile {
    const stream = createWriteStream(file)
    let failure: Error | undefined
    stream.on("error", error => {
        failure = error
    })
    return {
        line: text => stream.write(`${text}\n`),
        end: () =>
            new Promise((done, fail) => {
                if (failure) fail(ioError("write", file, failure))
                else
                    stream.end((error?: Error | null) =>
                        error ? fail(ioError("write", file, error)) : done()
                    )
            }),
    }
}

function readSummary(file: string): SimulationSummary {
    let summary: Partial<SimulationSummary>
    try {
        summary = JSON.parse(readFileSync(file, "utf8")) as Partial<SimulationSummary>
    } catch (error) {
        throw ioError("read", file, error)
    }
    if (typeof summary.plan !== "string" || !Array.isArray(summary.seeds))
        throw new UserError(`${file} is no summary that \`moorage simulate --out\` wrote.`, WRONG_USAGE)
    return summary as SimulationSummary
}

/** Puts together all that was written to a folder by `--out`. @throws UserError */
export function mergeFolder(folder: string): SimulationSummary {
    let files: string[]
    try {
        files = readdirSync(folder).filter(name => name.endsWith(".json"))
    } catch (error) {
        throw ioError("read", folder, error)
    }
    if (files.length === 0)
        throw new UserError(
            `There is no .json in ${folder}: run \`moorage simulate PLAN --out ${folder}\` first.`
        )
    try {
        return mergeSummaries(files.sort().map(name => readSummary(join(folder, name))))
    } catch (error) {
        if (error instanceof MergeError) throw new UserError(error.message, FAILED, { cause: error })
        throw error
    }
}
