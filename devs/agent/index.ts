// The agent: the state machine that a board runs, and the only place that joins the other folders.
//
//   recall --none--> register --assigned--> moor --stable--> moored --Reprovision--> register
//     |                                       ^
//     +--------------- known hub -------------+        what follows from what: devs/retry/policy.ts

import * as ds from "@devicescript/core"
import { forgetTime, nowSec } from "../auth/clock"
import { random } from "../auth/crypto"
import { refreshClock } from "../dps/lookup"
import { register } from "../dps/registration"
import { Fault, FaultKind } from "../fault"
import { fleetMs } from "../retry/backoff"
import { Action, Event, type Life, newLife, next, State } from "../retry/policy"
import type { Assignment } from "../store/record"
import { type Config, readConfig } from "./config"
import { blinkForever } from "./light"
import type { Image } from "./memory"
import { runSession } from "./session"
import { waitForSlot } from "./slot"
import { guarded, pause, supervise } from "./supervisor"

/** After so many CONNACK 3 in a row the ID scope itself is in doubt: DPS says the same for both. */
const SCOPE_DOUBT = 5

let config: Config
let image: Image
let life: Life = newLife()
let assignment: Assignment

/** The policy's word on an event. */
function happened(event: number, retryAfterSec: number): void {
    const fleet = fleetMs(config.load, config.fleet, config.perSec)
    life = next(life, event, retryAfterSec, ds.millis(), fleet, random())
}

/** The hub session has held: what went wrong before is over. */
async function settled(): Promise<void> {
    happened(Event.Stable, 0)
    await image.remember(config, assignment)
}

/** Registers, with the time learnt first when it is not known; whether the hub is the one it had. */
async function registerBoard(): Promise<boolean> {
    await waitForSlot(config)
    if (nowSec() <= 0) await refreshClock(config)
    console.log("registering")
    const answer = await register(config)
    if (answer.status !== "assigned") throw new Fault(FaultKind.ServerError, "unassigned")
    console.log("assigned " + answer.hub)
    config.registrations++
    const same = assignment && assignment.hub === answer.hub
    assignment = { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
    return same
}

/** Does the work of the present state. Throws Fault. */
async function step(): Promise<void> {
    switch (life.state) {
        case State.Recall:
            assignment = await image.recall(config)
            happened(assignment ? Event.Known : Event.Unknown, 0)
            break
        case State.Register: {
            const same = await registerBoard()
            happened(same ? Event.Returned : Event.Assigned, 0)
            break
        }
        default: {
            console.log("connecting " + assignment.hub)
            const delaySec = await runSession(config, image, assignment, settled)
            console.log(delaySec < 0 ? "token renewal" : "reprovision asked")
            if (delaySec < 0) happened(Event.Renew, 0)
            else happened(Event.Reprovision, delaySec)
            break
        }
    }
}

/** Learns the time anew, so that the next token is fresh; a failure here waits like any other. */
async function freshToken(): Promise<void> {
    forgetTime()
    await refreshClock(config)
    if (assignment) assignment.expirySec = nowSec() + config.tokenSec
}

/** Any error as a Fault: one that nobody foresaw counts as the network's, and is retried like it. */
function asFault(error: Error): Fault {
    return error instanceof Fault ? error : new Fault(FaultKind.Network, "" + error.message)
}

/** Counts a fault and says what is done about it. */
async function failed(fault: Fault): Promise<void> {
    const atHub = life.state >= State.Moor
    happened(fault.kind, fault.retryAfterSec)
    if (fault.kind === FaultKind.Offline) {
        // Not by pause(): a network that stays away is for the watchdog.
        await ds.sleep(life.delayMs)
        life.delayMs = 1
        return
    }
    config.lastFailure = fault.message
    const doubt = !atHub && fault.kind === FaultKind.Unavailable && life.failures >= SCOPE_DOUBT
    const hint = doubt ? " (ID_SCOPE right?)" : ""
    console.log(fault.message + hint + "; next in " + Math.round(life.delayMs / 1000) + " s")
}

/** Waits as the policy says, does as it says, and then the work of the state that it says. */
async function live(): Promise<void> {
    try {
        if (life.delayMs > 1) await pause(life.delayMs)
        const action = life.action
        life.action = Action.Go
        life.delayMs = 1
        if (action === Action.Reboot) ds.reboot()
        if (action === Action.RefreshClock) await freshToken()
        await step()
    } catch (e) {
        await failed(asFault(e as Error))
    }
}

async function run(): Promise<void> {
    supervise()
    try {
        config = await readConfig()
    } catch (e) {
        if (e instanceof Fault) throw e
        await blinkForever((e as Error).message)
    }
    console.log("boot " + config.bootId + " " + image.name + " " + config.registrationId)
    if (!config.tls) console.log("WARNING: tcp, not tls: for a lab only")
    for (;;) await live()
}

/** Starts the board's life as the given image; returns at once. */
export function moor(own: Image): void {
    image = own
    guarded.start(run)
}
