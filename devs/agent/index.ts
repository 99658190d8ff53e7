// The agent: the state machine that a board runs, and the only place that joins the other folders.
//
//   recall --none--> register --assigned--> moor --Reprovision--> register
//     |                                       ^
//     +--------------- known hub -------------+        a fault in any state: devs/retry/policy.ts decides

import * as ds from "@devicescript/core"
import { forgetTime, nowSec } from "../auth/clock"
import { random } from "../auth/crypto"
import { refreshClock } from "../dps/lookup"
import { register } from "../dps/registration"
import { Fault, FaultKind } from "../fault"
import { Action, decide, Service } from "../retry/policy"
import type { Assignment } from "../store/record"
import { type Config, readConfig } from "./config"
import { blinkForever } from "./light"
import type { Memory } from "./memory"
import { runSession } from "./session"
import { guarded, pause, supervise } from "./supervisor"

const enum State {
    /** Find the assignment that outlived the power cut. */
    Recall,
    /** Ask DPS for an assignment. */
    Register,
    /** Connect to the assigned hub and stay there. */
    Moor,
}

/** After so many CONNACK 3 in a row the ID scope itself is in doubt: DPS says the same for both. */
const SCOPE_DOUBT = 5

let config: Config
let memory: Memory
let state = State.Recall
let assignment: Assignment

let failures = 0
let refusals = 0
let silences = 0
/** When the hub was last reached, while it is out of reach; 0 otherwise. */
let lostSinceMs = 0

/** The hub session has held: what went wrong before is over. */
async function settled(): Promise<void> {
    failures = 0
    refusals = 0
    silences = 0
    lostSinceMs = 0
    await memory.remember(config, assignment)
}

/** Registers, with the time learnt first when it is not known. */
async function registerBoard(): Promise<void> {
    if (!nowSec()) await refreshClock(config)
    console.log("registering")
    const answer = await register(config)
    if (answer.status !== "assigned") throw new Fault(FaultKind.ServerError, "unassigned")
    console.log("assigned " + answer.hub)
    assignment = { hub: answer.hub, deviceId: answer.deviceId, expirySec: nowSec() + config.tokenSec }
    refusals = 0
}

/** Does the work of the present state and returns the next one. Throws Fault. */
async function step(): Promise<State> {
    switch (state) {
        case State.Recall:
            assignment = await memory.recall(config)
            return assignment ? State.Moor : State.Register
        case State.Register:
            await registerBoard()
            return State.Moor
        default:
            console.log("connecting " + assignment.hub)
            await runSession(config, assignment, settled)
            console.log("reprovision asked")
            return State.Register
    }
}

/** Learns the time anew, so that the next token is fresh; a failure here waits like any other. */
async function freshToken(): Promise<void> {
    forgetTime()
    await refreshClock(config)
    if (assignment) assignment.expirySec = nowSec() + config.tokenSec
}

/** Waits as the policy says and sets the state to go on with. */
async function recover(fault: Fault): Promise<void> {
    const atHub = state === State.Moor
    if (atHub && !lostSinceMs) lostSinceMs = ds.millis()
    const tries = { failures, refusals, silences, lostMs: atHub ? ds.millis() - lostSinceMs : 0 }
    const service = atHub ? Service.Hub : Service.Dps
    const verdict = decide(service, fault.kind, tries, fault.retryAfterSec, random())
    failures++
    refusals = fault.kind === FaultKind.Refused ? refusals + 1 : 0
    silences = fault.kind === FaultKind.Timeout ? silences + 1 : 0
    const doubt = failures >= SCOPE_DOUBT && fault.kind === FaultKind.Unavailable && !atHub
    const hint = doubt ? " (ID_SCOPE right?)" : ""
    console.log(fault.message + hint + "; next in " + Math.round(verdict.delayMs / 1000) + " s")
    await pause(verdict.delayMs)
    switch (verdict.action) {
        case Action.RefreshClock:
            await freshToken()
            break
        case Action.Register:
            lostSinceMs = 0
            state = State.Register
            break
        case Action.Reboot:
            ds.reboot()
            break
        default:
            break
    }
}

/** Any error as a Fault: one that nobody foresaw counts as the network's, and is retried like it. */
function asFault(error: Error): Fault {
    return error instanceof Fault ? error : new Fault(FaultKind.Network, "" + error.message)
}

/** One step of the board's life; a fault while recovering is the next fault to recover from. */
async function live(): Promise<void> {
    let fault: Fault
    try {
        state = await step()
        return
    } catch (e) {
        fault = asFault(e as Error)
    }
    while (fault) {
        try {
            if (fault.kind === FaultKind.Offline) await ds.sleep(1000)
            else await recover(fault)
            return
        } catch (e) {
            fault = asFault(e as Error)
        }
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
    console.log("boot " + config.bootId + " " + memory.image + " " + config.registrationId)
    if (!config.tls) console.log("WARNING: tcp, not tls: for a lab only")
    for (;;) await live()
}

/** Starts the board's life with the given memory; returns at once. */
export function moor(image: Memory): void {
    memory = image
    guarded.start(run)
}
