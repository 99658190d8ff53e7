// Runs the command that powers a batch on, for example through a relay.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { MoorageError } from "@moorage/errors"
import type { OpenBatch } from "@moorage/fleet/rollout"
import { OWNER_ONLY } from "../../output-files.js"

/**
 * Runs the shell command and waits for its end. Environment variables describe the batch. The output of the command goes to
 * the standard error.
 * @throws MoorageError POWER_COMMAND_FAILED; the reason of the signal when it is aborted
 */
export async function runPowerCommand(
    command: string,
    { number, batch, ids }: OpenBatch,
    signal: AbortSignal
): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-batch-"))
    const idsFile = join(dir, "ids.txt")
    try {
        writeFileSync(idsFile, `${ids().join("\n")}\n`, { mode: OWNER_ONLY })
        const env = {
            ...process.env,
            MOORAGE_WAVE: String(batch.wave),
            MOORAGE_BATCH: String(number),
            MOORAGE_BOARDS: String(batch.boards),
            MOORAGE_FIRST_LINE: String(batch.first.line),
            MOORAGE_LAST_LINE: String(batch.last.line),
            MOORAGE_IDS_FILE: idsFile,
        }
        const child = spawn(command, { shell: true, env, stdio: ["ignore", 2, 2], signal })
        const [code, killed] = (await once(child, "close")) as [number | null, string | null]
        if (code === 0) return
        const how = killed === null ? `ended with exit code ${code}` : `was ended by ${killed}`
        throw new MoorageError("POWER_COMMAND_FAILED", `The command of batch ${number} ${how}.`, {
            cure: "Fix the command and rerun; the batch was not marked as powered on.",
        })
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
