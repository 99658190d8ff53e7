// Whether the keys work: those of the service APIs, and a device's. Everything is only read.
import type { CloudSettings, HubApi, Services } from "../azure/index.js"
import type { CheckRunner } from "./check-runner.js"
import {
    lookupOutcome,
    lookupRequest,
    scopeStatusOf,
    scopeProbePacket,
    type ScopeStatus,
} from "./check-device.js"
import { failFromError, type Finding, ok, type CheckOutcome, skip, warn } from "./finding.js"
import { type Credentials, type DeviceIdentity, chooseIdentity } from "./device-credentials.js"
import type { Probes } from "./probes.js"
import { HTTPS_TLS, mqttAddress } from "./check-connectivity.js"

/** A device that there is not. */
const STRANGER = "moorage-doctor"

const NO_SERVICE = "--connection-string @FILE, dps in a profile, or PROVISIONING_CONNECTION_STRING"

/** Runs a call with services that are closed after it. */
async function withServices(
    settings: CloudSettings,
    probes: Probes,
    signal: AbortSignal,
    call: (services: Services) => Promise<CheckOutcome>
): Promise<CheckOutcome> {
    const services = probes.openServices(settings, signal)
    try {
        return await call(services)
    } catch (error) {
        return failFromError(error, signal)
    } finally {
        services.close()
    }
}

/** One page of enrollment groups: one call. */
async function askDps({ dps }: Services): Promise<CheckOutcome> {
    if (!dps) return skip("no access to the service API of a DPS is given", NO_SERVICE)
    const { value: groups = [] } = (await dps.groups().next()) as { value?: { isEnabled: boolean }[] }
    const disabled = groups.filter(({ isEnabled }) => !isEnabled).length
    const accepted = `${dps.hostName} takes the key`
    if (groups.length === 0)
        return warn(
            `${accepted}; it has no enrollment group`,
            "Make one, unless each board is enrolled by itself"
        )
    const count = `${groups.length} enrollment group${groups.length === 1 ? "" : "s"}`
    if (disabled === groups.length)
        return warn(`${accepted}; ${count}, all disabled`, "Enable one, or its boards are turned away")
    return ok(`${accepted}; ${count}${disabled ? `, ${disabled} disabled` : ""}`)
}

async function askHub(hub: HubApi, id: string | undefined): Promise<CheckOutcome> {
    const isKnown = await hub.hasTwin(id ?? STRANGER)
    const accepted = `${hub.hostName} takes the key`
    return ok(id === undefined ? accepted : `${accepted}; it ${isKnown ? "knows" : "does not know"} ${id}`)
}

/** Whether DPS knows the scope: asked only when the lookup leaves it open. */
async function askScope(
    { idScope, key }: DeviceIdentity,
    settings: CloudSettings,
    probes: Probes,
    nowSec: number,
    signal: AbortSignal
): Promise<ScopeStatus> {
    const at = mqttAddress(settings)
    if (!at) return "notTold"
    const suffix = Buffer.from(probes.random.bytes(4)).toString("hex")
    const packet = scopeProbePacket(idScope, `${STRANGER}-${suffix}`, key, nowSec)
    try {
        return scopeStatusOf(await probes.connectMqtt(at, settings.deviceHost, settings.ca, packet, signal))
    } catch (error) {
        if (signal.aborted) throw error
        return "notTold"
    }
}

/** @param skewSec how far this machine's clock is ahead: the token is made by the service's, as a board does */
async function askDevice(
    credentials: Credentials,
    settings: CloudSettings,
    probes: Probes,
    skewSec: number,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const identity = chooseIdentity(credentials)
    if ("missing" in identity) return skip(identity.missing, identity.cure)
    const nowSec = probes.clock.nowMs() / 1000 - skewSec
    try {
        const request = lookupRequest(identity, settings.deviceHost, nowSec)
        const answer = await probes.sendRequest(settings, request, signal)
        const isOpen = answer.status === 401 || answer.status === 404
        const scope = isOpen ? await askScope(identity, settings, probes, nowSec, signal) : "notTold"
        return lookupOutcome(identity, answer, scope)
    } catch (error) {
        return failFromError(error, signal)
    }
}

export async function* checkAccess(
    course: CheckRunner,
    settings: CloudSettings,
    credentials: Credentials,
    probes: Probes,
    skewSec: number
): AsyncGenerator<Finding> {
    // The service APIs have names of their own: only an emulator has them behind the same address as the devices' DPS.
    const needs = settings.connect ? [HTTPS_TLS] : []
    yield* await course.run({
        name: "DPS service",
        needs: settings.dps ? needs : [],
        run: signal => withServices(settings, probes, signal, askDps),
    })
    for (const [i, { hostName }] of settings.hubs.entries())
        yield* await course.run({
            name: `hub ${hostName.split(".")[0]}`,
            needs,
            run: signal =>
                withServices(settings, probes, signal, services => askHub(services.hubs[i], credentials.id)),
        })
    yield* await course.run({
        name: "device",
        needs: [HTTPS_TLS],
        run: signal => askDevice(credentials, settings, probes, skewSec, signal),
    })
}
