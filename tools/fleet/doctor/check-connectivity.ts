// The way to DPS: name, TCP, TLS, and what time it is there.
import { SYSTEM_ERROR_TEXTS } from "../azure/https.js"
import type { HostAddress, CloudSettings } from "../azure/index.js"
import { certificateOutcome } from "./check-certificate.js"
import type { CheckRunner } from "./check-runner.js"
import { fail, failFromError, type Finding, ok, type CheckOutcome, skip } from "./finding.js"
import type { Probes } from "./probes.js"
import { skewOutcome, clockSkewSec } from "./check-clock.js"

/** DPS by HTTPS and by MQTT over TLS (facts 1.1). */
const HTTPS_PORT = 443
const MQTT_PORT = 8883

/** The name of the check that others need. */
export const HTTPS_TLS = "TLS 443"
const CLOCK = "clock"

const addressText = ({ host, port }: HostAddress) => `${host}:${port}`
/** OpenSSL's message is a line of its source; its reason is for people. */
const reasonOf = (error: unknown) => {
    const { code = "", message, reason } = error as NodeJS.ErrnoException & { reason?: string }
    return SYSTEM_ERROR_TEXTS[code] ?? reason ?? message
}

/** Where a port of DPS is reached; undefined when that is not known. */
function addressOf(
    { deviceHost, connect, connectMqtt }: CloudSettings,
    port: number
): HostAddress | undefined {
    if (connect || connectMqtt) return port === HTTPS_PORT ? connect : connectMqtt
    return { host: deviceHost, port }
}

/** Where MQTT goes, when it is known. */
export const mqttAddress = (settings: CloudSettings) => addressOf(settings, MQTT_PORT)

async function lookUp({ deviceHost, connect }: CloudSettings, probes: Probes): Promise<CheckOutcome> {
    if (connect) return skip(`${deviceHost} is not looked up: HTTPS goes to ${addressText(connect)}`)
    try {
        const addresses = await probes.resolveHost(deviceHost)
        return ok(`${deviceHost} is ${addresses.slice(0, 2).join(", ")}`)
    } catch (error) {
        return fail(
            `${deviceHost}: ${reasonOf(error)}`,
            "Check the name, and that this network has a name server that answers"
        )
    }
}

async function dial(
    settings: CloudSettings,
    port: number,
    probes: Probes,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const at = addressOf(settings, port)
    if (!at)
        return skip(
            "where it is is not said",
            port === MQTT_PORT
                ? "Add connectMqtt: HOST:PORT to the profile, beside connect"
                : "Add connect: HOST:PORT to the profile, beside connectMqtt"
        )
    try {
        await probes.connectTcp(at, signal)
        return ok(`${addressText(at)} is open`)
    } catch (error) {
        if (signal.aborted) throw error
        const cure =
            settings.connect || settings.connectMqtt
                ? "Is the emulator running there? It prints its ports at start"
                : `Let TCP port ${port} out, in the firewall of this network`
        return fail(`${addressText(at)}: ${reasonOf(error)}`, cure)
    }
}

async function secure(
    settings: CloudSettings,
    port: number,
    probes: Probes,
    signal: AbortSignal
): Promise<CheckOutcome> {
    const { deviceHost, ca } = settings
    const at = addressOf(settings, port) as HostAddress
    try {
        const seen = await probes.tlsHandshake(at, deviceHost, ca, signal)
        return certificateOutcome(deviceHost, seen, ca !== undefined, probes.clock.nowMs())
    } catch (error) {
        if (signal.aborted) throw error
        return fail(
            `${addressText(at)}: no TLS: ${reasonOf(error)}`,
            "Check that it is that service's port, and that no proxy stands between"
        )
    }
}

/** Any answer of DPS has a `Date`, a refusal too: boards learn the time that way. */
async function compareClocks(
    settings: CloudSettings,
    probes: Probes,
    signal: AbortSignal,
    learn: (skewSec: number) => void
): Promise<CheckOutcome> {
    const hostName = settings.deviceHost
    const sentMs = probes.clock.nowMs()
    const asked = { hostName, method: "HEAD", path: "/", headers: {} }
    try {
        const { headers } = await probes.sendRequest(settings, asked, signal)
        const skewSec = clockSkewSec(headers.date, sentMs, probes.clock.nowMs())
        if (skewSec === undefined)
            return fail(`${hostName} tells no time`, "Is that DPS? Any answer of it has a Date header")
        learn(skewSec)
        return skewOutcome(skewSec)
    } catch (error) {
        return failFromError(error, signal)
    }
}

/** @param learn told how far this machine's clock is ahead of the service's, s */
export async function* checkConnectivity(
    course: CheckRunner,
    settings: CloudSettings,
    probes: Probes,
    learn: (skewSec: number) => void
): AsyncGenerator<Finding> {
    // An address that stands in for the name makes the name's look-up needless.
    const named = settings.connect ? [] : ["DNS"]
    yield* await course.run({
        name: "DNS",
        timeoutCure: "This network's name server does not answer: check its settings",
        run: () => lookUp(settings, probes),
    })
    for (const port of [HTTPS_PORT, MQTT_PORT]) {
        const tcp = `TCP ${port}`
        yield* await course.run({
            name: tcp,
            needs: named,
            timeoutCure: `A firewall swallows it: let TCP port ${port} out`,
            run: signal => dial(settings, port, probes, signal),
        })
        yield* await course.run({
            name: `TLS ${port}`,
            needs: [tcp],
            run: signal => secure(settings, port, probes, signal),
        })
    }
    yield* await course.run({
        name: CLOCK,
        needs: [HTTPS_TLS],
        run: signal => compareClocks(settings, probes, signal, learn),
    })
}
