// The agent: the state machine that a board runs, and the only place that joins the other folders.
//
//   recall --none--> register --assigned--> moor --stable--> moored --Reprovision--> register
//     |                                       ^
//     +--------------- known hub -------------+        what follows from what: devs/retry/retry-policy.ts

import * as ds from "@devicescript/core"
import { nowSec } from "../auth/wall-clock"
import { random } from "../auth/crypto"
import { refreshClock } from "../dps/status-lookup"
import { register } from "../dps/registration"
import { Fault, FaultKind } from "../contract/fault"
import { fleetThrottleCeilingMs, uniformMs } from "../retry/backoff"
import {
    AgentAction,
    AgentEvent,
    type AgentState,
    newAgentState,
    next,
    AgentPhase,
} from "../retry/retry-policy"
import type { Assignment } from "../store/assignment-record"
import { type BoardSettings, readBoardSettings } from "./board-settings"
import { BoardStatus, setStatus } from "../status/board-status"
import type { Image } from "./image"
import { runSession } from "./moored-session"
import { waitForSlot } from "./slot-wait"
import { runGuarded, sleepFed, planReboot, supervise } from "./supervisor"

/** After more CONNACK 3 in a row than these the ID scope itself is in doubt: DPS says the same for both. */
const SCOPE_DOUBT = 4
/** After more failures in a row than these the light shows failing. */
const FAILURES_SHOWN = 4
/** A program that is older at its start was restarted by the runtime: it died. A boot takes 2 s. */
const BOOT_MS = 4000
/** What a program that died waits for, and up to twice that: no death may become a stampede. */
const RESTART_MS = 60_000

let config: BoardSettings
let image: Image
let life: AgentState = newAgentState()
let assignment: Assignment

/** The policy's word on an event, and one line about it: what happened, and when it goes on. Silent without `what`. */
function applyEvent(event: number, retryAfterSec: number, what: string): void {
    const fleet = fleetThrottleCeilingMs(config.load, config.fleet, config.perSec)
    life = next(life, event, retryAfterSec, ds.millis(), fleet, random())
    const delaySec = Math.round(life.delayMs / 1000)
    if (what) console.log(what + (delaySec > 0 ? "; next in " + delaySec + " s" : ""))
}

/** The hub session has held: what went wrong before is over. */
async function onStable(): Promise<void> {
    applyEvent(AgentEvent.Stable, 0, "stable")
    if (image.storeAssignment) await image.storeAssignment(config, assignment)
}

/** Registers, with the time learnt first when it is not known; whether the hub is the one it had. */
async function registerBoard(): Promise<boolean> {
    // Not a board that had a hub: the stagger is for first registrations.
    if (!assignment) await waitForSlot(config)
    if (nowSec() <= 0) await refreshClock(config)
    console.log("registering")
    const answer = await register(config)
    if (answer.status !== "assigned")
        throw new Fault(FaultKind.ServerError, "operation lost", answer.retryAfterSec)
    config.registrations++
    const same = assignment && assignment.hub === answer.hub
    assignment = { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
    return same
}

/** Does the work of the present state. Throws Fault. */
async function step(): Promise<void> {
    switch (life.state) {
        case AgentPhase.FindHub:
            assignment = await image.recallAssignment(config)
            if (assignment) applyEvent(AgentEvent.Known, 0, "known " + assignment.hub)
            else applyEvent(AgentEvent.Unknown, 0, "no assignment")
            break
        case AgentPhase.Register: {
            const same = await registerBoard()
            applyEvent(same ? AgentEvent.Returned : AgentEvent.Assigned, 0, "assigned " + assignment.hub)
            break
        }
        default: {
            console.log("connecting " + assignment.hub)
            const delaySec = await runSession(config, image, assignment, onStable)
            if (delaySec < 0) applyEvent(AgentEvent.Renew, 0, "token renewal")
            else applyEvent(AgentEvent.Reprovision, delaySec, "reprovision asked")
            break
        }
    }
}

/** Learns the time anew, so that the next token is fresh; a failure here waits like any other, and costs nothing. */
async function freshToken(): Promise<void> {
    await refreshClock(config)
    if (assignment) assignment.expirySec = nowSec() + config.tokenSec
}

/** Any error as a Fault: one that nobody foresaw counts as the network's, and is retried like it. */
function asFault(error: Error): Fault {
    return error instanceof Fault ? error : new Fault(FaultKind.Network, "" + error.message)
}

/** Whether the trouble is the operator's, or lasts: what the light calls failing. */
function isFailing(kind: FaultKind): boolean {
    return kind === FaultKind.Refused || kind === FaultKind.Rejected || life.failures > FAILURES_SHOWN
}

/** Asks the policy about a fault, and says and shows what is done about it. */
async function handleFault(fault: Fault): Promise<void> {
    const offline = fault.kind === FaultKind.Offline
    // A network that is away is said once.
    let what = offline && config.lastFailure === fault.message ? "" : fault.message
    if (
        life.state < AgentPhase.Connect &&
        fault.kind === FaultKind.Unavailable &&
        life.failures >= SCOPE_DOUBT
    )
        what += " (ID_SCOPE right?)"
    applyEvent(fault.kind, fault.retryAfterSec, what)
    config.lastFailure = fault.message
    setStatus(isFailing(fault.kind) ? BoardStatus.Failing : BoardStatus.Waiting)
    if (!offline) return
    // Not by pause(): a network that stays away is for the watchdog.
    await ds.sleep(life.delayMs)
    life.delayMs = 1
}

/** Waits as the policy says, does as it says, and then the work of the state that it says. */
async function runOnce(): Promise<void> {
    try {
        if (life.delayMs > 1) await sleepFed(life.delayMs)
        const action = life.action
        life.delayMs = 1
        setStatus(BoardStatus.Working)
        if (image.reprovisionRequested && image.reprovisionRequested())
            applyEvent(AgentEvent.Reprovision, 0, "button held")
        if (action === AgentAction.Reboot) ds.reboot()
        if (action === AgentAction.RefreshClock) await freshToken()
        life.action = AgentAction.Go
        await step()
    } catch (e) {
        await handleFault(asFault(e as Error))
    }
}

/** Says which setting is wrong, for ever: a reset would not mend it. */
async function halt(setting: string): Promise<void> {
    setStatus(BoardStatus.Failing)
    for (;;) {
        console.log("setting " + setting + " is missing or malformed")
        await sleepFed(60_000)
    }
}

/** After a death: waits, and leaves away what may have been its cause. */
async function recover(restarted: boolean): Promise<void> {
    config.safeMode = image.countCrash ? await image.countCrash(restarted) : restarted
    if (!restarted) return
    if (config.safeMode) planReboot(1, 1)
    life.delayMs = uniformMs(RESTART_MS, 2 * RESTART_MS, random())
    console.log("restarted after a panic" + (config.safeMode ? ": no record, twin, telemetry" : ""))
}

async function run(): Promise<void> {
    const restarted = ds.millis() > BOOT_MS
    supervise()
    if (image.runStatusLed) runGuarded.start(image.runStatusLed)
    try {
        config = await readBoardSettings()
    } catch (e) {
        if (e instanceof Fault) throw e
        await halt((e as Error).message)
    }
    console.log("boot " + config.bootId + " " + image.name + " " + config.registrationId)
    if (!config.tls) console.log("WARNING: tcp, not tls: for a lab only")
    await recover(restarted)
    for (;;) await runOnce()
}

/** Starts the board's life as the given image; returns at once. */
export function moor(own: Image): void {
    image = own
    runGuarded.start(run)
}
