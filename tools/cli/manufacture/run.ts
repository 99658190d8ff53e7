// What `moorage manufacture` does.
import { join } from "node:path"
import type { FleetBoard } from "@moorage/fleet"
import {
    esptoolArguments,
    manufacture,
    MANIFEST_FILE,
    type ManufactureResult,
    runtimeCommand,
} from "@moorage/fleet/manufacture"
import { realClock } from "@moorage/runtime"
import { VmError } from "@moorage/vm"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { groupKey } from "../secrets.js"
import { formatElapsed, formatNumber } from "@moorage/report"
import { boardsOf, bytecodesOf, defaultsOf, type ManufactureCommandOptions } from "./boards-to-make.js"
import { shellLine } from "../flash/run.js"
import { scan } from "./barcode-scan.js"

/** For each profile: the runtime's line, once a board, and an image's. */
function flashLines({ manifest }: ManufactureResult, out: string): string[] {
    const profiles = [...new Set(manifest.boards.map(({ profile }) => profile))]
    return profiles.flatMap(profile => {
        const first = manifest.boards.find(entry => entry.profile === profile)
        if (!first) return []
        const args = esptoolArguments(first, join(out, first.image), "PORT")
        return [shellLine(runtimeCommand(profile)), shellLine(["esptool", ...args])]
    })
}

function text(made: ManufactureResult, out: string, tookSec: number): string {
    const { boards } = made.manifest
    const booted = boards.filter(({ verified }) => verified === "booted").length
    return [
        `${formatNumber(boards.length)} images in ${out} (${formatNumber(made.unchangedCount)} were there already), in ${formatElapsed(tookSec)}`,
        `  all read back, ${formatNumber(booted)} of them booted in the VM; checksums: ${join(out, MANIFEST_FILE)}`,
        "  they hold device keys and Wi-Fi passwords: only you may read them, and they are best deleted once flashed",
        "To flash a board: the runtime once, then its image (`moorage flash` checks and writes one):",
        ...flashLines(made, out).map(line => `  ${line}`),
    ].join("\n")
}

async function make(
    boards: FleetBoard[],
    key: string | undefined,
    options: ManufactureCommandOptions
): Promise<ManufactureResult | undefined> {
    const progress = new ProgressLine(realClock)
    const total = boards.length
    try {
        return await manufacture(boards, {
            outDir: options.out,
            bytecodes: await bytecodesOf(boards),
            groupKey: key,
            jobs: options.jobs,
            bootCount: Math.min(options.verify, total),
            signal: interruption(),
            onProgress: done =>
                progress.show(done / total, `${formatNumber(done)} of ${formatNumber(total)} images`),
        })
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        const full = code === "ENOSPC" || /ENOSPC/.test((error as Error).message)
        const cure = full
            ? " The disk is full: free some room and run it again; it goes on where it was."
            : ""
        throw new UserError(`Cannot make the images: ${(error as Error).message}${cure}`, FAILED, {
            cause: error,
        })
    } finally {
        progress.end()
    }
}

/** Makes the images of a fleet, or one at a time as they are scanned. @throws UserError */
export async function runManufacture(
    fleet: string | undefined,
    options: ManufactureCommandOptions
): Promise<void> {
    const { out, json } = options
    // The standard input is the scanner's.
    const key = await groupKey({ ...options, mayAsk: false })
    try {
        const defaults = defaultsOf(options, key !== undefined)
        const boards = fleet === undefined ? undefined : await boardsOf(fleet, defaults)
        if (options.scan) {
            await scan(boards, defaults, key, options)
            return
        }
        if (!boards)
            throw new UserError("Which fleet? Give its CSV (docs/reference/fleet-file.md).", WRONG_USAGE)
        const startMs = realClock.nowMs()
        const made = await make(boards, key, options)
        if (!made) {
            process.exitCode = INTERRUPTED
            process.stderr.write("Interrupted: run it again, and it goes on where it was.\n")
            return
        }
        const tookSec = (realClock.nowMs() - startMs) / 1000
        const { manifest, unchangedCount } = made
        const result = {
            boards: manifest.boards.length,
            kept: unchangedCount,
            manifest: join(out, MANIFEST_FILE),
            tookSec,
        }
        process.stdout.write(
            json
                ? `${JSON.stringify({ ...result, flash: flashLines(made, out) })}\n`
                : `${text(made, out, tookSec)}\n`
        )
    } catch (error) {
        if (error instanceof VmError) throw new UserError(error.message, FAILED, { cause: error })
        throw error
    }
}
