// Runs `moorage manufacture`.
import { join } from "node:path"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import type { FleetBoard } from "@moorage/fleet"
import {
    esptoolArguments,
    manufacture,
    MANIFEST_FILE,
    type ManufactureResult,
    runtimeCommand,
} from "@moorage/fleet/manufacture"
import { formatElapsed, formatNumber } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import { VmError } from "@moorage/vm"
import { shellLine } from "../flash/run-esptool.js"
import { createInterruptSignal } from "../interrupt.js"
import { ProgressLine } from "../progress-line.js"
import { readGroupKey } from "../secrets.js"
import { usageError } from "../usage-error.js"
import { scanBoards } from "./barcode-scan.js"
import {
    buildBytecodes,
    fleetDefaults,
    type ManufactureCommandOptions,
    readBoards,
} from "./boards-to-make.js"

/** Returns two commands for each board profile: one for the runtime, one for an image. */
function flashCommands({ manifest }: ManufactureResult, out: string): string[] {
    const profiles = [...new Set(manifest.boards.map(({ profile }) => profile))]
    return profiles.flatMap(profile => {
        const first = manifest.boards.find(entry => entry.profile === profile)
        if (!first) return []
        const args = esptoolArguments(first, join(out, first.image), "PORT")
        return [shellLine(runtimeCommand(profile)), shellLine(["esptool", ...args])]
    })
}

function resultText(made: ManufactureResult, out: string, tookSec: number): string {
    const { boards } = made.manifest
    const booted = boards.filter(({ verified }) => verified === "booted").length
    return [
        `${formatNumber(boards.length)} images in ${out} (${formatNumber(made.unchangedCount)} already up to date), in ${formatElapsed(tookSec)}`,
        `  all images read back, ${formatNumber(booted)} of them booted in the VM; checksums: ${join(out, MANIFEST_FILE)}`,
        "  the images contain device keys and Wi-Fi passwords (mode 0600); delete them after flashing",
        "To flash a board, write the runtime once and then the image (`moorage flash` verifies and writes an image):",
        ...flashCommands(made, out).map(line => `  ${line}`),
    ].join("\n")
}

function manufactureError(error: unknown): MoorageError {
    if (error instanceof VmError) return error
    const { code, message } = error as NodeJS.ErrnoException
    const isDiskFull = code === "ENOSPC" || message.includes("ENOSPC")
    return new MoorageError("FILE_NOT_WRITABLE", `Cannot make the images: ${message}`, {
        cause: error,
        ...(isDiskFull && {
            cure: "The disk is full. Free some space and run the command again; it continues.",
        }),
    })
}

/** Makes the images and shows the progress. Returns undefined after an interruption. @throws MoorageError */
async function makeImages(
    boards: FleetBoard[],
    key: string | undefined,
    options: ManufactureCommandOptions
): Promise<ManufactureResult | undefined> {
    const progress = new ProgressLine(realClock)
    const total = boards.length
    try {
        return await manufacture(boards, {
            outDir: options.out,
            bytecodes: await buildBytecodes(boards),
            groupKey: key,
            jobs: options.jobs,
            bootCount: Math.min(options.verify, total),
            signal: createInterruptSignal(),
            onProgress: done =>
                progress.show(done / total, `${formatNumber(done)} of ${formatNumber(total)} images`),
        })
    } catch (error) {
        throw manufactureError(error)
    } finally {
        progress.end()
    }
}

/** Makes the images of a fleet, or one image per scanned ID. @throws MoorageError */
export async function runManufacture(
    fleet: string | undefined,
    options: ManufactureCommandOptions
): Promise<void> {
    const { out, json } = options
    // The barcode scanner may use the standard input.
    const key = await readGroupKey({ ...options, canPrompt: false })
    const defaults = fleetDefaults(options, key !== undefined)
    const boards = fleet === undefined ? undefined : await readBoards(fleet, defaults)
    if (options.scan) return scanBoards({ boards, defaults, groupKey: key }, options)
    if (!boards)
        throw usageError("No fleet file specified.", {
            cure: "Use a CSV file (docs/reference/fleet-file.md).",
        })
    const startMs = realClock.nowMs()
    const made = await makeImages(boards, key, options)
    if (!made) {
        process.exitCode = EXIT_CODES.interrupted
        process.stderr.write("Interrupted. Run the same command to continue.\n")
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
    const text = json
        ? JSON.stringify({ ...result, flash: flashCommands(made, out) })
        : resultText(made, out, tookSec)
    process.stdout.write(`${text}\n`)
}
