// Runs an emulator with a given number of registration records in a process of its own, and prints its connection card:
// `records-server.ts RECORDS GROUPS QUOTAS`.
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Quotas, startEmulator } from "@moorage/emulator"
import { realClock } from "@moorage/runtime"
import { cardOf } from "../../../tools/cli/emulate/connection-card.js"
import { registrationRecords } from "../../helpers/registration-records.js"

const [records, groups, quotas] = process.argv.slice(2)
const primaryKey = Buffer.alloc(64, 3).toString("base64")
const ids = Array.from({ length: Number(groups) }, (_, i) => `line-${i}`)
const count = Number(records) / ids.length

function* kept(): Generator<[string, unknown]> {
    for (const groupId of ids) yield* registrationRecords({ groupId, count, nowMs: realClock.nowMs() })
}

const emulator = await startEmulator({
    enrollmentGroups: ids.map(enrollmentGroupId => ({ enrollmentGroupId, primaryKey })),
    snapshot: new Map(kept()),
    quotas: JSON.parse(quotas) as Partial<Quotas>,
})
const caFile = join(mkdtempSync(join(tmpdir(), "moorage-bench-")), "ca.pem")
writeFileSync(caFile, emulator.ca)
process.stdout.write(`${JSON.stringify(cardOf(emulator, "127.0.0.1", caFile))}\n`)
