// The agent: the state machine that a board runs. Only this module combines the other folders.
//
//   find hub --none--> register --assigned--> connect --stable--> moored --Reprovision--> register
//      |                    ^                    ^ |
//      |                    +-- in turn, while --+-+
//      |                        both fail        |
//      +--------------- known hub ---------------+     devs/retry/retry-policy.ts decides on every transition

import * as ds from "@devicescript/core"
import { nowSec } from "../auth/wall-clock"
import { random } from "../auth/crypto"
import { AgentEvent, type PolicyEvent } from "../contract/agent-event"
import { Fault, FaultKind } from "../contract/fault"
import { LogText } from "../contract/log-text"
import { refreshClock } from "../dps/status-lookup"
import { register } from "../dps/registration"
import { fleetThrottleCeilingMs, uniformMs } from "../retry/backoff"
import { AgentAction, AgentPhase, type AgentState, newAgentState, next } from "../retry/retry-policy"
import type { Assignment } from "../store/record-format"
import { type BoardSettings, readBoardSettings } from "./board-settings"
import { BoardStatus, setStatus } from "../status/board-status"
import type { Image } from "./image"
import { runSession } from "./moored-session"
import { waitForSlot } from "./slot-wait"
import { planReboot, runGuarded, sleepFed, supervise } from "./supervisor"

/** After more failures than this, CONNACK 3 of DPS may mean a wrong ID scope: DPS uses the same code for both. */
const SCOPE_DOUBT = 4
/** After more failures than this, the status LED shows `Failing`. */
const FAILURES_SHOWN = 4
/** A program that starts later than this after power-on was restarted by the runtime. A boot takes 2 s. */
const BOOT_MS = 4000
/** After a crash, the board waits for this time to twice this time. Crashes of many boards cause no peak load. */
const RESTART_MS = 60_000

let config: BoardSettings
let image: Image
let agent: AgentState = newAgentState()
let assignment: Assignment

/** Applies the policy to an event. Logs `text` with the wait that follows, unless `text` is empty. */
function applyEvent(event: PolicyEvent, retryAfterSec: number, text: string): void {
    agent = next(agent, event, {
        retryAfterSec,
        nowMs: ds.millis(),
        fleetMs: fleetThrottleCeilingMs(config.load, config.fleet, config.perSec),
        random: random(),
    })
    const delaySec = Math.round(agent.delayMs / 1000)
    if (text) console.log(text + (delaySec > 0 ? LogText.Next + delaySec + " s" : ""))
}

/** Resets the failure count after a stable session and stores the assignment. */
async function onStable(): Promise<void> {
    applyEvent(AgentEvent.Stable, 0, "stable")
    if (image.storeAssignment) await image.storeAssignment(config, assignment)
}

/** Registers the board. Sets the clock first if the time is unknown. Returns whether DPS assigned the same hub. */
async function registerBoard(): Promise<boolean> {
    // Slots are for first registrations. A board that had a hub does not wait.
    if (!assignment) await waitForSlot(config)
    if (nowSec() <= 0) await refreshClock(config)
    console.log(LogText.Registering)
    const answer = await register(config)
    if (answer.status !== "assigned")
        throw new Fault(FaultKind.ServerError, "operation lost", answer.retryAfterSec)
    config.registrations++
    const isSameHub = assignment && assignment.hub === answer.hub
    assignment = { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
    return isSameHub
}

/** Does the work of the current phase. Throws Fault. */
async function step(): Promise<void> {
    switch (agent.phase) {
        case AgentPhase.FindHub:
            assignment = await image.recallAssignment(config)
            if (assignment) applyEvent(AgentEvent.Known, 0, LogText.Known + assignment.hub)
            else applyEvent(AgentEvent.Unknown, 0, "no assignment")
            break
        case AgentPhase.Register: {
            const isSameHub = await registerBoard()
            applyEvent(
                isSameHub ? AgentEvent.Returned : AgentEvent.Assigned,
                0,
                LogText.Assigned + assignment.hub
            )
            break
        }
        default: {
            console.log(LogText.Connecting + assignment.hub)
            const untilMs = agent.isRequested ? agent.dpsDueMs : Infinity
            const end = await runSession(config, image, assignment, onStable, untilMs)
            const isRenewal = end.event === AgentEvent.Renew
            applyEvent(end.event, end.delaySec, isRenewal ? LogText.Renewal : LogText.Reprovision)
            break
        }
    }
}

/** Sets the clock from DPS and moves the expiry of the next token. A failure is retried like any other failure. */
async function refreshToken(): Promise<void> {
    await refreshClock(config)
    if (assignment) assignment.expirySec = nowSec() + config.tokenSec
}

/** Applies the policy to a failure. Logs it and sets the board status. */
async function handleFault(fault: Fault): Promise<void> {
    const kind = fault.kind
    const offline = kind === FaultKind.Offline
    // A missing network is logged once.
    let text = offline && config.lastFailure === fault.message ? "" : fault.message
    if (
        agent.phase < AgentPhase.Connect &&
        kind === FaultKind.Unavailable &&
        agent.dpsFailures >= SCOPE_DOUBT
    )
        text += " (check ID_SCOPE)"
    applyEvent(kind, fault.retryAfterSec, text)
    config.lastFailure = fault.message
    // Failing: an operator has to act, or the problem persists.
    const failing =
        kind === FaultKind.Refused ||
        kind === FaultKind.Rejected ||
        agent.failures + agent.dpsFailures > FAILURES_SHOWN
    setStatus(failing ? BoardStatus.Failing : BoardStatus.Waiting)
    if (!offline) return
    // Not sleepFed(): the watchdog reboots a board whose network stays away.
    await ds.sleep(agent.delayMs)
    agent.delayMs = 1
}

/** Waits for the delay, does the action, and then does the work of the phase. */
async function runOnce(): Promise<void> {
    try {
        if (agent.delayMs > 1) await sleepFed(agent.delayMs)
        agent.delayMs = 1
        setStatus(BoardStatus.Working)
        if (agent.action === AgentAction.Reboot) ds.reboot()
        if (image.reprovisionRequested && image.reprovisionRequested()) {
            // DPS may have requested a wait that is not over. The next call waits.
            applyEvent(AgentEvent.Reprovision, 0, LogText.ButtonHeld)
            return
        }
        if (agent.action === AgentAction.RefreshClock) await refreshToken()
        agent.action = AgentAction.Go
        await step()
    } catch (e) {
        // An unexpected error counts as a network failure and is retried like one.
        const error = e as Error
        await handleFault(error instanceof Fault ? error : new Fault(FaultKind.Network, "" + error.message))
    }
}

/** Logs the name of the invalid setting every minute and never returns. A reboot would not help. */
async function halt(setting: string): Promise<void> {
    setStatus(BoardStatus.Failing)
    for (;;) {
        console.log(LogText.Setting + setting + LogText.Malformed)
        await sleepFed(60_000)
    }
}

/** Counts a crash and delays the next call. In safe mode the board omits what may have caused the crash. */
async function recover(wasRestarted: boolean): Promise<void> {
    config.safeMode = image.countCrash ? await image.countCrash(wasRestarted) : wasRestarted
    if (!wasRestarted) return
    if (config.safeMode) planReboot(1, 1)
    agent.delayMs = uniformMs(RESTART_MS, 2 * RESTART_MS, random())
    console.log(LogText.Restarted + (config.safeMode ? ": no record, twin, telemetry" : ""))
}

async function run(): Promise<void> {
    const wasRestarted = ds.millis() > BOOT_MS
    supervise()
    if (image.runStatusLed) runGuarded.start(image.runStatusLed)
    try {
        config = await readBoardSettings()
    } catch (e) {
        if (e instanceof Fault) throw e
        await halt((e as Error).message)
    }
    console.log(LogText.Boot + config.bootId + " " + image.name + " " + config.registrationId)
    if (!config.tls) console.log("WARNING: no TLS, for a lab only")
    await recover(wasRestarted)
    for (;;) await runOnce()
}

/** Starts the agent with the parts of `image`. Returns immediately. */
export function moor(parts: Image): void {
    image = parts
    runGuarded.start(run)
}
