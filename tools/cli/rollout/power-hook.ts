// The command that powers a batch on: a relay's, a production system's.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { OpenBatch } from "@moorage/fleet/rollout"
import { FAILED, UserError } from "../user-error.js"
import { OWNER_ONLY } from "../output-files.js"

/**
 * Runs the command by the shell and waits for its end; it learns the batch from its environment. What it prints goes to
 * the standard error.
 * @throws UserError when it fails; what the signal was aborted with
 */
export async function runHook(
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
        const how = killed === null ? `ended with ${code}` : `was ended by ${killed}`
        const next = "Mend it and run this again: the batch does not count as powered on."
        throw new UserError(`The command of batch ${number} ${how}. ${next}`, FAILED)
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}
