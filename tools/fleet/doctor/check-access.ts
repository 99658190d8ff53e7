// Checks the keys of the service APIs and of a device. All calls are read-only.
import { type HubApi, type Services } from "../azure/index.js"
import {
    lookupOutcome,
    lookupRequest,
    scopeProbePacket,
    type ScopeStatus,
    scopeStatusOf,
} from "./check-device.js"
import { type CheckContext, HTTPS_TLS, mqttAddress } from "./check-connectivity.js"
import { chooseIdentity, type Credentials, type DeviceIdentity } from "./device-credentials.js"
import { type CheckOutcome, failFromError, type Finding, ok, skip, warn } from "./finding.js"

type Target = Pick<CheckContext, "settings" | "probes">

interface DeviceTarget extends Target {
    /** Time by the service's clock. Tokens use this time, as the tokens of a board do. */
    nowSec: number
}

/** ID of a device that does not exist. */
const UNKNOWN_DEVICE = "moorage-doctor"

const DPS_ACCESS_CURE = "Use --connection-string @FILE, dps in a profile, or PROVISIONING_CONNECTION_STRING"

/** Opens the services, makes a call and closes the services. */
async function withServices(
    { settings, probes }: Target,
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

/** Reads one page of enrollment groups with one call. */
async function checkDps({ dps }: Services): Promise<CheckOutcome> {
    if (!dps) return skip("no connection string for a DPS instance", DPS_ACCESS_CURE)
    const { value: groups = [] } = (await dps.groups().next()) as { value?: { isEnabled: boolean }[] }
    const disabled = groups.filter(({ isEnabled }) => !isEnabled).length
    const accepted = `${dps.hostName} accepts the key`
    if (groups.length === 0)
        return warn(
            `${accepted}; no enrollment group`,
            "Create an enrollment group, unless each board has an individual enrollment"
        )
    const count = `${groups.length} enrollment group${groups.length === 1 ? "" : "s"}`
    if (disabled === groups.length)
        return warn(`${accepted}; ${count}, all disabled`, "Enable a group, otherwise DPS rejects its boards")
    return ok(`${accepted}; ${count}${disabled ? `, ${disabled} disabled` : ""}`)
}

async function checkHub(hub: HubApi, id: string | undefined): Promise<CheckOutcome> {
    const isKnown = await hub.hasTwin(id ?? UNKNOWN_DEVICE)
    const accepted = `${hub.hostName} accepts the key`
    return ok(id === undefined ? accepted : `${accepted} and ${isKnown ? "knows" : "does not know"} ${id}`)
}

/** Returns whether DPS knows the ID scope, as MQTT shows it. The status lookup does not always show it. */
async function probeScope(
    { idScope, key }: DeviceIdentity,
    { settings, probes, nowSec }: DeviceTarget,
    signal: AbortSignal
): Promise<ScopeStatus> {
    const address = mqttAddress(settings)
    if (!address) return "undetermined"
    const suffix = Buffer.from(probes.random.bytes(4)).toString("hex")
    const registrationId = `${UNKNOWN_DEVICE}-${suffix}`
    const packet = scopeProbePacket({ idScope, registrationId, key }, nowSec)
    const endpoint = { address, serverName: settings.deviceHost, ca: settings.ca }
    try {
        return scopeStatusOf(await probes.connectMqtt(endpoint, packet, signal))
    } catch (error) {
        if (signal.aborted) throw error
        return "undetermined"
    }
}

/** Looks up the registration of a device. */
async function checkDevice(
    credentials: Credentials,
    { settings, probes, nowSec }: DeviceTarget,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const identity = chooseIdentity(credentials)
    if ("missing" in identity) return skip(identity.missing, identity.cure)
    try {
        const request = lookupRequest(identity, settings.deviceHost, nowSec)
        const response = await probes.sendRequest(settings, request, signal)
        const isScopeUndetermined = response.status === 401 || response.status === 404
        const scope = isScopeUndetermined
            ? await probeScope(identity, { settings, probes, nowSec }, signal)
            : "undetermined"
        return lookupOutcome(identity, response, scope)
    } catch (error) {
        return failFromError(error, signal)
    }
}

/**
 * Yields the findings about the keys of DPS, the hubs and a device.
 * @param skewSec how far the clock of this machine is ahead of the service's clock
 */
export async function* checkAccess(
    { runner, ...target }: CheckContext,
    credentials: Credentials,
    skewSec: number
): AsyncGenerator<Finding> {
    const { settings } = target
    // The service APIs have different host names. Only an emulator serves them at the same address as DPS.
    const needs = settings.connect ? [HTTPS_TLS] : []
    yield* await runner.run({
        name: "DPS service",
        needs: settings.dps ? needs : [],
        run: signal => withServices(target, signal, checkDps),
    })
    for (const [i, { hostName }] of settings.hubs.entries())
        yield* await runner.run({
            name: `hub ${hostName.split(".")[0]}`,
            needs,
            run: signal =>
                withServices(target, signal, services => checkHub(services.hubs[i], credentials.id)),
        })
    yield* await runner.run({
        name: "device",
        needs: [HTTPS_TLS],
        run: signal => {
            const nowSec = target.probes.clock.nowMs() / 1000 - skewSec
            return checkDevice(credentials, { ...target, nowSec }, signal)
        },
    })
}
