// The mutants: the firmware with one rule broken on purpose. Each mutant has the edits of the firmware source, the plan
// in which it runs, and the invariant that must detect it.

export interface Edit {
    /** Path in the DeviceScript project. */
    file: string
    /** Text that occurs exactly once in the file. */
    find: string
    replace: string
}

/** Names of the plans in plans/. */
export type MutantPlan = "dps-fault" | "first-boots" | "cut-off" | "lost-hub" | "records" | "slots" | "days"

export interface Mutant {
    name: string
    edits: Edit[]
    plan: MutantPlan
    seed: number
    /** ID of the invariant that must detect the mutant. Other invariants may detect it too. */
    detectedBy: string
}

const BACKOFF = "devs/retry/backoff.ts"
const POLICY = "devs/retry/retry-policy.ts"
const AGENT = "devs/agent/index.ts"
const SESSION = "devs/agent/moored-session.ts"
const RECORD = "devs/store/record-format.ts"

const ROLL = "return low + Math.floor((high - low + 1) * random)"
const CHECKSUM = 'if (text.slice(end) !== "" + checksum(owner + body)) return undefined'
const REFUSED_ONCE = "refreshes = after.refusals < 2"

/** Returns a mutant with one edit, for seed 1. */
function singleEdit(
    name: string,
    [file, find, replace]: [string, string, string],
    plan: MutantPlan,
    detectedBy: string
): Mutant {
    return { name, edits: [{ file, find, replace }], plan, seed: 1, detectedBy }
}

export const MUTANTS: Mutant[] = [
    // Waits.
    singleEdit("no jitter: always the shortest wait", [BACKOFF, ROLL, "return low"], "cut-off", "spread"),
    singleEdit("no jitter: always the longest wait", [BACKOFF, ROLL, "return high"], "cut-off", "spread"),
    singleEdit(
        "no jitter when throttled",
        [POLICY, "maxMs = input.fleetMs", "minMs = input.fleetMs\n            maxMs = input.fleetMs"],
        "first-boots",
        "spread"
    ),
    singleEdit(
        "no jitter after a server error",
        [
            POLICY,
            "minMs = SERVER_ERROR_MS\n            maxMs = Math.max(maxMs, 2 * minMs)",
            "minMs = SERVER_ERROR_MS",
        ],
        "dps-fault",
        "spread"
    ),
    singleEdit(
        "retry-after ignored",
        [POLICY, "if (input.retryAfterSec > 0) {", "if (input.retryAfterSec > 1e9) {"],
        "first-boots",
        "retry-after"
    ),
    singleEdit(
        "retry-after read as milliseconds",
        [POLICY, "Math.max(minMs, input.retryAfterSec * 1000)", "Math.max(minMs, input.retryAfterSec)"],
        "first-boots",
        "retry-after"
    ),
    singleEdit(
        "retry 1 ms after each failure",
        [
            POLICY,
            "after.delayMs = leftMs >= 1000 ? leftMs : uniformMs(1000, DUE_MAX_MS, input.random)",
            "after.delayMs = 1",
        ],
        "first-boots",
        "retry-after"
    ),
    singleEdit(
        "server error: first wait 100 ms",
        [POLICY, "SERVER_ERROR_MS = 5_000", "SERVER_ERROR_MS = 100"],
        "dps-fault",
        "retry-after"
    ),
    singleEdit(
        "operator error retried after 1 s",
        [POLICY, "case FaultKind.Rejected:\n            needsOperator = true", "case FaultKind.Rejected:"],
        "first-boots",
        "retry-after"
    ),
    singleEdit(
        "polls without a wait",
        ["devs/dps/registration.ts", "await waitUntilDue()", "if (dueMs < 0) await waitUntilDue()"],
        "first-boots",
        "retry-after"
    ),
    singleEdit(
        "endless wait after a failure",
        [
            AGENT,
            "if (agent.delayMs > 1) await",
            "if (agent.failures + agent.dpsFailures > 0) await sleepFed(1e9)\n        await",
        ],
        "first-boots",
        "moored"
    ),
    // The hub.
    singleEdit(
        "5 s between attempts at a hub",
        [POLICY, "HUB_GAP_MS = 60_000", "HUB_GAP_MS = 5_000"],
        "lost-hub",
        "hub-gap"
    ),
    singleEdit(
        "hub window of 1 min",
        [POLICY, "HUB_WINDOW_MS = 30 * 60_000", "HUB_WINDOW_MS = 60_000"],
        "lost-hub",
        "hub-window"
    ),
    singleEdit(
        "hub window that never doubles",
        [
            POLICY,
            "after.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * after.windowMs)",
            "after.windowMs = HUB_WINDOW_MS",
        ],
        "lost-hub",
        "hub-window"
    ),
    singleEdit(
        "hub window without an end",
        [POLICY, "if (nowMs - after.lostMs >= after.windowMs)", "if (nowMs < after.lostMs)"],
        "lost-hub",
        "window-end"
    ),
    {
        name: "backoff reset at CONNACK",
        edits: [
            {
                file: AGENT,
                find: 'import { refreshClock } from "../dps/status-lookup"',
                replace:
                    'import { connAckMs } from "../mqtt/mqtt-client"\nimport { refreshClock } from "../dps/status-lookup"',
            },
            {
                file: AGENT,
                find: "const offline = kind === FaultKind.Offline",
                replace:
                    "if (connAckMs > 0 && agent.phase >= AgentPhase.Connect) {\n        agent = newAgentState()\n" +
                    "        agent.phase = AgentPhase.Connect\n    }\n" +
                    "    const offline = kind === FaultKind.Offline",
            },
        ],
        plan: "cut-off",
        seed: 1,
        detectedBy: "hub-gap",
    },
    singleEdit(
        "registers after one refusal",
        [
            POLICY,
            "if (after.refusals >= 2 && !after.needsDps) {",
            "if (after.refusals >= 1 && !after.needsDps) {",
        ],
        "cut-off",
        "hub-window"
    ),
    singleEdit(
        "retries with the refused token",
        [POLICY, REFUSED_ONCE, "refreshes = false"],
        "cut-off",
        "fresh-token"
    ),
    singleEdit(
        "token never renewed",
        [SESSION, "if (nowMs >= renewMs) return", "if (nowMs < 0) return"],
        "days",
        "token-life"
    ),
    singleEdit(
        "Reprovision answered but not done",
        [SESSION, "if (delaySec !== undefined) return", "if (delaySec >= 1e9) return"],
        "cut-off",
        "promised"
    ),
    // The boot.
    singleEdit(
        "registers at every boot: record never read",
        ["devs/agent/assignment-from-flash.ts", "if (stored) return stored", "if (stored) return undefined"],
        "first-boots",
        "warm-boot"
    ),
    singleEdit(
        "registers at every boot: no lookup",
        [
            "devs/agent/assignment-from-lookup.ts",
            "const answer = await lookup(config)",
            "if (config.port > 0) return undefined\n    const answer = await lookup(config)",
        ],
        "first-boots",
        "lookup-first"
    ),
    singleEdit(
        "slot ignored",
        ["devs/agent/slot-wait.ts", "if (hasWaited) return", "if (!hasWaited) return"],
        "slots",
        "slot"
    ),
    singleEdit(
        "waits for the slot at warm boots",
        [
            "devs/agent/assignment-from-flash.ts",
            "if (!config.safeMode) {",
            "await waitForSlot(config)\n    if (!config.safeMode) {",
        ],
        "slots",
        "moored"
    ),
    // The record.
    singleEdit(
        "record without a checksum",
        [RECORD, CHECKSUM, "if (text === owner) return undefined"],
        "records",
        "own-hub"
    ),
    {
        name: "record without its owner",
        edits: [
            { file: RECORD, find: CHECKSUM, replace: CHECKSUM.replace("owner + ", "") },
            {
                file: RECORD,
                find: "return body + checksum(owner + body)",
                replace: "return body + checksum(body)",
            },
        ],
        plan: "records",
        seed: 1,
        detectedBy: "own-hub",
    },
    singleEdit(
        "stable at CONNACK: record written immediately",
        [SESSION, "openedMs + config.stableSec * 1000", "openedMs"],
        "records",
        "flash-need"
    ),
    {
        name: "record written in every session",
        edits: [
            {
                file: RECORD,
                find: "return gainedSec >= 0 && gainedSec < RENEW_SEC",
                replace: "return gainedSec === 0",
            },
            {
                file: AGENT,
                find: "if (image.storeAssignment)",
                replace: "assignment.expirySec++\n    if (image.storeAssignment)",
            },
        ],
        plan: "records",
        seed: 1,
        detectedBy: "flash-need",
    },
    singleEdit(
        "record written at every renewal",
        [RECORD, "const RENEW_SEC = 60 * 86_400", "const RENEW_SEC = 3600"],
        "days",
        "flash-need"
    ),
    singleEdit(
        "tight image writes a record",
        [
            "src/maintight.ts",
            "recallAssignment: recallByLookup })",
            'recallAssignment: recallByLookup, storeAssignment: storeInFlash })\nimport { storeInFlash } from "@moorage/device/full"',
        ],
        "first-boots",
        "flash-need"
    ),
    // The runtime.
    singleEdit(
        "key in a log line",
        [
            "devs/agent/board-settings.ts",
            "const key = fromBase64(keyText)",
            'console.log("key " + keyText)\n    const key = fromBase64(keyText)',
        ],
        "slots",
        "no-secret"
    ),
    singleEdit(
        "tokens in a log line",
        ["devs/auth/sas-token.ts", "return policy ?", "console.log(token)\n    return policy ?"],
        "slots",
        "no-secret"
    ),
    {
        name: "an array that grows by 4 KB with each packet",
        edits: [
            {
                file: "devs/mqtt/mqtt-client.ts",
                find: "let lastId = 0",
                replace: "let lastId = 0\nconst sent: Buffer[] = []",
            },
            {
                file: "devs/mqtt/mqtt-client.ts",
                find: "sentMs = ds.millis()\n    await send(packet)",
                replace: "sentMs = ds.millis()\n    sent.push(Buffer.alloc(4096))\n    await send(packet)",
            },
        ],
        plan: "slots",
        seed: 1,
        detectedBy: "no-panic",
    },
]
