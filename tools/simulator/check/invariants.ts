// What must hold in every run, whatever befalls the fleet: each with an id, a sentence, and where it comes from.
import type { TraceEvent } from "../trace/trace-event.js"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { FlashRecord } from "../world/simulated-board.js"
import type { BoardObserver } from "./board-observer.js"

export interface Invariant {
    id: string
    sentence: string
    /** The seed's words, or the fact of the runtime. */
    source: string
}

/** A fact is told of before the watch takes it in; what is returned says what is wrong. */
type EventCheck = (fact: TraceEvent, watch: BoardObserver) => string | undefined

/** The VM's tick, and what sending and receiving take. */
const SLACK_MS = 50
const HUB_GAP_MS = 60_000
const SERVER_ERROR_MS = 5_000
/** A try that fails may take so long until the network tells. */
const ATTEMPT_MS = 60_000
/** Of what is left of a token's life, at most. */
const TOKEN_LIFE_MAX = 0.85
const TOKEN_DAYS = 90
/** A renewal waits for telemetry that is under way. */
const RENEWAL_SLACK_MS = 5 * 60_000
const RECORD_RENEWAL_SEC = 60 * 86_400
/** Once a session is stable the record is written and read back within this. */
const KEPT_AFTER_MS = 10_000
/** After so many deaths in a row a board leaves its record away. */
const DEATHS_MAX = 3
const SECRET = /SharedAccessSignature|sig=|AccessKey/

const isHub = (service: string | undefined) =>
    service !== undefined && service !== GLOBAL_DEVICE_ENDPOINT && service !== "dps"
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** Registration is for a board that no hub is known for, was refused twice, lost its hub for long, or was asked to. */
function isRegistrationDue(watch: BoardObserver, ms: number): boolean {
    if (watch.isRegistering || watch.reprovisionRequested || !watch.knowsHub || watch.refusals >= 2)
        return true
    return watch.lostMs !== undefined && ms - watch.lostMs >= watch.windowMs
}

/** Whether the board leaves its record away, since its program died too often. */
const isInSafeMode = ({ sim }: BoardObserver) => sim.flashRecord().crashes >= DEATHS_MAX

/** When the slot of a board begins that was never assigned, in ms of the run. */
function slotMs({ sim, bootMs }: BoardObserver): number {
    const { SLOT = 0, SLOT_SEC = 0 } = sim.options.settings
    return bootMs + Number(SLOT) * Number(SLOT_SEC) * 1000
}

function tokenLifeMs({ sim }: BoardObserver): number {
    return Number(sim.options.settings.TOKEN_DAYS ?? TOKEN_DAYS) * 86_400_000
}

/** Checked at each fact of a board. */
export const EVENT_INVARIANTS: (Invariant & { check: EventCheck })[] = [
    {
        id: "warm-boot",
        sentence: "No board asks DPS on a warm boot with a valid record before it tried its hub.",
        source: "seed: You shouldn't need to provision every time the device reboots.",
        check: ({ kind }, watch) => {
            if (watch.hubAttempt || watch.reprovisionRequested || watch.isRegistering) return undefined
            const isNeedless =
                (kind === "register" && watch.knowsHub) || (kind === "lookup" && watch.hasRecord)
            return isNeedless && !isInSafeMode(watch) ? `${kind} without a try at the hub it knew` : undefined
        },
    },
    {
        id: "lookup-first",
        sentence: "No board without a record registers before it looked up whether DPS knows its hub.",
        source: "seed: At every device reboot, that API needs to be invoked to get the device registration status.",
        check: ({ kind }, watch) =>
            kind === "register" &&
            !watch.knowsHub &&
            !watch.hasLookedUp &&
            !watch.reprovisionRequested &&
            !watch.isRegistering
                ? "registered without a lookup"
                : undefined,
    },
    {
        id: "slot",
        sentence: "No board asks DPS for its first assignment before its slot.",
        source: "seed: you should use a staggered registration schedule for the devices",
        check: ({ kind, ms }, watch) =>
            (kind === "register" || (kind === "lookup" && watch.sim.storesRecord)) &&
            watch.hubs.size === 0 &&
            ms + SLACK_MS < slotMs(watch)
                ? `${kind} ${seconds(slotMs(watch) - ms)} before its slot`
                : undefined,
    },
    {
        id: "own-hub",
        sentence: "A board dials no hub but those that DPS named to it.",
        source: "ARCHITECTURE: a record that is damaged, or another owner's, reads as none",
        check: ({ kind, service = "" }, { hubs }) =>
            kind === "dial" && isHub(service) && !hubs.has(service) ? `dialled ${service}` : undefined,
    },
    {
        id: "hub-window",
        sentence:
            "No registration within 15 minutes after a board lost its hub, unless it was refused twice; twice as " +
            "long each time that DPS names the same dead hub, up to 2 h.",
        source: "seed: devices should try to reconnect directly to the same IoT Hub for at least 15 minutes",
        check: ({ kind, ms }, watch) =>
            kind === "register" && watch.hubAttempt && !isRegistrationDue(watch, ms)
                ? `registered ${watch.lostMs === undefined ? "with no failure" : `${seconds(ms - watch.lostMs)} after it lost its hub`}, refused ${watch.refusals} times`
                : undefined,
    },
    {
        id: "window-end",
        sentence: "Once the hub window is over (30 minutes, at most 4 h) a board asks DPS before its hub.",
        source: "seed: Once the threshold is reached, the retry mechanism automatically triggers a fresh start",
        check: ({ kind, service }, { hubAttempt: hubTry, lostMs, windowMs, isRegistering: registering }) => {
            if (kind !== "dial" || !isHub(service) || registering) return undefined
            if (hubTry?.endMs === undefined || lostMs === undefined) return undefined
            const spentMs = hubTry.endMs - lostMs
            return spentMs > 2 * windowMs + ATTEMPT_MS
                ? `tried its hub again ${seconds(spentMs)} after it lost it`
                : undefined
        },
    },
    {
        id: "fresh-token",
        sentence: "A board that its hub refused learns the time from DPS before it tries again.",
        source: "ARCHITECTURE: 1st refusal: refresh clock, fresh token, same hub",
        check: ({ kind, service }, { isRefused: refused }) =>
            kind === "dial" && isHub(service) && refused ? "tried again with the token refused" : undefined,
    },
    {
        id: "token-life",
        sentence: "No session outlives 85 % of its token.",
        source: "ARCHITECTURE: Tokens are renewed at a jittered 70-85 % of their life",
        check: ({ ms }, watch) =>
            watch.mooredMs !== undefined &&
            ms - watch.mooredMs > TOKEN_LIFE_MAX * tokenLifeMs(watch) + RENEWAL_SLACK_MS
                ? `a session of ${seconds(ms - watch.mooredMs)}`
                : undefined,
    },
    {
        id: "retry-after",
        sentence:
            "No request to DPS before its retry-after is over; after a server error none for 5 s, after what only " +
            "an operator can mend none for 10 min.",
        source: "seed: you should wait until the time specified in the retry-after header",
        check: ({ kind, ms, service }, { notBefore }) => {
            const isRequest = kind === "register" || kind === "poll" || kind === "lookup"
            const isDial =
                kind === "dial" && service === GLOBAL_DEVICE_ENDPOINT && notBefore?.isFault === true
            return (isRequest || isDial) && notBefore && ms < notBefore.ms
                ? `${kind} ${seconds(notBefore.ms - ms)} too early: ${notBefore.why}`
                : undefined
        },
    },
    {
        id: "hub-gap",
        sentence: "Tries at a hub are 60 s apart, but for the first after a server error: 5 s.",
        source: "seed: allowing a gap of at least a minute before a retry; at least 5 seconds of wait-time",
        check: ({ kind, ms, service }, watch) => {
            const { hubAttempt: hubTry } = watch
            if (kind !== "dial" || !isHub(service) || !hubTry || watch.endedOnPurpose) return undefined
            const isFirst = watch.failures <= 1 && watch.looksLikeServerError
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

export const SPREAD_INVARIANT: Invariant = {
    id: "spread",
    sentence:
        "Of boards that the same trouble struck in the same second, a dozen at least, no more than three quarters " +
        "come back within the same second.",
    source: "seed: devices should delay reconnecting for a random amount of time",
}

export const FLASH_NEED_INVARIANT: Invariant = {
    id: "flash-need",
    sentence:
        "Flash is written only in a stable session, for a new assignment or an expiry 60 days later, or for a " +
        "death; never by tight.",
    source: "facts D2: a torn write formats the store",
}

/** What is wrong about a write to flash at `ms`. */
export function checkFlashWrite(
    watch: BoardObserver,
    before: FlashRecord,
    after: FlashRecord,
    ms: number
): string | undefined {
    if (!watch.sim.storesRecord) return "the tight image wrote flash"
    if (before.text === after.text) return undefined
    const heldMs = ms - (watch.mooredMs ?? ms)
    if (heldMs + SLACK_MS < watch.stableMs) return `wrote the record in a session of ${seconds(heldMs)}`
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
    flashRecord: FlashRecord
    /** For how long the session has held, in ms; 0 without. */
    heldMs: number
}

/** Checked when the run is over, of each board that has power and its program. */
export const END_INVARIANTS: (Invariant & {
    check: (end: EndState, watch: BoardObserver) => string | undefined
})[] = [
    {
        id: "agree",
        sentence: "In the end the registry, the hubs' sessions and the board's record agree.",
        source: "issue 5: the emulator's registry and the boards' records agree at the end",
        check: ({ assignedHub, sessions, flashRecord: kept, heldMs }, { sim, stableMs }) => {
            if (sessions.length > 1) return `sessions at ${sessions.join(" and ")}`
            if (sessions.length === 1 && assignedHub !== undefined && sessions[0] !== assignedHub)
                return `moored at ${sessions[0]}, assigned to ${String(assignedHub)}`
            const mustKeep = sim.storesRecord && !sim.hadFlashFailure && kept.crashes < DEATHS_MAX
            const isKept = mustKeep && heldMs > stableMs + KEPT_AFTER_MS
            if (isKept && sessions.length === 1 && kept.assignment?.hub !== sessions[0])
                return `moored at ${sessions[0]}, the record says ${String(kept.assignment?.hub)}`
            return undefined
        },
    },
]

export const PROMISED_INVARIANT: Invariant = {
    id: "promised",
    sentence: "A board that answered 202 to Reprovision registers.",
    source: "seed: devices should be capable of responding to a user-initiated reprovisioning command",
}

export const MOORED_INVARIANT: Invariant = {
    id: "moored",
    sentence: "Every board is moored within a bound after the last fault has ended.",
    source: "seed: a retry logic enables devices to successfully connect",
}

/** All of them, for the report and the docs. */
export const INVARIANTS: Invariant[] = [
    ...EVENT_INVARIANTS,
    SPREAD_INVARIANT,
    FLASH_NEED_INVARIANT,
    ...END_INVARIANTS,
    PROMISED_INVARIANT,
    MOORED_INVARIANT,
].map(({ id, sentence, source }) => ({ id, sentence, source }))
