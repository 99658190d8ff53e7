// The full image: the assignment is a record in flash.

import { readRecord, writeRecord } from "../store/flash"
import type { Assignment } from "../store/record"
import type { Config } from "./config"

export async function recallFromFlash(config: Config): Promise<Assignment | undefined> {
    return await readRecord(config.registrationId, config.owner)
}

export async function rememberInFlash(config: Config, assignment: Assignment): Promise<void> {
    const kept = await writeRecord(assignment, config.registrationId, config.owner)
    console.log(kept ? "record kept" : "record not kept: the next boot registers")
}
