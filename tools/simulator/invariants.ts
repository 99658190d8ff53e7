// What must hold in every run, whatever befalls the fleet: each with an id, a sentence, and where it comes from.
import type { Fact } from "./facts.js"
import { DPS_HOST } from "./plan.js"
import type { Kept } from "./simboard.js"
import type { BoardWatch } from "./watch.js"

export interface Invariant {
    id: string
    sentence: string
    /** The seed's words, or the fact of the runtime. */
    source: string
}

/** A fact is told of before the watch takes it in; what is returned says what is wrong. */
type FactCheck = (fact: Fact, watch: BoardWatch) => string | undefined

/** The VM's tick, and what sending and receiving take. */
const SLACK_MS = 50
const HUB_GAP_MS = 60_000
const SERVER_ERROR_MS = 5_000
/** The seed's least; the firmware's own window is twice as long. */
const HUB_WINDOW_MS = 15 * 60_000
const RECORD_RENEWAL_SEC = 60 * 86_400
/** Once a session is stable the record is written and read back within this. */
const KEPT_AFTER_MS = 10_000
/** After so many deaths in a row a board leaves its record away. */
const DEATHS_MAX = 3
const SECRET = /SharedAccessSignature|sig=|AccessKey/

const isHub = (service: string | undefined) =>
    service !== undefined && service !== DPS_HOST && service !== "dps"
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** Registration is for a board that no hub is known for, was refused twice, lost its hub for long, or was asked to. */
function isRegistrationDue(watch: BoardWatch, ms: number): boolean {
    if (watch.registering || watch.asked || !watch.knowsHub || watch.refusals >= 2) return true
    return watch.lostMs !== undefined && ms - watch.lostMs >= HUB_WINDOW_MS
}

/** Checked at each fact of a board. */
export const FACT_INVARIANTS: (Invariant & { check: FactCheck })[] = [
    {
        id: "warm-boot",
        sentence: "No board registers on a warm boot with a valid record before it tried its hub.",
        source: "seed: You shouldn't need to provision every time the device reboots.",
        check: ({ kind }, watch) =>
            kind === "register" && watch.knowsHub && !watch.hubTry && !watch.asked && !watch.registering
                ? "registered although it knew its hub, without trying it"
                : undefined,
    },
    {
        id: "hub-window",
        sentence:
            "No registration within 15 minutes after a board lost its hub, unless it was refused twice.",
        source: "seed: devices should try to reconnect directly to the same IoT Hub for at least 15 minutes",
        check: ({ kind, ms }, watch) =>
            kind === "register" && watch.hubTry && !isRegistrationDue(watch, ms)
                ? `registered ${watch.lostMs === undefined ? "with no failure" : `${seconds(ms - watch.lostMs)} after it lost its hub`}, refused ${watch.refusals} times`
                : undefined,
    },
    {
        id: "retry-after",
        sentence: "No request to DPS before its retry-after is over; after a server error none for 5 s.",
        source: "seed: you should wait until the time specified in the retry-after header",
        check: ({ kind, ms }, { notBefore }) =>
            (kind === "register" || kind === "poll" || kind === "lookup") && notBefore && ms < notBefore.ms
                ? `${kind} ${seconds(notBefore.ms - ms)} too early: ${notBefore.why}`
                : undefined,
    },
    {
        id: "hub-gap",
        sentence: "Tries at a hub are 60 s apart, but for the first after a server error: 5 s.",
        source: "seed: allowing a gap of at least a minute before a retry; at least 5 seconds of wait-time",
        check: ({ kind, ms, service }, watch) => {
            const { hubTry } = watch
            if (kind !== "dial" || !isHub(service) || !hubTry || watch.endedAtWill) return undefined
            const isFirst = watch.failures <= 1 && watch.lookedLikeServerError
            const gapMs = ms - (hubTry.endMs ?? hubTry.dialMs)
            const leastMs = isFirst ? SERVER_ERROR_MS : HUB_GAP_MS
            return gapMs + SLACK_MS < leastMs ? `only ${seconds(gapMs)} after the last try` : undefined
        },
    },
    {
        id: "one-socket",
        sentence: "At most one socket at a time.",
        source: "DeviceScript: one socket in the whole VM (facts 3.1)",
        check: ({ kind, status = 0 }) =>
            kind === "dial" && status > 0 ? `dialled with ${status} connections open` : undefined,
    },
    {
        id: "no-panic",
        sentence: "No panic, no out-of-memory, no abort.",
        source: "facts D15: heap exhaustion restarts the program",
        check: ({ kind, detail }) => (kind === "panic" ? detail : undefined),
    },
    {
        id: "no-secret",
        sentence: "Never a key or a token in a log.",
        source: "how we work: secrets never reach a log, an error or a report",
        check: ({ detail }, { sim }) =>
            detail !== undefined && (SECRET.test(detail) || detail.includes(sim.options.key))
                ? "a secret was said"
                : undefined,
    },
]

export const FLASH_NEED: Invariant = {
    id: "flash-need",
    sentence:
        "Flash is written only for a new assignment, an expiry 60 days later, or a death; never by tight.",
    source: "facts D2: a torn write formats the store",
}

/** What is wrong about a write to flash. */
export function flashWriteFault(watch: BoardWatch, before: Kept, after: Kept): string | undefined {
    if (!watch.sim.keepsRecord) return "the tight image wrote flash"
    if (before.text === after.text) return undefined
    const was = before.assignment
    const is = after.assignment
    // The first of two settings: the record is whole after the second.
    if (!was || !is || was.hub !== is.hub || was.deviceId !== is.deviceId) return undefined
    const gainedSec = is.expirySec - was.expirySec
    return gainedSec >= 0 && gainedSec < RECORD_RENEWAL_SEC
        ? `wrote the same assignment again, ${gainedSec} s later`
        : undefined
}

/** How a board and the cloud stand to each other when all is over. */
export interface EndState {
    /** Hub that DPS has on record. */
    assignedHub: string | undefined
    /** Hubs that have a session of the board. */
    sessions: string[]
    kept: Kept
    /** For how long the session has held, in ms; 0 without. */
    heldMs: number
}

/** Checked when the run is over, of each board that has power and its program. */
export const END_INVARIANTS: (Invariant & {
    check: (end: EndState, watch: BoardWatch) => string | undefined
})[] = [
    {
        id: "agree",
        sentence: "In the end the registry, the hubs' sessions and the board's record agree.",
        source: "issue 5: the emulator's registry and the boards' records agree at the end",
        check: ({ assignedHub, sessions, kept, heldMs }, { sim, stableMs }) => {
            if (sessions.length > 1) return `sessions at ${sessions.join(" and ")}`
            if (sessions.length === 1 && assignedHub !== undefined && sessions[0] !== assignedHub)
                return `moored at ${sessions[0]}, assigned to ${String(assignedHub)}`
            const mustKeep = sim.keepsRecord && !sim.flashFailed && kept.deaths < DEATHS_MAX
            const isKept = mustKeep && heldMs > stableMs + KEPT_AFTER_MS
            if (isKept && sessions.length === 1 && kept.assignment?.hub !== sessions[0])
                return `moored at ${sessions[0]}, the record says ${String(kept.assignment?.hub)}`
            return undefined
        },
    },
]

export const MOORED: Invariant = {
    id: "moored",
    sentence: "Every board is moored within a bound after the last fault has ended.",
    source: "seed: a retry logic enables devices to successfully connect",
}

/** All of them, for the report and the docs. */
export const INVARIANTS: Invariant[] = [...FACT_INVARIANTS, FLASH_NEED, ...END_INVARIANTS, MOORED].map(
    ({ id, sentence, source }) => ({ id, sentence, source })
)
